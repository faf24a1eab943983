/* start.S - QEMU's `virt` for AArch64: from reset to demo_start, the firmware's own vectors, and the
 * switch between tasks. */
	.arch	armv8-a

/* What each core begins with: floating point, its vectors, a stack, and nobody who called it. */
	.macro	BEGIN vectors, stack
	mov	x0, #3 << 20
	msr	cpacr_el1, x0
	isb
	adr	x0, \vectors
	msr	vbar_el1, x0
	ldr	x0, =\stack
	mov	sp, x0
	mov	x29, #0
	mov	x30, #0
	.endm

	.section .text.start, "ax"
	.global	_start
_start:
	BEGIN	vectors, stack_top
	ldr	x0, =bss_start
	ldr	x1, =bss_end
1:	cmp	x0, x1
	b.hs	2f
	str	xzr, [x0], #8
	b	1b
2:	bl	demo_start
3:	wfi
	b	3b

	.text
	.balign	2048
vectors:
	.rept	4
	b	.
	.balign	128
	.endr
	b	supervisor			/* EL1, SP_EL1: synchronous */
	.balign	128
	b	interrupt
	.balign	128
	.rept	10
	b	.
	.balign	128
	.endr

/* The second core: from PSCI to second_main. */
	.global	second_entry
second_entry:
	.cfi_startproc
	.cfi_undefined x30
	BEGIN	second_vectors, second_stack_top
	bl	second_main
	b	.
	.cfi_endproc

	.balign	2048
second_vectors:
	.rept	5
	b	.
	.balign	128
	.endr
	b	second_irq
	.balign	128
	.rept	10
	b	.
	.balign	128
	.endr

	.macro	TO_X29 do
	\do	x0, x1, [sp]
	\do	x2, x3, [sp, #16]
	\do	x4, x5, [sp, #32]
	\do	x6, x7, [sp, #48]
	\do	x8, x9, [sp, #64]
	\do	x10, x11, [sp, #80]
	\do	x12, x13, [sp, #96]
	\do	x14, x15, [sp, #112]
	\do	x16, x17, [sp, #128]
	\do	x18, x19, [sp, #144]
	\do	x20, x21, [sp, #160]
	\do	x22, x23, [sp, #176]
	\do	x24, x25, [sp, #192]
	\do	x26, x27, [sp, #208]
	\do	x28, x29, [sp, #224]
	.endm

/* All registers onto the stack, x0 to x30, sp, pc and pstate as board.h wants them. */
second_irq:
	sub	sp, sp, #272
	TO_X29	stp
	add	x1, sp, #272
	stp	x30, x1, [sp, #240]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x0, x1, [sp, #256]
	mov	x0, sp
	bl	second_interrupt
	ldp	x0, x1, [sp, #256]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	TO_X29	ldp
	ldr	x30, [sp, #240]
	add	sp, sp, #272
	eret

	.bss
	.balign	16
	.skip	4096
second_stack_top:
	.text

/* A call of the supervisor is counted; whatever else comes here is the end. */
supervisor:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el1
	lsr	x0, x0, #26
	cmp	x0, #0x15
	b.ne	.
	ldr	x0, =supervisor_calls
	ldr	x1, [x0]
	add	x1, x1, #1
	str	x1, [x0]
	ldp	x0, x1, [sp], #16
	eret

interrupt:
	stp	x29, x30, [sp, #-192]!
	mov	x29, sp
	stp	x0, x1, [sp, #16]
	stp	x2, x3, [sp, #32]
	stp	x4, x5, [sp, #48]
	stp	x6, x7, [sp, #64]
	stp	x8, x9, [sp, #80]
	stp	x10, x11, [sp, #96]
	stp	x12, x13, [sp, #112]
	stp	x14, x15, [sp, #128]
	stp	x16, x17, [sp, #144]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x18, x0, [sp, #160]
	add	x2, sp, #192
	stp	x1, x2, [sp, #176]
	.global	interrupt_begin, interrupt_end
interrupt_begin:
	bl	machine_interrupt
	nop
interrupt_end:
	ldp	x18, x0, [sp, #160]
	ldr	x1, [sp, #176]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x0, x1, [sp, #16]
	ldp	x2, x3, [sp, #32]
	ldp	x4, x5, [sp, #48]
	ldp	x6, x7, [sp, #64]
	ldp	x8, x9, [sp, #80]
	ldp	x10, x11, [sp, #96]
	ldp	x12, x13, [sp, #112]
	ldp	x14, x15, [sp, #128]
	ldp	x16, x17, [sp, #144]
	ldp	x29, x30, [sp], #192
	eret

/* void switch_stacks(uint64_t *from, uint64_t to) */
	.global	switch_stacks
	.type	switch_stacks, %function
switch_stacks:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x2, sp
	str	x2, [x0]
	mov	sp, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
	.size	switch_stacks, . - switch_stacks

/* Where a task begins: x19 is its body, and nobody called it. */
	.global	task_entry
	.type	task_entry, %function
task_entry:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, #0
	mov	x30, #0
	blr	x19
	b	.
	.cfi_endproc
	.size	task_entry, . - task_entry

	.global	undefined_instruction
	.type	undefined_instruction, %function
undefined_instruction:
	udf	#7
	ret
	.size	undefined_instruction, . - undefined_instruction

	.global	wild_stack
	.type	wild_stack, %function
wild_stack:
	mov	x9, sp
	ldr	x10, =0x123456789000
	mov	sp, x10
	str	x9, [sp, #-16]!
	mov	sp, x9
	ret
	.size	wild_stack, . - wild_stack

	.global	own_breakpoint
	.type	own_breakpoint, %function
own_breakpoint:
	brk	#0x7
	ret
	.size	own_breakpoint, . - own_breakpoint

	.global	call_supervisor
	.type	call_supervisor, %function
call_supervisor:
	svc	#1
	ret
	.size	call_supervisor, . - call_supervisor

	.global	waits
	.type	waits, %function
waits:
	wfi
	mov	x0, #42
	ret
	.size	waits, . - waits

	.section .note.GNU-stack, "", %progbits
