/* machine.h - what the files of QEMU's `virt` share. */
#ifndef BOARDS_AARCH64_MACHINE_H
#define BOARDS_AARCH64_MACHINE_H

#include "tests/boards/kernel.h"

enum { TIMER_INTERRUPT = 30 };

/* ---- machine.c; each core has its own of these ---- */

void mmu_on(void);
void interrupts_on(void); /* of the interrupt controller, timer and core */
void set_timer(void);
uint32_t take_interrupt(void); /* its number, 1020 and up: none */
void end_interrupt(uint32_t id);
void send_interrupt(unsigned id); /* to the second core; id below 16 */

/* ---- start.S ---- */

void second_entry(void); /* where the second core begins, on its way to second_main */

/* ---- second.c, called by start.S ---- */

void second_main(void);
void second_interrupt(const uint64_t *registers);

#endif
