/* machine.h - what the files of the PC share. */
#ifndef BOARDS_X86_64_MACHINE_H
#define BOARDS_X86_64_MACHINE_H

#include "tests/boards/kernel.h"

/* ---- machine.c ---- */

void out(uint16_t port, uint8_t byte);
uint8_t in(uint16_t port);

/* An entry of the interrupt descriptor table; each core has a table of its own. */
struct gate {
    uint16_t low, code;
    uint8_t stack, type;
    uint16_t middle;
    uint32_t high, zero;
};
void set_gate(struct gate *gate, void (*handler)(void));
void use_gates(const struct gate *gates, unsigned count);

/* ---- start.S ---- */

void gate_of_the_rest(void);
void gate_of_second(void);
void gate_of_nothing(void); /* goes on at once */
/* What the second core begins with in real mode, on its way to second_main: to be copied to a page
 * below 1 MB. */
extern const uint8_t second_entry[], second_entry_end[];

/* ---- second.c, called by start.S ---- */

void second_main(void);
void second_interrupt(const uint64_t *registers);

#endif
