/* start.S - from reset to main: a stack, and zeros where C wants them. */
	.section .text.start, "ax"
	.global	_start
_start:
	ldr	x0, =stack_top
	mov	sp, x0
	ldr	x0, =bss_start
	ldr	x1, =bss_end
1:	cmp	x0, x1
	b.hs	2f
	str	xzr, [x0], #8
	b	1b
2:	bl	main
	.section .note.GNU-stack, "", %progbits
