/* trap_aarch64.S - exceptions of EL1 into the stub and back (Arm ARM, "Exception vectors"), and the
 * few things that C cannot say: one load or store that may fault, and a call that may.
 *
 * TPIDRRO_EL0 is the scratch register by which an entry comes to its first free one. An entry uses
 * no stack of the firmware's, so a wild SP is survived. An exception that finds SP inside the stub's
 * own stack is the stub's own: a fault of load or store makes that one return false, one in a
 * guarded call makes that return false, and any other starts serving anew.
 *
 * What is not the stub's goes on to the handler that was there before, all registers as they were:
 * each entry of `stub_board_chains` ends in a branch that machine_aarch64.c has put there. */
#include "stub/board/trap.h"

	.arch	armv8-a+fp+simd
	.section .text.stub_board, "ax"

#define BOARD(reg) \
	adrp	reg, stub_board_here; \
	ldr	reg, [reg, :lo12:stub_board_here]

	.macro	ENTRY_TO number, label
	.balign	128
	msr	tpidrro_el0, x0
	BOARD(x0)
	stp	x1, x2, [x0, #TRAP_SCRATCH]
	stp	x3, x4, [x0, #TRAP_SCRATCH + 16]
	mov	x2, #\number
	b	\label
	.endm

/* x5 to x30, from or to the board at x0. */
	.macro	MOST do
	\do	x5, x6, [x0, #40]
	\do	x7, x8, [x0, #56]
	\do	x9, x10, [x0, #72]
	\do	x11, x12, [x0, #88]
	\do	x13, x14, [x0, #104]
	\do	x15, x16, [x0, #120]
	\do	x17, x18, [x0, #136]
	\do	x19, x20, [x0, #152]
	\do	x21, x22, [x0, #168]
	\do	x23, x24, [x0, #184]
	\do	x25, x26, [x0, #200]
	\do	x27, x28, [x0, #216]
	\do	x29, x30, [x0, #232]
	.endm

/* x19 to x30, from or to the guard at x9. */
	.macro	KEPT do
	\do	x19, x20, [x9]
	\do	x21, x22, [x9, #16]
	\do	x23, x24, [x9, #32]
	\do	x25, x26, [x9, #48]
	\do	x27, x28, [x9, #64]
	\do	x29, x30, [x9, #80]
	.endm

	.global	stub_board_vectors
	.balign	2048
stub_board_vectors:
	ENTRY_TO 0, sync		/* EL1, SP_EL0 */
	ENTRY_TO 1, irq
	ENTRY_TO 2, irq
	ENTRY_TO 3, chain
	ENTRY_TO 4, sync		/* EL1, SP_EL1 */
	ENTRY_TO 5, irq
	ENTRY_TO 6, irq
	ENTRY_TO 7, chain
	ENTRY_TO 8, sync		/* EL0 */
	ENTRY_TO 9, irq
	ENTRY_TO 10, irq
	ENTRY_TO 11, chain
	ENTRY_TO 12, chain		/* EL0, AArch32 */
	ENTRY_TO 13, chain
	ENTRY_TO 14, chain
	ENTRY_TO 15, chain
	.balign	128

/* x0: the board, x2: the entry's number; x0 to x4 are put by. */
chain:
	adrp	x1, stub_board_chains
	add	x1, x1, :lo12:stub_board_chains
	add	x1, x1, x2, lsl #4
	ldp	x3, x4, [x0, #TRAP_SCRATCH + 16]
	br	x1

/* In a section of their own, for who wants to keep the rest of the code as it was linked. */
	.section .text.stub_board.chains, "ax"
	.global	stub_board_chains
	.balign	16
stub_board_chains:
	.rept	16
	ldp	x1, x2, [x0, #TRAP_SCRATCH]
	mrs	x0, tpidrro_el0
	b	.
	nop
	.endr

	.section .text.stub_board, "ax"
sync:
	mov	x1, sp
	ldr	x3, [x0, #TRAP_STACK_LOW]
	ldr	x4, [x0, #TRAP_STACK_SIZE]
	sub	x3, x1, x3
	cmp	x3, x4
	b.ls	nested
	mrs	x3, esr_el1
	lsr	x4, x3, #26
	ldr	x1, [x0, #TRAP_OURS]
	lsr	x1, x1, x4
	tbz	x1, #0, chain
	str	x3, [x0, #TRAP_CAUSE]
	str	x2, [x0, #TRAP_CODE]
	mrs	x3, far_el1
	str	x3, [x0, #TRAP_ADDRESS]
	adr	x2, trapped
	b	save

irq:
	ldr	x1, [x0, #TRAP_LOOK]
	cbz	x1, chain
	str	x2, [x0, #TRAP_CODE]
	adr	x2, looked

/* Puts the firmware's registers by, goes over to the stub's stack and on to x2. */
save:
	ldp	x3, x4, [x0, #TRAP_SCRATCH + 16]
	stp	x3, x4, [x0, #24]
	ldp	x3, x4, [x0, #TRAP_SCRATCH]
	stp	x3, x4, [x0, #8]
	mrs	x3, tpidrro_el0
	str	x3, [x0]
	MOST stp
	mov	x3, sp
	str	x3, [x0, #TRAP_ENTRY_SP]
	mrs	x4, spsr_el1
	mrs	x5, elr_el1
	tbnz	x4, #0, 1f
	mrs	x3, sp_el0
1:	str	x3, [x0, #248]
	stp	x5, x4, [x0, #256]
	ldr	x3, [x0, #TRAP_STACK_LOW]
	ldr	x4, [x0, #TRAP_STACK_SIZE]
	add	x3, x3, x4
	mov	sp, x3
	mov	x19, x0
	mov	x29, #0
	mov	x30, #0
	br	x2

trapped:
	bl	stub_board_trapped
	b	resume

looked:
	bl	stub_board_looked
	cbz	w0, hand_on

/* x19: the board. Back into the firmware, as its registers are now. */
resume:
	mov	x0, x19
	bl	load_most
	ldp	x3, x4, [x0, #24]
	ldp	x1, x2, [x0, #8]
	ldr	x0, [x0]
	eret

/* The firmware's own handler of the interrupt has it now. */
hand_on:
	mov	x0, x19
	bl	load_most
	ldr	x1, [x0]
	msr	tpidrro_el0, x1
	ldp	x3, x4, [x0, #24]
	stp	x3, x4, [x0, #TRAP_SCRATCH + 16]
	ldp	x3, x4, [x0, #8]
	stp	x3, x4, [x0, #TRAP_SCRATCH]
	ldr	x2, [x0, #TRAP_CODE]
	b	chain

/* All but x0 to x4. */
load_most:
	mov	x2, x30
	ldp	x3, x4, [x0, #256]
	msr	elr_el1, x3
	msr	spsr_el1, x4
	ldr	x3, [x0, #248]
	tbnz	x4, #0, 1f
	msr	sp_el0, x3
	ldr	x3, [x0, #TRAP_ENTRY_SP]
1:	mov	sp, x3
	MOST ldp
	br	x2

/* An exception inside the stub. */
nested:
	mrs	x1, elr_el1
	adr	x3, stub_board_load
	cmp	x1, x3
	b.lo	1f
	adr	x3, touch_end
	cmp	x1, x3
	b.hs	1f
	adr	x1, touch_fault
	msr	elr_el1, x1
	eret
1:	ldr	x1, [x0, #TRAP_GUARDED]
	cbz	x1, 2f
	adr	x1, guard_fault
	msr	elr_el1, x1
	eret
2:	ldr	x3, [x0, #TRAP_STACK_LOW]
	ldr	x4, [x0, #TRAP_STACK_SIZE]
	add	x3, x3, x4
	mov	sp, x3
	mov	x19, x0
	bl	stub_board_again
	b	resume

/* bool stub_board_load(uint64_t address, unsigned width, uint64_t *value) */
	.global	stub_board_load
stub_board_load:
	cmp	w1, #4
	b.eq	2f
	b.hi	3f
	cmp	w1, #2
	b.eq	1f
	ldrb	w3, [x0]
	b	4f
1:	ldrh	w3, [x0]
	b	4f
2:	ldr	w3, [x0]
	b	4f
3:	ldr	x3, [x0]
4:	dsb	sy
	str	x3, [x2]
	mov	w0, #1
	ret

/* bool stub_board_store(uint64_t address, unsigned width, uint64_t value) */
	.global	stub_board_store
stub_board_store:
	cmp	w1, #4
	b.eq	2f
	b.hi	3f
	cmp	w1, #2
	b.eq	1f
	strb	w2, [x0]
	b	4f
1:	strh	w2, [x0]
	b	4f
2:	str	w2, [x0]
	b	4f
3:	str	x2, [x0]
4:	dsb	sy
	mov	w0, #1
	ret
touch_end:
touch_fault:
	mov	w0, #0
	ret

/* bool stub_board_guard(struct board *b, void (*deed)(void *), void *argument) */
	.global	stub_board_guard
stub_board_guard:
	add	x9, x0, #TRAP_GUARD
	KEPT stp
	mov	x10, sp
	str	x10, [x9, #96]
	mov	x10, #1
	str	x10, [x0, #TRAP_GUARDED]
	mov	x19, x0
	mov	x0, x2
	blr	x1
	mov	x0, x19
	mov	w1, #1
	b	1f
guard_fault:
	mov	w1, #0
1:	str	xzr, [x0, #TRAP_GUARDED]
	add	x9, x0, #TRAP_GUARD
	ldr	x10, [x9, #96]
	mov	sp, x10
	KEPT ldp
	mov	w0, w1
	ret

/* The ways into the stub that the firmware calls. */
	.global	stub_board_visit
stub_board_visit:
	brk	#0x5b
	ret

	.global	stub_board_stop
stub_board_stop:
	brk	#0x5b
	ret

	.global	stub_board_ask
stub_board_ask:
	brk	#0x5b
	ret

/* void stub_board_keep_vectors(uint8_t *to), void stub_board_put_vectors(const uint8_t *from): v0
 * to v31, FPSR, FPCR, as Linux's user_fpsimd_state has them. */
	.macro	EACH_PAIR do
	\do	q0, q1, [x0]
	\do	q2, q3, [x0, #32]
	\do	q4, q5, [x0, #64]
	\do	q6, q7, [x0, #96]
	\do	q8, q9, [x0, #128]
	\do	q10, q11, [x0, #160]
	\do	q12, q13, [x0, #192]
	\do	q14, q15, [x0, #224]
	\do	q16, q17, [x0, #256]
	\do	q18, q19, [x0, #288]
	\do	q20, q21, [x0, #320]
	\do	q22, q23, [x0, #352]
	\do	q24, q25, [x0, #384]
	\do	q26, q27, [x0, #416]
	\do	q28, q29, [x0, #448]
	\do	q30, q31, [x0, #480]
	.endm

	.global	stub_board_keep_vectors
stub_board_keep_vectors:
	EACH_PAIR stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	str	w1, [x0, #512]
	str	w2, [x0, #516]
	ret

	.global	stub_board_put_vectors
stub_board_put_vectors:
	EACH_PAIR ldp
	ldr	w1, [x0, #512]
	ldr	w2, [x0, #516]
	msr	fpsr, x1
	msr	fpcr, x2
	ret

	.section .note.GNU-stack, "", %progbits
