/* pads.c - nine threads do instructions that a server cannot do itself beside other threads, each
 * with a label for a breakpoint, and check what came of them. Ends with 0 when all was right. With
 * "signals" the first thread signals the others and forks meanwhile; with "ready" it says so first
 * and the others go on for long. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 400 };

uint64_t total, one = 1, wrong;
volatile uint64_t handled, finished;
uint64_t rounds = ROUNDS;
void *function, *target;
extern char pad_called[], pad_target[];

/* Its sum depends on every instruction in it. */
static uint64_t
work(uint64_t *own)
{
    uint64_t sum = 5;

    __asm__ volatile(".globl pad_lock, pad_load, pad_store, pad_sse, pad_shift, pad_push\n"
                     ".globl pad_call, pad_called, pad_jump, pad_target, pad_high\n"
                     "pad_lock: lock incq total(%%rip)\n"
                     "pad_load: addq one(%%rip), %0\n"
                     "pad_store: movq %0, (%1)\n"
                     "movq %0, %%xmm0\n"
                     "pad_sse: paddq %%xmm0, %%xmm0\n"
                     "movq %%xmm0, %0\n"
                     "pad_shift: shlq $3, %0\n"
                     "subq $128, %%rsp\n"
                     "pad_push: pushq one(%%rip)\n"
                     "popq %%rdx\n"
                     "pad_high: imulq one(%%rip), %%rdx\n"
                     "addq %%rdx, %0\n"
                     "pad_call: callq *function(%%rip)\n"
                     "addq $128, %%rsp\n"
                     "pad_jump: jmpq *target(%%rip)\n"
                     "ud2\n"
                     "pad_called: addq $2, %0\n"
                     "ret\n"
                     "pad_target: addq (%1), %0\n"
                     : "+r"(sum)
                     : "r"(own)
                     : "rdx", "xmm0", "cc", "memory");
    return sum;
}

static void *
run(void *argument)
{
    uint64_t own = 0;

    for (uint64_t i = 0; i < rounds; i++)
        if (work(&own) != 6 * 2 * 8 + 1 + 2 + 6 || own != 6)
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELAXED);
    return argument;
}

static void
on_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}

static void
disturb(pthread_t *threads)
{
    int status;

    for (unsigned i = 0; finished < THREADS; i++) {
        if (i % 64 == 0) {
            pid_t child = fork();
            if (child == 0)
                _exit(7);
            if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
                WEXITSTATUS(status) != 7)
                wrong++;
        }
        pthread_kill(threads[i % THREADS], SIGUSR1);
        usleep(100);
    }
}

int
main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    function = pad_called;
    target = pad_target;
    signal(SIGUSR1, on_signal);
    if (argc > 1 && strcmp(argv[1], "ready") == 0) {
        rounds = 50 * ROUNDS;
        if (write(STDOUT_FILENO, "+", 1) != 1)
            return 2;
        usleep(200000); /* to be attached to */
    }
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            return 3;
    if (argc > 1 && strcmp(argv[1], "signals") == 0)
        disturb(threads);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return wrong == 0 && total == THREADS * rounds ? 0 : 1;
}
