/* prog.c - what `make bench` debugs: 64 MB that a reader can check, and a loop to stop and step
 * in. Writes where its parts are to the file named by its argument, then raises SIGUSR1, so that
 * every server stops at the same place whatever it does at the start.
 *
 *     prog FILE [THREADS [awake]]
 *     prog --words N
 *
 * With THREADS it is one to attach to: so many threads in all, the others asleep, no signal. With
 * `awake` the others wake up and fall asleep all the time, and the signal is raised.
 * --words prints the first N words of the buffer, for who compares. */
#define _GNU_SOURCE 1
#include "tests/bench/prog.h"

#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* loop_ARCH.S */
extern uint64_t prog_hits, prog_laps;
extern const char prog_hot[], prog_lap_count[], prog_lap[], prog_lap_end[];
_Noreturn void prog_loop(void);

static uint64_t buffer[PROG_BUFFER / sizeof(uint64_t)];
static _Alignas(4096) uint8_t scratch[PROG_SCRATCH]; /* for who writes */

static void
tell_places(const char *path)
{
    FILE *f = fopen(path, "w");

    if (!f)
        err(1, "%s", path);
    fprintf(f, "%d %" PRIxPTR " %" PRIxPTR " %" PRIxPTR " %" PRIxPTR " %" PRIxPTR, (int)getpid(),
            (uintptr_t)buffer, (uintptr_t)&prog_hits, (uintptr_t)&prog_laps, (uintptr_t)prog_hot,
            (uintptr_t)prog_lap_count);
    fprintf(f, " %" PRIxPTR " %" PRIxPTR " %" PRIxPTR "\n", (uintptr_t)prog_lap,
            (uintptr_t)prog_lap_end, (uintptr_t)scratch);
    if (fclose(f))
        err(1, "%s", path);
}

static pthread_barrier_t ready;

static void *
sleep_for_ever(void *nothing)
{
    pthread_barrier_wait(&ready);
    for (;;)
        pause();
    return nothing;
}

static void *
wake_and_sleep(void *nothing)
{
    pthread_barrier_wait(&ready);
    for (;;)
        nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
    return nothing;
}

static void
start_threads(unsigned n, void *(*run)(void *nothing))
{
    pthread_attr_t small;
    pthread_t thread;

    pthread_barrier_init(&ready, NULL, n + 1);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&thread, &small, run, NULL) != 0)
            errx(1, "only %u threads are to be had", i);
    pthread_barrier_wait(&ready);
}

static int
print_words(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t word = prog_word(i);

        fwrite(&word, sizeof(word), 1, stdout);
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}

int
main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 0;
    bool awake = argc > 3;

    if (argc == 3 && strcmp(argv[1], "--words") == 0)
        return print_words((uint64_t)threads);
    if (argc < 2 || threads < 0)
        errx(1, "usage: prog FILE [THREADS [awake]]");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < PROG_BUFFER / sizeof(uint64_t); i++)
        buffer[i] = prog_word(i);
    if (threads > 1)
        start_threads((unsigned)threads - 1, awake ? wake_and_sleep : sleep_for_ever);
    memset(scratch, 1, sizeof(scratch));
    tell_places(argv[1]);
    if (threads == 0 || awake)
        raise(SIGUSR1);
    prog_loop();
}
