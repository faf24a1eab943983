/* leader.c - the first thread ends, another one lives on until `go` is set; then exits with 3. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

volatile int go, rounds;

__attribute__((noinline)) void
alone(void)
{
    rounds++;
}

static void *
live_on(void *nothing)
{
    while (!go) {
        usleep(1000);
        alone();
    }
    exit(3);
    return nothing;
}

int
main(int argc, char **argv)
{
    pthread_t thread;

    (void)argv;
    pthread_create(&thread, NULL, live_on, NULL);
    if (argc > 1) {
        usleep(20000);
        if (write(STDOUT_FILENO, "+", 1) != 1)
            return 2;
    }
    pthread_exit(NULL);
}
