/* line.c - firmware for `make bench-line`: tests/bench/line_prog.c on a board, with the stub at
 * its UART and no tasks, so that every session is like the one before. */
#include "tests/boards/kernel.h"

#define main line_main
#include "tests/bench/line_prog.c"

void *
memcpy(void *to, const void *from, size_t n)
{
    uint8_t *t = to;

    for (const uint8_t *f = from; n > 0; n--)
        *t++ = *f++;
    return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if (t <= f)
        return memcpy(to, from, n);
    while (n-- > 0)
        t[n] = f[n];
    return to;
}

void *
memset(void *to, int byte, size_t n)
{
    for (uint8_t *t = to; n > 0; n--)
        *t++ = (uint8_t)byte;
    return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n > 0 && *p == *q; n--)
        p++, q++;
    return n > 0 ? *p - *q : 0;
}

void
kernel_tick(void)
{
}

void
demo_start(void)
{
    static struct stub_board board;
    static _Alignas(16) uint8_t room[STUB_BOARD_ROOM];
    static struct stub_board_config config;

    config = (struct stub_board_config){
        .size = sizeof(config),
        .packets = stub_embedded_packets,
        .get = uart_get,
        .put = uart_put,
        .room = room,
        .room_size = sizeof(room),
        .flags = STUB_BOARD_WAIT,
        .interrupt = machine_uart_interrupt,
        .regions = machine_regions,
        .region_count = machine_region_count,
        .now_ms = machine_ms,
    };
    machine_start();
    stub_board_start(&board, &config);
    for (;;)
        line_main();
}
