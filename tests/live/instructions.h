/* instructions.h - what test_emulate.c and test_move.c share: random instructions, and a process
 * that does them one by one in memory that is ours too. */
#ifndef STUBBORN_TESTS_INSTRUCTIONS_H
#define STUBBORN_TESTS_INSTRUCTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

enum { CODE_MAX = 15, ARITHMETIC = 0x8d5, FIXED = 0x202 }; /* flags */

/* The next random number; the same ones in each run. */
uint64_t instructions_any(void);
/* A stopped child of ours, and size bytes at address that both have (*shared), with random
 * contents. Ends when we do, or by instructions_end. */
pid_t instructions_start(uint64_t address, size_t size, uint8_t **shared);
void instructions_end(pid_t pid);
/* One step of the processor from *u, which becomes what comes of it. Returns the signal. */
int instructions_step(pid_t pid, struct user_regs_struct *u);
/* CODE_MAX bytes as digits and blanks into text, of at least 3 * CODE_MAX + 1. */
void instructions_describe(const uint8_t *code, char *text);
/* The other way round: the bytes of "48 8b 05", at most CODE_MAX. */
size_t instructions_parse(const char *text, uint8_t *code);

#endif
