/* smallest.c - the smallest whole firmware with the stub inside, for QEMU's `virt` (AArch64): a
 * UART's two functions, some memory, one call. stub/board/PORTING.md explains it line by line. */
#include "stub/board/board.h"

/* The UART: a PL011, which QEMU has enabled. */
static volatile uint32_t *const uart = (volatile uint32_t *)0x09000000;
enum { DATA = 0x00 / 4, FLAGS = 0x18 / 4, EMPTY = 1 << 4, FULL = 1 << 5 };

static int
get(void *context)
{
    (void)context;
    return (uart[FLAGS] & EMPTY) != 0 ? -1 : (int)(uart[DATA] & 0xff);
}

static void
put(void *context, uint8_t byte)
{
    (void)context;
    while ((uart[FLAGS] & FULL) != 0)
        continue;
    uart[DATA] = byte;
}

volatile uint64_t laps;
int main(void);

int
main(void)
{
    static struct stub_board board;
    static _Alignas(16) uint8_t room[STUB_BOARD_ROOM];
    static const struct stub_board_config config = {
        .size = sizeof(config),
        .packets = stub_embedded_packets,
        .get = get,
        .put = put,
        .room = room,
        .room_size = sizeof(room),
        .flags = STUB_BOARD_WAIT,
    };

    stub_board_start(&board, &config);
    for (;;) {
        laps++;
        stub_board_poll(); /* sees Ctrl-C, since no interrupt does */
    }
}
