/* machine.c - QEMU's `virt` for AArch64: its map, UART (PL011), interrupts (GICv2) and timer. */
#include "arch/unwind/unwind.h"
#include "tests/boards/aarch64/machine.h"

volatile uint64_t supervisor_calls;

static volatile uint32_t *
device(uint64_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

/* ---- memory ---- */

enum { RAM = 0x40000000, RAM_SIZE = 0x08000000, ROM = 0x40400000, ROM_SIZE = 0x200000 };
enum { FLASH = 0x04000000, FLASH_SIZE = 0x100000, FLASH_BLOCK = 0x40000 };
enum { GIC = 0x08000000, UART = 0x09000000 };

const struct stub_region machine_regions[] = {
    { FLASH, FLASH_SIZE, true, RX, STUB_FLASH, FLASH_BLOCK, "flash" },
    { GIC, 0x20000, true, RW, STUB_DEVICE, 0, "gic" },
    { UART, 0x1000, true, RW, STUB_DEVICE, 0, "uart" },
    { RAM, ROM - RAM, true, RWX, STUB_RAM, 0, "ram" },
    { ROM, ROM_SIZE, true, RX, STUB_ROM, 0, "rom" },
    { ROM + ROM_SIZE, RAM + RAM_SIZE - (ROM + ROM_SIZE), true, RWX, STUB_RAM, 0, "ram" },
};
const unsigned machine_region_count = sizeof(machine_regions) / sizeof(machine_regions[0]);

/* Translation tables: 4 KB granule, blocks of 2 MB. */
enum { VALID_TABLE = 3, VALID_BLOCK = 1, ACCESSED = 1 << 10, INNER = 3 << 8, READ_ONLY = 2 << 6 };
enum { DEVICE_MEMORY = 0 << 2, NORMAL_MEMORY = 1 << 2, UNCACHED_MEMORY = 2 << 2 };
enum { BLOCK = 0x200000, GIGABYTE = 0x40000000 };
static _Alignas(4096) uint64_t level1[512], devices[512], ram[512];

static void
map(uint64_t *table, uint64_t address, uint64_t size, uint64_t attributes)
{
    for (uint64_t at = address; at < address + size; at += BLOCK)
        table[at % GIGABYTE / BLOCK] = at | attributes | ACCESSED | VALID_BLOCK;
}

static void
map_all(void)
{
    map(devices, FLASH, BLOCK, UNCACHED_MEMORY);
    map(devices, GIC, 2 * BLOCK, DEVICE_MEMORY);
    map(devices, UART, BLOCK, DEVICE_MEMORY);
    map(ram, RAM, RAM_SIZE, NORMAL_MEMORY | INNER);
    map(ram, ROM, ROM_SIZE, NORMAL_MEMORY | INNER | READ_ONLY);
    level1[0] = (uint64_t)(uintptr_t)devices | VALID_TABLE;
    level1[1] = (uint64_t)(uintptr_t)ram | VALID_TABLE;
}

void
mmu_on(void)
{
    uint64_t control;

    __asm__ volatile("msr mair_el1, %0" : : "r"(UINT64_C(0x44ff00)));
    __asm__ volatile("msr tcr_el1, %0" : : "r"(UINT64_C(25) | UINT64_C(1) << 23 | 0x3500));
    __asm__ volatile("msr ttbr0_el1, %0" : : "r"(level1));
    __asm__ volatile("dsb sy\n\tisb\n\ttlbi vmalle1\n\tdsb sy\n\tisb" : : : "memory");
    __asm__ volatile("mrs %0, sctlr_el1" : "=r"(control));
    control |= 1 | 1 << 2 | 1 << 12;
    __asm__ volatile("msr sctlr_el1, %0\n\tisb" : : "r"(control) : "memory");
}

/* ---- UART ---- */

enum { UART_DATA = 0, UART_FLAGS = 0x18, UART_LINE = 0x2c, UART_CONTROL = 0x30, UART_MASK = 0x38 };
enum { UART_EMPTY = 1 << 4, UART_FULL = 1 << 5, UART_RECEIVED = 1 << 4 | 1 << 6 };

int
uart_get(void *context)
{
    (void)context;
    if ((*device(UART + UART_FLAGS) & UART_EMPTY) != 0)
        return -1;
    return (int)(*device(UART + UART_DATA) & 0xff);
}

void
uart_put(void *context, uint8_t byte)
{
    (void)context;
    while ((*device(UART + UART_FLAGS) & UART_FULL) != 0)
        continue;
    *device(UART + UART_DATA) = byte;
}

/* ---- flash: two chips of 16 bits side by side, with Intel's commands ---- */

enum { READ_ARRAY = 0x00ff00ff, CLEAR_STATUS = 0x00500050, ERASE = 0x00200020 };
enum { CONFIRM = 0x00d000d0, PROGRAM = 0x00400040, READY = 0x00800080, FAILED = 0x003a003a };
enum { ERASE_MS = 100 }; /* QEMU's chips take no time: these do */
const uint64_t machine_flash_start = FLASH;

static int
flash_result(volatile uint32_t *chips)
{
    uint32_t status = *chips;

    *chips = CLEAR_STATUS;
    *chips = READ_ARRAY;
    return (status & FAILED) == 0 ? 0 : -STUB_EIO;
}

static int
flash_erase(void *context, uint64_t address, uint64_t size)
{
    static uint64_t ready;
    volatile uint32_t *chips = device(address);

    (void)size;
    if (ready == 0) {
        *chips = ERASE;
        *chips = CONFIRM;
        ready = machine_ms(context) + ERASE_MS;
    }
    if ((*chips & READY) != READY || machine_ms(context) < ready)
        return STUB_LATER;
    ready = 0;
    return flash_result(chips);
}

/* Word by word; of a word that is written in part the rest stays. */
static int
flash_write(void *context, uint64_t address, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    int r = 0;

    (void)context;
    for (uint64_t at = address & ~UINT64_C(3); at < address + size && r == 0; at += 4) {
        volatile uint32_t *chips = device(at);
        uint32_t word = *chips;

        for (unsigned i = 0; i < 4; i++)
            if (at + i >= address && at + i - address < size)
                word &= ~(UINT32_C(0xff) << 8 * i) | (uint32_t)from[at + i - address] << 8 * i;
        *chips = PROGRAM;
        *chips = word;
        while ((*chips & READY) != READY)
            continue;
        r = flash_result(chips);
    }
    return r;
}

const struct stub_board_flash machine_flash = { .erase = flash_erase, .write = flash_write };

/* ---- timer and interrupts ---- */

enum { DISTRIBUTOR = GIC, CPU_INTERFACE = GIC + 0x10000 };
enum { UART_INTERRUPT = 33, SPURIOUS = 1020, HZ = 100 };
const unsigned machine_uart_interrupt = UART_INTERRUPT;

static uint64_t
frequency(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

uint64_t
machine_ms(void *context)
{
    uint64_t now;

    (void)context;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(now));
    return now / (frequency() / 1000);
}

void
set_timer(void)
{
    __asm__ volatile("msr cntp_tval_el0, %0" : : "r"(frequency() / HZ));
    __asm__ volatile("msr cntp_ctl_el0, %0" : : "r"(UINT64_C(1)));
}

uint32_t
take_interrupt(void)
{
    return *device(CPU_INTERFACE + 0xc);
}

void
end_interrupt(uint32_t id)
{
    if ((id & 0x3ff) < SPURIOUS)
        *device(CPU_INTERFACE + 0x10) = id;
}

void
send_interrupt(unsigned id)
{
    *device(DISTRIBUTOR + 0xf00) = UINT32_C(2) << 16 | id;
}

/* The registers behind each core's own window. */
void
interrupts_on(void)
{
    *device(DISTRIBUTOR + 0x100) = 1u << TIMER_INTERRUPT | 0xffff;
    *device(CPU_INTERFACE + 4) = 0xff;
    *device(CPU_INTERFACE) = 1;
    set_timer();
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

/* From start.S, interrupts masked. The UART's has nothing left to do: the stub has its byte. */
void machine_interrupt(void);
void
machine_interrupt(void)
{
    uint32_t id = take_interrupt();

    if (id == TIMER_INTERRUPT) {
        set_timer();
        kernel_tick();
    }
    end_interrupt(id);
}

/* Between these labels of start.S registers lie on the stack as it has put them there. */
extern const uint8_t interrupt_begin[], interrupt_end[];

const struct unwind_exception *
machine_exceptions(void)
{
    static const int16_t saved[UNWIND_REGISTERS] = {
        16,  24,  32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144,
        152, 160, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  0,   8,   184, 168 /* x29 x30 sp pc */
    };
    static struct unwind_exception rows[MACHINE_EXCEPTIONS];

    rows[0] = (struct unwind_exception){ .begin = (uint64_t)(uintptr_t)interrupt_begin,
                                         .end = (uint64_t)(uintptr_t)interrupt_end,
                                         .saved = saved };
    rows[1] = rows[0];
    return rows;
}

void
machine_start(void)
{
    map_all();
    mmu_on();
    *device(UART + UART_LINE) = 3 << 5 | 1 << 4; /* eight bits, FIFOs */
    *device(UART + UART_CONTROL) = 1 << 9 | 1 << 8 | 1;
    *device(UART + UART_MASK) = UART_RECEIVED;
    *device(DISTRIBUTOR) = 1;
    *device(DISTRIBUTOR + 0x104) = 1u << (UART_INTERRUPT - 32);
    *device(DISTRIBUTOR + 0x820) = 0x01010101; /* interrupts 32 to 35 go to this core */
}

void
machine_interrupts_on(void)
{
    interrupts_on();
}

void
wait_for_interrupt(void)
{
    __asm__ volatile("wfi" : : : "memory");
}

/* PSCI's SYSTEM_RESET, by QEMU itself. */
void
machine_reset(void *context)
{
    register uint64_t function __asm__("x0") = 0x84000009;

    (void)context;
    __asm__ volatile("hvc #0" : "+r"(function) : : "memory");
    for (;;)
        continue;
}

/* ---- tasks: what start.S puts on a stack ---- */

enum { FP = 0, LR = 1, X19 = 2, SAVED = 12 };

void task_entry(void);

uint64_t
first_stack(uint8_t *end, void (*body)(void))
{
    uint64_t *frame = (uint64_t *)(void *)end - SAVED;

    for (unsigned i = 0; i < SAVED; i++)
        frame[i] = 0;
    frame[LR] = (uint64_t)(uintptr_t)task_entry;
    frame[X19] = (uint64_t)(uintptr_t)body;
    return (uint64_t)(uintptr_t)frame;
}

void
saved_registers(uint64_t sp, struct stub_board_task *task)
{
    const uint64_t *frame = (const uint64_t *)(uintptr_t)sp;

    for (unsigned i = 0; i < 10; i++)
        task->words[19 + i] = frame[X19 + i];
    task->words[29] = frame[FP];
    task->words[30] = frame[LR];
    task->words[STUB_AARCH64_SP] = sp + SAVED * 8;
    task->words[STUB_AARCH64_PC] = frame[LR];
    task->known = UINT64_C(0x1fff80000); /* x19 to pc */
}
