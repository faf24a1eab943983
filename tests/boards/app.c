/* app.c - what a debugger loads into a board's flash; the firmware calls its beginning. */
#include <stddef.h>
#include <stdint.h>

/* More than one packet in the first block, and something in another: more than one erase. */
#define FIVE(n)  n, n + 1, n + 2, n + 3, n + 4
#define TEN(n)   FIVE(n), FIVE(n + 5)
#define SIXTY(n) TEN(n), TEN(n + 10), TEN(n + 20), TEN(n + 30), TEN(n + 40), TEN(n + 50)
static const uint32_t weights[] = { SIXTY(0),   SIXTY(100), SIXTY(200),
                                    SIXTY(300), SIXTY(400), SIXTY(500) };
__attribute__((section(".second"))) const volatile uint64_t app_second[] = { 1, 1000 };

uint64_t app_entry(uint64_t value);

__attribute__((noinline)) static uint64_t
weigh(size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    return sum;
}

__attribute__((section(".text.entry"))) uint64_t
app_entry(uint64_t value)
{
    return weigh(value % (sizeof(weights) / sizeof(weights[0]))) + app_second[1];
}
