/* machine.h - an invented machine: 64 KB of memory, eight registers, a program counter. It stands
 * for an emulator of yours and knows nothing of debuggers. */
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

#include <stdint.h>

enum { MEMORY = 0x10000, PC = 8, REGISTERS };

struct machine {
    uint32_t reg[REGISTERS]; /* r0 .. r7 and the program counter */
    uint8_t memory[MEMORY];
};

enum outcome { WENT_ON, HALTED, BAD_DEED, BAD_ADDRESS };

/* Puts a program at 0x100 and the program counter there. It adds 5, 4, 3, 2, 1 to r1, stores each
 * sum at 0x1000, and halts. */
void machine_load(struct machine *m);

/* Executes one instruction of four bytes: deed, register, number (low byte first). */
enum outcome machine_step(struct machine *m);

#endif
