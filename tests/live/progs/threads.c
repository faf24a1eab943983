/* threads.c - as many threads as the argument says call hit() ROUNDS times each. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 64, ROUNDS = 10 };

volatile unsigned long hits[MOST];
volatile unsigned long total;
static pthread_barrier_t start;

__attribute__((noinline)) void
hit(unsigned long number)
{
    hits[number]++;
}

__attribute__((noinline)) void
all_done(void)
{
    for (int i = 0; i < MOST; i++)
        total += hits[i];
}

static void *
work(void *number)
{
    pthread_barrier_wait(&start);
    for (int i = 0; i < ROUNDS; i++)
        hit((unsigned long)number);
    return NULL;
}

int
main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 4;
    pthread_t threads[MOST];

    pthread_barrier_init(&start, NULL, n);
    for (unsigned long i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    all_done();
    return total == (unsigned long)n * ROUNDS ? 0 : 1;
}
