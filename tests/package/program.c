/* program.c - what is debugged in a root that holds nothing else: one more thread, a function, a
 * variable. `program N` ends with 2N; `program wait` waits. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile int counter;

static int
twice(int x)
{
    counter++;
    return 2 * x;
}

static void *
linger(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

int
main(int argc, char **argv)
{
    pthread_t other;
    int result;

    if (pthread_create(&other, NULL, linger, NULL) != 0)
        return 100;
    if (argc > 1 && strcmp(argv[1], "wait") == 0)
        linger(NULL);
    result = twice(argc > 1 ? atoi(argv[1]) : 0);
    return result;
}
