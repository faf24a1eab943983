/* machine.c - a PC: its map, COM1 (16550), interrupts (8259) and timer (8254). */
#include "arch/unwind/unwind.h"
#include "tests/boards/x86_64/machine.h"

volatile uint64_t supervisor_calls;

void
out(uint16_t port, uint8_t byte)
{
    __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

uint8_t
in(uint16_t port)
{
    uint8_t byte;

    __asm__ volatile("inb %1, %0" : "=a"(byte) : "Nd"(port));
    return byte;
}

/* ---- memory: as start.S maps it ---- */

enum {
    MEGABYTE = 0x100000,
    ROM = 8 * MEGABYTE,
    ROM_SIZE = 2 * MEGABYTE,
    FLASH = 16 * MEGABYTE,
    FLASH_SIZE = 2 * MEGABYTE,
    FLASH_BLOCK = 0x1000,
    RAM_END = 128 * MEGABYTE
};

const struct stub_region machine_regions[] = {
    { 0, 0xa0000, true, RWX, STUB_RAM, 0, "low ram" },
    { 0xa0000, 0x20000, true, RW, STUB_DEVICE, 0, "vga" },
    { MEGABYTE, ROM - MEGABYTE, true, RWX, STUB_RAM, 0, "ram" },
    { ROM, ROM_SIZE, true, RX, STUB_ROM, 0, "rom" },
    { ROM + ROM_SIZE, FLASH - (ROM + ROM_SIZE), true, RWX, STUB_RAM, 0, "ram" },
    { FLASH, FLASH_SIZE, true, RX, STUB_FLASH, FLASH_BLOCK, "flash" },
    { FLASH + FLASH_SIZE, RAM_END - (FLASH + FLASH_SIZE), true, RWX, STUB_RAM, 0, "ram" },
};
const unsigned machine_region_count = sizeof(machine_regions) / sizeof(machine_regions[0]);

/* ---- UART ---- */

enum { UART = 0x3f8, UART_ENABLE, UART_FIFO, UART_LINE, UART_MODEM, UART_STATUS };
enum { RECEIVED = 1 << 0, ROOM = 1 << 5 };

int
uart_get(void *context)
{
    (void)context;
    return (in(UART_STATUS)&RECEIVED) != 0 ? in(UART) : -1;
}

void
uart_put(void *context, uint8_t byte)
{
    (void)context;
    while ((in(UART_STATUS)&ROOM) == 0)
        continue;
    out(UART, byte);
}

/* ---- timer and interrupts ---- */

enum { MASTER = 0x20, SLAVE = 0xa0, END_OF_INTERRUPT = 0x20, FIRST_VECTOR = 32 };
enum { TIMER = 0x40, TIMER_2 = 0x42, TIMER_MODE = 0x43, SPEAKER = 0x61, TIMER_HZ = 1193182 };
enum { HZ = 100, UART_INTERRUPT = 4, SUPERVISOR = 0x80, GATES = 0x81 };
const unsigned machine_uart_interrupt = FIRST_VECTOR + UART_INTERRUPT;

static uint64_t cycles_a_ms;

static uint64_t
cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The time stamp counter against ten milliseconds of the timer's third channel. */
static void
measure_cycles(void)
{
    enum { GATE = 1, EXPIRED = 1 << 5, MS = 10 };
    uint16_t count = TIMER_HZ / 1000 * MS;
    uint64_t begin;

    out(SPEAKER, GATE);
    out(TIMER_MODE, 0xb0); /* channel 2, low and high byte, one shot */
    out(TIMER_2, (uint8_t)count);
    out(TIMER_2, (uint8_t)(count >> 8));
    begin = cycles();
    while ((in(SPEAKER)&EXPIRED) == 0)
        continue;
    cycles_a_ms = (cycles() - begin) / MS;
}

uint64_t
machine_ms(void *context)
{
    (void)context;
    return cycles() / cycles_a_ms;
}

/* ---- flash: RAM that start.S maps read-only, and that behaves like a chip ---- */

enum { ERASE_MS = 100 };
const uint64_t machine_flash_start = FLASH;

/* Bits can only be cleared; with the CPU's write protection off for it. */
static void
program(uint64_t address, const uint8_t *bytes, size_t size, uint8_t erased)
{
    volatile uint8_t *to = (volatile uint8_t *)(uintptr_t)address;
    uint64_t control;

    __asm__ volatile("mov %%cr0, %0" : "=r"(control));
    __asm__ volatile("mov %0, %%cr0" : : "r"(control & ~UINT64_C(0x10000)) : "memory");
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(bytes != NULL ? to[i] & bytes[i] : erased);
    __asm__ volatile("mov %0, %%cr0" : : "r"(control) : "memory");
}

static int
flash_erase(void *context, uint64_t address, uint64_t size)
{
    static uint64_t ready;

    if (ready == 0)
        ready = machine_ms(context) + ERASE_MS;
    if (machine_ms(context) < ready)
        return STUB_LATER;
    ready = 0;
    program(address, NULL, size, 0xff);
    return 0;
}

static int
flash_write(void *context, uint64_t address, const void *bytes, size_t size)
{
    (void)context;
    program(address, bytes, size, 0);
    return 0;
}

const struct stub_board_flash machine_flash = { .erase = flash_erase, .write = flash_write };

void machine_timer(void); /* both from start.S, interrupts masked */
void machine_uart(void);

void
machine_timer(void)
{
    kernel_tick();
    out(MASTER, END_OF_INTERRUPT);
}

/* The stub has its byte. */
void
machine_uart(void)
{
    out(MASTER, END_OF_INTERRUPT);
}

/* Between these labels of start.S registers lie on the stack as it has put them there. */
extern const uint8_t machine_timer_begin[], machine_timer_end[];
extern const uint8_t machine_uart_begin[], machine_uart_end[];

const struct unwind_exception *
machine_exceptions(void)
{
    static const int16_t saved[UNWIND_REGISTERS] = {
        /* rax rdx rcx rbx rsi rdi rbp rsp, r8 to r15, rip */
        64, 48, 56, -1, 40, 32, -1, 96, 24, 16, 8,  0,  -1, -1, -1, -1, 72,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1
    };
    static struct unwind_exception rows[MACHINE_EXCEPTIONS];

    rows[0] = (struct unwind_exception){ .begin = (uint64_t)(uintptr_t)machine_timer_begin,
                                         .end = (uint64_t)(uintptr_t)machine_timer_end,
                                         .saved = saved };
    rows[1] = (struct unwind_exception){ .begin = (uint64_t)(uintptr_t)machine_uart_begin,
                                         .end = (uint64_t)(uintptr_t)machine_uart_end,
                                         .saved = saved };
    return rows;
}

void gate_of_timer(void);
void gate_of_uart(void);
void gate_of_supervisor(void);

static _Alignas(16) struct gate gates[GATES];

void
set_gate(struct gate *gate, void (*handler)(void))
{
    uint64_t at = (uint64_t)(uintptr_t)handler;

    *gate = (struct gate){ .low = (uint16_t)at,
                           .code = 8,
                           .type = 0x8e,
                           .middle = (uint16_t)(at >> 16),
                           .high = (uint32_t)(at >> 32) };
}

void
use_gates(const struct gate *table, unsigned count)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) where = {
        .limit = (uint16_t)(count * sizeof(*table) - 1),
        .base = (uint64_t)(uintptr_t)table,
    };

    __asm__ volatile("lidt %0" : : "m"(where));
}

