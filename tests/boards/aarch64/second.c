/* second.c - the second core of QEMU's `virt`: started through PSCI, and parked while the stub on
 * the first one serves a debugger, which sees it as one thread more. */
#include "tests/boards/aarch64/machine.h"

enum { PARKING_INTERRUPT = 0, PATIENCE_MS = 5000 };

static void (*second_body)(void);
static volatile bool started, wanted, parked;
static const uint64_t *volatile words; /* of the core that is parked: on its own stack */

/* PSCI, by QEMU itself. */
void
machine_start_second(void (*body)(void))
{
    register uint64_t x0 __asm__("x0") = 0xc4000003; /* CPU_ON */
    register uint64_t x1 __asm__("x1") = 1;          /* the core's number */
    register uint64_t x2 __asm__("x2") = (uint64_t)(uintptr_t)second_entry;
    register uint64_t x3 __asm__("x3") = 0;

    second_body = body;
    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    started = x0 == 0;
}

bool
machine_has_second(void)
{
    return started;
}

const uint64_t *
machine_second_registers(void)
{
    return parked ? words : NULL;
}

/* ---- on the second core ---- */

void
second_main(void)
{
    mmu_on();
    interrupts_on();
    for (;;) {
        second_body();
        wait_for_interrupt();
    }
}

/* From start.S with all registers, in the order of board.h: the timer's interrupt, or the first
 * core's wish that this one stands still. */
void
second_interrupt(const uint64_t *registers)
{
    uint32_t id = take_interrupt();

    if (id == TIMER_INTERRUPT)
        set_timer();
    words = registers;
    parked = wanted;
    while (wanted)
        __asm__ volatile("dsb sy\n\twfe" : : : "memory");
    parked = false;
    end_interrupt(id);
}

/* ---- on the first, from the stub ---- */

void
machine_park(void *context)
{
    uint64_t begin = machine_ms(context);

    if (!started)
        return;
    wanted = true;
    send_interrupt(PARKING_INTERRUPT);
    while (!parked && machine_ms(context) - begin < PATIENCE_MS)
        continue;
}

void
machine_release(void *context)
{
    (void)context;
    wanted = false;
    __asm__ volatile("dsb sy\n\tsev" : : : "memory");
}
