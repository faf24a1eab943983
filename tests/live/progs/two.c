/* two.c - two threads: the first calls tick() for ever, the second tock(). With "ends" a third
 * thread is born and ends with each tock; another argument makes it say so when both are there. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

volatile unsigned long ticks, tocks;
volatile int ends;

__attribute__((noinline)) void
tick(void)
{
    ticks++;
}

__attribute__((noinline)) void
tock(void)
{
    tocks++;
}

static void *
nothing(void *argument)
{
    return argument;
}

static void *
second(void *argument)
{
    pthread_t third;

    for (;;) {
        tock();
        if (ends && pthread_create(&third, NULL, nothing, NULL) == 0)
            pthread_join(third, NULL);
        usleep(1000);
    }
    return argument;
}

int
main(int argc, char **argv)
{
    pthread_t thread;

    ends = argc > 1 && strcmp(argv[1], "ends") == 0;
    pthread_create(&thread, NULL, second, NULL);
    if (argc > 1 && !ends && write(STDOUT_FILENO, "+", 1) != 1)
        return 2;
    for (;;) {
        tick();
        usleep(1000);
    }
}
