/* loop_x86_64.S - the loop of prog.c, in assembler so that every instruction in it is known:
 *     for (;;) { hot: prog_hits++;  for (rcx = prog_laps; --rcx; ) ; }
 * The inner loop is two instructions a lap. */
	.data
	.balign 8
	.globl	prog_hits, prog_laps
prog_hits:
	.quad	0
prog_laps:
	.quad	1

	.text
	.globl	prog_loop, prog_hot, prog_lap_count, prog_lap, prog_lap_end
	.type	prog_loop, @function
prog_loop:
	call	prog_hot
prog_lap_count:
	mov	prog_laps(%rip), %rcx
prog_lap:
	dec	%rcx
	jnz	prog_lap
prog_lap_end:
	jmp	prog_loop
	.size	prog_loop, . - prog_loop

	.type	prog_hot, @function
prog_hot:
	incq	prog_hits(%rip)
	ret
	.size	prog_hot, . - prog_hot

	.section .note.GNU-stack, "", @progbits
