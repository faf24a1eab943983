/* spins.c - spins MS PROGRAM ARGUMENT...: a wrapper that computes for a while, then goes on. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
main(int argc, char **argv)
{
    long end = argc > 2 ? now_ms() + atol(argv[1]) : 0;

    while (now_ms() < end)
        continue;
    if (argc > 2)
        execvp(argv[2], argv + 2);
    return 1;
}
