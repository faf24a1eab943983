/* hot.c - three threads call hit() for ever, at different paces. Says so first. */
#include <pthread.h>
#include <unistd.h>

volatile unsigned long total;

__attribute__((noinline)) void
hit(void)
{
    total++;
}

static void *
work(void *pace)
{
    for (;;) {
        for (volatile long i = (long)pace; i > 0; i--)
            continue;
        hit();
    }
    return NULL;
}

int
main(void)
{
    pthread_t thread;

    for (long i = 1; i < 4; i++)
        pthread_create(&thread, NULL, work, (void *)(i * 70));
    if (write(STDOUT_FILENO, "+", 1) != 1)
        return 2;
    for (;;)
        pause();
}
