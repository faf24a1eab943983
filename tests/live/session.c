/* session.c - the program that the scripted gdb and lldb sessions debug: five threads, recursion,
 * locals of many types, a watched global, signals, a mapping with a hole behind it, a long wait.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORKERS = 4, LIFETIME_SECONDS = 180 };

enum colour { RED, GREEN = 5, BLUE };

struct point {
    int x, y;
};

struct record {
    char name[16];
    struct point at;
    double ratio;
    unsigned low : 3, high : 5;
    struct record *next;
};

int watched = 10;
unsigned char *edge = (unsigned char *)0x20000ff0; /* 16 readable bytes 0..15, then nothing */
unsigned char *hole = (unsigned char *)0x20001000; /* the first address that cannot be read */
volatile sig_atomic_t handled;
volatile int released;
volatile unsigned long spins;
struct record first = { "first", { 3, -4 }, 0.25, 5, 17, NULL };

static sem_t parked, gate;

int
add(int a, int b)
{
    return a + b;
}

static void
on_signal(int signal)
{
    handled += signal == SIGUSR1 ? 1 : 100;
}

static void
map_edge(void)
{
    unsigned char *end = mmap(hole - 4096, 4096, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) +
                         4096;
    unsigned char i;

    if (end != hole) {
        perror("session: mmap");
        exit(2);
    }
    for (i = 0; i < 16; i++)
        edge[i] = i;
}

/* Each worker waits `depth` frames deep, so that every backtrace is another one. */
static void
park(int depth)
{
    if (depth > 1) {
        park(depth - 1);
        return;
    }
    sem_post(&parked);
    while (sem_wait(&gate) != 0)
        continue;
}

static void *
worker(void *argument)
{
    int number = *(int *)argument;
    double share = number * 1.5;

    park(number);
    return share > 0 ? argument : NULL;
}

static int
factorial(int n)
{
    int rest;

    if (n <= 1)
        return 1;
    rest = factorial(n - 1);
    return n * rest;
}

static int
many_types(int argument)
{
    char letter = 'Q';
    signed char small = -100;
    short tiny = -12345;
    unsigned word = 4000000000u;
    long long big = -1234567890123456789LL;
    uint64_t all = UINT64_MAX;
    float single = 1.5f;
    double exact = -2.125;
    long double wide = 0.5L;
    const char *text = "hello, debugger";
    int table[5] = { 1, 1, 2, 3, 5 };
    enum colour colour = GREEN;
    struct point place = { argument, argument * 2 };
    struct record second = { "second", { 7, 8 }, 1e10, 1, 2, &first };
    int (*function)(int, int) = add;

    return letter + small + tiny + (int)word + (int)big + (int)all + (int)single + (int)exact +
           (int)wide + (int)text[0] + table[4] + (int)colour + place.x + (int)second.low +
           function(1, 2);
}

static void
change_watched(void)
{
    int before = watched;

    watched = before + 1;
    watched = 42;
    watched += 8;
}

static void
signals(void)
{
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    raise(SIGUSR1); /* the debugger passes it on */
    raise(SIGUSR1); /* the debugger swallows it */
}

static void
wait_long(void)
{
    while (!released) {
        spins++;
        usleep(10000);
    }
}

static void
echo(int argc, char **argv)
{
    const char *word = getenv("SESSION_WORD");
    char directory[4096];
    int i;

    printf("pid %d\n", (int)getpid());
    for (i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    printf("SESSION_WORD: %s\n", word ? word : "(none)");
    printf("directory: %s\n", getcwd(directory, sizeof(directory)) ? directory : "(none)");
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static int numbers[WORKERS] = { 1, 2, 3, 4 };
    pthread_t threads[WORKERS];
    int i, product, sum;

    alarm(LIFETIME_SECONDS);
    echo(argc, argv);
    map_edge();
    sem_init(&parked, 0, 0);
    sem_init(&gate, 0, 0);
    for (i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, worker, &numbers[i]);
    for (i = 0; i < WORKERS; i++)
        sem_wait(&parked);

    sum = many_types(21);
    product = factorial(5);
    printf("product %d, sum %d\n", product, sum);
    change_watched();
    signals();
    wait_long();

    for (i = 0; i < WORKERS; i++)
        sem_post(&gate);
    for (i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    return handled;
}
