/* start.S - from reset to main on a Raspberry Pi 3: one core, exception level 1, a stack, zeros
 * where C wants them, and vectors that stand still until the stub takes over those it needs. */
	.section .text.start, "ax"
	.global	_start
_start:
	mrs	x0, mpidr_el1
	tst	x0, #3
	b.eq	1f
0:	wfe				/* the other three cores */
	b	0b
1:	mrs	x0, CurrentEL
	cmp	x0, #3 << 2		/* where QEMU begins; the Pi's own loader, at EL2 */
	b.ne	5f
	mov	x0, #0x531		/* EL2 is AArch64, may call it, and is not secure */
	msr	scr_el3, x0
	msr	mdcr_el3, xzr
	mov	x0, #0x3c9
	msr	spsr_el3, x0
	adr	x0, 5f
	msr	elr_el3, x0
	eret
5:	mrs	x0, CurrentEL
	cmp	x0, #2 << 2
	b.ne	2f
	mov	x0, #(1 << 31)		/* EL1 is AArch64, interrupts and debug exceptions are its own */
	msr	hcr_el2, x0
	msr	mdcr_el2, xzr
	mov	x0, #3			/* so are counter and timer */
	msr	cnthctl_el2, x0
	mov	x0, #0x33ff		/* and floating point */
	msr	cptr_el2, x0
	mov	x0, #0x0800		/* SCTLR_EL1: MMU and caches off */
	movk	x0, #0x30d0, lsl #16
	msr	sctlr_el1, x0
	mov	x0, #0x3c5		/* EL1 with its own stack pointer, all masked */
	msr	spsr_el2, x0
	adr	x0, 2f
	msr	elr_el2, x0
	eret
2:	ldr	x0, =stack_top
	mov	sp, x0
	ldr	x0, =vectors
	msr	vbar_el1, x0
	isb
	ldr	x0, =bss_start
	ldr	x1, =bss_end
3:	cmp	x0, x1
	b.hs	4f
	str	xzr, [x0], #8
	b	3b
4:	mov	x29, #0			/* nobody called main: here debuggers end a stack */
	mov	x30, #0
	b	main

	.text
	.balign	2048
vectors:
	.rept	5
	b	.
	.balign	128
	.endr
	b	interrupted
	.balign	128
	.rept	10
	b	.
	.balign	128
	.endr

/* The UART's interrupt. The stub has looked at it before, and taken the byte. */
interrupted:
	stp	x29, x30, [sp, #-176]!
	stp	x0, x1, [sp, #16]
	stp	x2, x3, [sp, #32]
	stp	x4, x5, [sp, #48]
	stp	x6, x7, [sp, #64]
	stp	x8, x9, [sp, #80]
	stp	x10, x11, [sp, #96]
	stp	x12, x13, [sp, #112]
	stp	x14, x15, [sp, #128]
	stp	x16, x17, [sp, #144]
	str	x18, [sp, #160]
	bl	uart_interrupt
	ldr	x18, [sp, #160]
	ldp	x16, x17, [sp, #144]
	ldp	x14, x15, [sp, #128]
	ldp	x12, x13, [sp, #112]
	ldp	x10, x11, [sp, #96]
	ldp	x8, x9, [sp, #80]
	ldp	x6, x7, [sp, #64]
	ldp	x4, x5, [sp, #48]
	ldp	x2, x3, [sp, #32]
	ldp	x0, x1, [sp, #16]
	ldp	x29, x30, [sp], #176
	eret
	.section .note.GNU-stack, "", %progbits
