/* trap.h - what the exception entries (trap_*.S) know of struct board: byte offsets, checked in
 * self.c. Numbers only, for the assembler reads it too. */
#ifndef STUB_BOARD_TRAP_H
#define STUB_BOARD_TRAP_H

#define TRAP_WORDS      0   /* general registers, STUB_BOARD_WORDS words */
#define TRAP_CAUSE      272 /* AArch64: ESR_EL1; x86-64: the vector */
#define TRAP_CODE       280 /* AArch64: which of the 16 vectors; x86-64: the error code */
#define TRAP_ADDRESS    288 /* FAR_EL1; CR2 */
#define TRAP_ENTRY_SP   296 /* AArch64: SP_EL1 as the exception found it */
#define TRAP_STACK_LOW  304 /* the stub's own stack */
#define TRAP_STACK_SIZE 312
#define TRAP_OURS       320 /* bit N: exception class or vector N is the stub's */
#define TRAP_LOOK       328 /* not 0: interrupts are looked at */
#define TRAP_SCRATCH    336 /* 6 words */
#define TRAP_GUARD      384 /* 14 words: what a guarded call is to return with */
#define TRAP_GUARDED    496 /* not 0: such a call is under way */
#define TRAP_OLD        504 /* x86-64: the handler that had the looked-at interrupt */
#define TRAP_EXIT       512 /* x86-64: the top of the entry stack, where IRETQ's frame is laid */
#define TRAP_FLOATING   528 /* 528 bytes: floating-point registers */

#endif
