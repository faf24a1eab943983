/* second.c - the second core of a PC: started through the local APIC, and parked while the stub
 * on the first one serves a debugger, which sees it as one thread more (Intel SDM, "APIC"). */
#include "tests/boards/x86_64/machine.h"

#include <string.h>

enum { VECTOR = 0x21, NO_CAUSE = 0x2f, GATES = 0x30, PATIENCE_MS = 5000 };
enum { ENTRY = 0x8000, PAGE = 0x1000, SECOND = 1 };

/* Of the local APIC, by their distance from its start; each core sees its own there. */
#define APIC UINT64_C(0xfee00000)
enum { END = 0xb0, SPURIOUS = 0xf0, COMMAND = 0x300, RECEIVER = 0x310 };
enum { TIMER = 0x320, TIMER_COUNT = 0x380, TIMER_DIVIDE = 0x3e0 };
enum { ASSERT = 1 << 14, RESET = 5 << 8, BEGIN = 6 << 8 };
enum { SWITCHED_ON = 1 << 8, PERIODIC = 1 << 17 };
enum { BY_16 = 3, TICK = 625000 }; /* a hundredth of a second in QEMU */

static void (*second_body)(void);
static volatile bool started, wanted, parked;
static const uint64_t *volatile words; /* of the core that is parked: on its own stack */

static volatile uint32_t *
apic(unsigned at)
{
    return (volatile uint32_t *)(uintptr_t)(APIC + at);
}

static void
send(uint32_t command)
{
    *apic(RECEIVER) = SECOND << 24;
    *apic(COMMAND) = command;
}

/* What QEMU says of the machine: the cores it has. */
static unsigned
count_cores(void)
{
    enum { SELECTOR = 0x510, DATA, CORES = 5 };

    __asm__ volatile("outw %w0, %w1" : : "a"(CORES), "Nd"(SELECTOR));
    return in(DATA);
}

static void
wait_ms(uint64_t ms)
{
    uint64_t begin = machine_ms(NULL);

    while (machine_ms(NULL) - begin < ms)
        continue;
}

void
machine_start_second(void (*body)(void))
{
    if (count_cores() < 2)
        return;
    second_body = body;
    memcpy((void *)(uintptr_t)ENTRY, second_entry, (size_t)(second_entry_end - second_entry));
    send(RESET | ASSERT);
    wait_ms(10);
    send(BEGIN | ASSERT | ENTRY / PAGE);
    wait_ms(1);
    send(BEGIN | ASSERT | ENTRY / PAGE); /* as the manual wants it: the first may be missed */
    started = true;
}

bool
machine_has_second(void)
{
    return started;
}

/* The CPU and start.S have laid them down as far as SS; its segments are what start.S has set. */
const uint64_t *
machine_second_registers(void)
{
    enum { DATA_SEGMENT = 16, DS = STUB_X86_64_GS_BASE + 1, ES };
    static uint64_t registers[STUB_BOARD_WORDS];

    if (!parked)
        return NULL;
    for (unsigned i = 0; i <= STUB_X86_64_SS; i++)
        registers[i] = words[i];
    registers[DS] = registers[ES] = DATA_SEGMENT;
    return registers;
}

/* ---- on the second core ---- */

void
second_main(void)
{
    static _Alignas(16) struct gate gates[GATES];

    for (unsigned i = 0; i < GATES; i++)
        set_gate(&gates[i], gate_of_the_rest);
    set_gate(&gates[VECTOR], gate_of_second);
    set_gate(&gates[NO_CAUSE], gate_of_nothing);
    use_gates(gates, GATES);
    *apic(SPURIOUS) = SWITCHED_ON | NO_CAUSE;
    *apic(TIMER_DIVIDE) = BY_16;
    *apic(TIMER) = PERIODIC | VECTOR;
    *apic(TIMER_COUNT) = TICK;
    __asm__ volatile("sti" : : : "memory");
    for (;;) {
        second_body();
        wait_for_interrupt();
    }
}

/* From start.S with the registers in the order of board.h: the timer's interrupt, or the first
 * core's wish that this one stands still. */
void
second_interrupt(const uint64_t *registers)
{
    words = registers;
    parked = wanted;
    while (wanted)
        __asm__ volatile("pause" : : : "memory");
    parked = false;
    *apic(END) = 0;
}

/* ---- on the first, from the stub ---- */

void
machine_park(void *context)
{
    uint64_t begin = machine_ms(context);

    if (!started)
        return;
    wanted = true;
    send(ASSERT | VECTOR);
    while (!parked && machine_ms(context) - begin < PATIENCE_MS)
        continue;
}

void
machine_release(void *context)
{
    (void)context;
    wanted = false;
}
