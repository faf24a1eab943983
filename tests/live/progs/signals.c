/* signals.c - raises SIGUSR1 and SIGUSR2; "storm": a timer's SIGALRM every millisecond beside a
 * loop; "crowd": the same beside 100 threads that sleep, which it says; "fault": touches address
 * 0; "trap": an int3 of its own; "wait": says so and waits. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

volatile int usr1, usr2, alarms, worked, works, conts;
int *volatile nowhere;

__attribute__((noinline)) void
on_signal(int signal)
{
    usr1 += signal == SIGUSR1;
    usr2 += signal == SIGUSR2;
    alarms += signal == SIGALRM;
    conts += signal == SIGCONT;
}

__attribute__((noinline)) void
work(void)
{
    int i;

    for (i = 0; i < 1000; i++)
        worked += i & 1; /* one line: a range to step */
    worked = 0;
}

static void *
sleep_on(void *nothing)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;)
        pause();
    return nothing;
}

static void
gather(void)
{
    pthread_t thread;

    for (int i = 0; i < 100; i++)
        pthread_create(&thread, NULL, sleep_on, NULL);
    if (write(STDOUT_FILENO, "+", 1) != 1)
        _exit(2);
}

static void
storm(void)
{
    struct itimerval every = { { 0, 1000 }, { 0, 1000 } };

    setitimer(ITIMER_REAL, &every, NULL);
    for (;;) {
        works++;
        work();
    }
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    signal(SIGALRM, on_signal);
    signal(SIGCONT, on_signal);
    if (strcmp(what, "crowd") == 0)
        gather();
    if (strcmp(what, "storm") == 0 || strcmp(what, "crowd") == 0)
        storm();
    if (strcmp(what, "fault") == 0)
        *nowhere = 1;
    if (strcmp(what, "trap") == 0)
        __asm__ volatile("int3");
    if (strcmp(what, "wait") == 0 && write(STDOUT_FILENO, "+", 1) == 1)
        while (usr1 == 0)
            usleep(1000);
    raise(SIGUSR1);
    raise(SIGUSR2);
    return usr1 * 10 + usr2;
}
