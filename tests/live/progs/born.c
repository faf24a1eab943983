/* born.c - threads are born and die all the time; one waits for ever. Says so first. */
#include <pthread.h>
#include <unistd.h>

volatile unsigned long born;

__attribute__((noinline)) void
brief(void)
{
    born++;
}

static void *
live_briefly(void *nothing)
{
    brief();
    return nothing;
}

static void *
wait_for_ever(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

int
main(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_ever, NULL);
    if (write(STDOUT_FILENO, "+", 1) != 1)
        return 2;
    for (;;) {
        pthread_create(&thread, NULL, live_briefly, NULL);
        pthread_join(thread, NULL);
    }
}
