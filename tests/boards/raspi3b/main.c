/* main.c - a Raspberry Pi 3 with the stub inside: its PL011, Ctrl-C by the UART's interrupt, the
 * memory map, a clock, reset, and memory for lldb's calls. A whole port, to be copied. */
#include "stub/board/board.h"

enum { PERIPHERALS = 0x3f000000, CORES = 0x40000000 };
enum { UART = PERIPHERALS + 0x201000, INTERRUPTS_2 = PERIPHERALS + 0xb214 };
enum { POWER_RESET = PERIPHERALS + 0x10001c, WATCHDOG = PERIPHERALS + 0x100024 };

static volatile uint32_t *
device(uint64_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

/* ---- the line: 115,200 baud of a 48 MHz clock ---- */

enum { DATA = 0x00, FLAGS = 0x18, DIVISOR = 0x24, FRACTION = 0x28, LINE = 0x2c };
enum { CONTROL = 0x30, MASK = 0x38, CLEAR = 0x44 };
enum { EMPTY = 1 << 4, FULL = 1 << 5, RECEIVED = 1 << 4 | 1 << 6 };

static void
uart_start(void)
{
    *device(UART + CONTROL) = 0;
    *device(UART + DIVISOR) = 26;
    *device(UART + FRACTION) = 3;
    *device(UART + LINE) = 0x70; /* 8 bits, with FIFOs */
    *device(UART + CLEAR) = 0x7ff;
    *device(UART + CONTROL) = 0x301;
    *device(UART + MASK) = RECEIVED;
    *device(INTERRUPTS_2) = 1 << 25; /* number 57 */
}

static int
get(void *context)
{
    (void)context;
    return (*device(UART + FLAGS) & EMPTY) != 0 ? -1 : (int)(*device(UART + DATA) & 0xff);
}

static void
put(void *context, uint8_t byte)
{
    (void)context;
    while ((*device(UART + FLAGS) & FULL) != 0)
        continue;
    *device(UART + DATA) = byte;
}

volatile unsigned interrupts;
void uart_interrupt(void);

void
uart_interrupt(void)
{
    interrupts++;
    *device(UART + CLEAR) = RECEIVED;
}

/* ---- what else the stub is told ---- */

enum { RW = STUB_READ | STUB_WRITE, RWX = STUB_READ | STUB_WRITE | STUB_EXECUTE };
static const struct stub_region regions[] = {
    { 0, 0x3b400000, true, RWX, STUB_RAM, 0, "ram" }, /* the rest is the graphics processor's */
    { PERIPHERALS, 0x1000000, true, RW, STUB_DEVICE, 0, "peripherals" },
    { CORES, 0x1000, true, RW, STUB_DEVICE, 0, "cores" },
};

static uint64_t
now_ms(void *context)
{
    uint64_t count, frequency;

    (void)context;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(count));
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return count / (frequency / 1000);
}

static void
reset(void *context)
{
    (void)context;
    *device(WATCHDOG) = 0x5a000001;
    *device(POWER_RESET) = 0x5a000020;
    for (;;)
        continue;
}

static const struct stub_command commands[] = {
    { "bt", "[TASK [FRAME]] a stack", stub_board_backtrace },
    { "reset", "restarts the board", stub_board_reset },
    { NULL, NULL, NULL },
};

static _Alignas(16) uint8_t memory[2 << 20];
static struct stub_board_scratch scratch = { .lend = stub_board_lend,
                                             .memory = memory,
                                             .size = sizeof(memory) };

/* ---- the firmware ---- */

volatile unsigned long laps;
int main(void);

__attribute__((noinline)) unsigned long
triple(unsigned long n)
{
    return n * 3;
}

__attribute__((noinline)) static void
lap(void)
{
    laps = triple(laps) - 2 * laps + 1;
}

int
main(void)
{
    static struct stub_board board;
    enum { STACK = STUB_BOARD_STACK_FOR_WALKS };
    static _Alignas(16) uint8_t room[STACK + STUB_BOARD_ROOM - STUB_BOARD_STACK];
    static const struct stub_board_config config = {
        .size = sizeof(config),
        .packets = stub_lending_packets,
        .get = get,
        .put = put,
        .room = room,
        .room_size = sizeof(room),
        .stack_size = STACK,
        .flags = STUB_BOARD_WAIT,
        .interrupt = 1,
        .regions = regions,
        .region_count = sizeof(regions) / sizeof(regions[0]),
        .commands = commands,
        .reset = reset,
        .now_ms = now_ms,
        .scratch = &scratch,
    };

    uart_start();
    stub_board_start(&board, &config);
    __asm__ volatile("msr daifclr, #2" : : : "memory");
    for (;;)
        lap();
}
