/* line_prog.c - what is debugged over a line that loses bytes: ten frames deep, something to step
 * through, 4 KB whose every byte is known. */
#include <stdint.h>

uint8_t dump[4096];
volatile unsigned sum;

static void
fill(void)
{
    uint32_t x = 1;

    for (unsigned i = 0; i < sizeof(dump); i++) {
        x = x * 1664525u + 1013904223u;
        dump[i] = (uint8_t)(x >> 24);
    }
}

static unsigned
deepest(unsigned n)
{
    sum += n;
    return n + 1;
}

static unsigned
descend(unsigned n)
{
    unsigned below = n == 0 ? deepest(100) : descend(n - 1);

    return below + n;
}

static unsigned
walk(unsigned n)
{
    unsigned total = 0;

    for (unsigned i = 0; i < n; i++) {
        total += i;
        total ^= 3;
        sum = total;
    }
    return total;
}

int
main(void)
{
    fill();
    sum = descend(7);
    sum += walk(20);
    return 0;
}
