/* loop.c - calls tick() for ever, or until `go_on` is cleared. With an argument it says so
 * first. */
#include <unistd.h>

volatile unsigned long counter;
volatile int go_on = 1;

__attribute__((noinline)) void
tick(void)
{
    counter++;
}

int
main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1 && write(STDOUT_FILENO, "+", 1) != 1)
        return 2;
    while (go_on)
        tick();
    return 4;
}