static void
set_gates(void)
{
    for (unsigned i = 0; i < GATES; i++)
        set_gate(&gates[i], gate_of_the_rest);
    set_gate(&gates[FIRST_VECTOR], gate_of_timer);
    set_gate(&gates[FIRST_VECTOR + UART_INTERRUPT], gate_of_uart);
    set_gate(&gates[SUPERVISOR], gate_of_supervisor);
    use_gates(gates, GATES);
}

/* Both controllers: edges, cascade, vectors from FIRST_VECTOR on; timer and UART are heard. */
static void
set_controllers(void)
{
    out(MASTER, 0x11);
    out(SLAVE, 0x11);
    out(MASTER + 1, FIRST_VECTOR);
    out(SLAVE + 1, FIRST_VECTOR + 8);
    out(MASTER + 1, 4);
    out(SLAVE + 1, 2);
    out(MASTER + 1, 1);
    out(SLAVE + 1, 1);
    out(MASTER + 1, (uint8_t) ~(1u << UART_INTERRUPT | 1u));
    out(SLAVE + 1, 0xff);
}

void
machine_start(void)
{
    set_gates();
    set_controllers();
    measure_cycles();
    out(UART_LINE, 0x80); /* the divisor: 115200 baud */
    out(UART, 1);
    out(UART_ENABLE, 0);
    out(UART_LINE, 3); /* eight bits */
    out(UART_FIFO, 7);
    out(UART_MODEM, 0xb); /* its interrupt gets out */
    out(UART_ENABLE, RECEIVED);
}

void
machine_interrupts_on(void)
{
    uint16_t count = TIMER_HZ / HZ;

    out(TIMER_MODE, 0x34); /* channel 0, low and high byte, again and again */
    out(TIMER, (uint8_t)count);
    out(TIMER, (uint8_t)(count >> 8));
    __asm__ volatile("sti" : : : "memory");
}

void
wait_for_interrupt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

void
machine_reset(void *context)
{
    (void)context;
    out(0xcf9, 2);
    out(0xcf9, 6);
    for (;;)
        continue;
}

/* ---- tasks: what start.S puts on a stack ---- */

void task_entry(void);

enum { R15, R14, R13, R12, RBX, RBP, RETURN, SAVED };

uint64_t
first_stack(uint8_t *end, void (*body)(void))
{
    uint64_t *frame = (uint64_t *)(void *)end - SAVED - 2;

    for (unsigned i = 0; i < SAVED; i++)
        frame[i] = 0;
    frame[RBX] = (uint64_t)(uintptr_t)body;
    frame[RETURN] = (uint64_t)(uintptr_t)task_entry;
    return (uint64_t)(uintptr_t)frame;
}

void
saved_registers(uint64_t sp, struct stub_board_task *task)
{
    static const uint8_t words[SAVED] = {
        [R15] = STUB_X86_64_R15,    [R14] = STUB_X86_64_R14, [R13] = STUB_X86_64_R13,
        [R12] = STUB_X86_64_R12,    [RBX] = STUB_X86_64_RBX, [RBP] = STUB_X86_64_RBP,
        [RETURN] = STUB_X86_64_RIP,
    };
    const uint64_t *frame = (const uint64_t *)(uintptr_t)sp;

    for (unsigned i = 0; i < SAVED; i++) {
        task->words[words[i]] = frame[i];
        task->known |= UINT64_C(1) << words[i];
    }
    task->words[STUB_X86_64_RSP] = sp + SAVED * 8;
    task->known |= UINT64_C(1) << STUB_X86_64_RSP;
}
