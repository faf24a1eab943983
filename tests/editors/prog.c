/* prog.c - what an editor debugs: a loop with a call to step into. */
#include <stdio.h>
#include <unistd.h>

static int
add(int a, int b)
{
    int sum = a + b;
    return sum; /* break here */
}

int
main(void)
{
    int total = 0;

    for (int i = 1; i <= 3; i++)
        total = add(total, i);
    printf("total %d\n", total);
    return 0;
}
