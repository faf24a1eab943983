/* watch.c - writes, reads and leaves alone its variables, one after the other. */
#include <stdint.h>

union {
    uint64_t word;
    uint8_t bytes[16];
} data;
volatile uint64_t sink, other;
volatile uint8_t table[64];

__attribute__((noinline)) void
write_byte(void)
{
    *(volatile uint8_t *)&data.bytes[3] = 1;
    other++;
}

__attribute__((noinline)) void
write_short(void)
{
    *(volatile uint16_t *)&data.bytes[6] = 0x1234;
    other++;
}

__attribute__((noinline)) void
write_word(void)
{
    *(volatile uint64_t *)&data.bytes[8] = 0x123456789abcdef0;
    other++;
}

__attribute__((noinline)) void
read_word(void)
{
    sink = *(volatile uint64_t *)&data.bytes[8];
    other++;
}

int
main(void)
{
    write_byte();
    write_short();
    write_word();
    read_word();
    for (int i = 0; i < 64; i++)
        table[i] = (uint8_t)(i + 1);
    return 0;
}
