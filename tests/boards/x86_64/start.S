/* start.S - a PC as QEMU starts it with -kernel (PVH): from 32-bit protected mode to demo_start, the
 * firmware's own gates, and the switch between tasks. */

/* What each core does once it is in long mode: its segments, a stack, a function that ends never. */
	.macro	BEGIN stack, body
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$\stack, %esp
	xorl	%ebp, %ebp
	call	\body
9:	hlt
	jmp	9b
	.endm

/* Page tables, PAE, FXSAVE and SSE exceptions, long mode, paging and write protection. */
	.macro	LONG_MODE
	movl	$level4, %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$0x620, %eax
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx		/* EFER */
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~0x6000000c, %eax		/* caches are on, no coprocessor emulated */
	orl	$0x80010003, %eax
	movl	%eax, %cr0
	.endm

	.section .note.pvh, "a", @note
	.long	4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	_start

	.set	APIC, 0xfee00000

	.section .text.start, "ax"
	.code32
	.global	_start
_start:
	cld
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	xorl	%eax, %eax
	rep stosb
	/* Pages of 2 MB, 128 MB of them; the fifth (rom) and the ninth (flash) are read-only. */
	movl	$level3 + 3, level4
	movl	$level2 + 3, level3
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$0x83, %eax
	movl	%eax, level2(, %ecx, 8)
	incl	%ecx
	cmpl	$64, %ecx
	jb	1b
	movl	$0x800081, level2 + 4 * 8
	movl	$0x1000081, level2 + 8 * 8
	movl	$level2_of_devices + 3, level3 + 3 * 8
	movl	$APIC + 0x9b, level2_of_devices + (APIC >> 21 & 511) * 8
	LONG_MODE
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	.code64
long_mode:
	BEGIN	stack_top, demo_start

	.global	second_long_mode
	.type	second_long_mode, @function
second_long_mode:
	.cfi_startproc
	.cfi_undefined rip
	BEGIN	second_stack_top, second_main
	.cfi_endproc
	.size	second_long_mode, . - second_long_mode

	.section .rodata
	.balign	8
gdt:
	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

/* The second core, in real mode, once this is copied to a page below 1 MB, which CS names; the page
 * tables are made. */
	.code16
	.global	second_entry, second_entry_end
second_entry:
	LONG_MODE
	lgdtl	%cs:second_gdt_pointer - second_entry
	ljmpl	$8, $second_long_mode
second_gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt
second_entry_end:

	.bss
	.balign	4096
level4:	.skip	4096
level3:	.skip	4096
level2:	.skip	4096
level2_of_devices:
	.skip	4096
	.skip	4096
second_stack_top:

	.text
	.code64
/* Where no other gate leads: the end. */
	.global	gate_of_the_rest
gate_of_the_rest:
	cli
	hlt
	jmp	gate_of_the_rest

	.macro	INTERRUPT label, handler
	.global	\label
	.type	\label, @function
\label:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld
	.global	\handler\()_begin, \handler\()_end
\handler\()_begin:
	call	\handler
	nop
\handler\()_end:
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	iretq
	.size	\label, . - \label
	.endm

	INTERRUPT gate_of_timer, machine_timer
	INTERRUPT gate_of_uart, machine_uart

/* The second core's: all registers onto the stack, as board.h wants them. */
	.global	gate_of_second
gate_of_second:
	pushq	$-1
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	second_interrupt
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp
	.global	gate_of_nothing
gate_of_nothing:
	iretq

	.global	gate_of_supervisor
gate_of_supervisor:
	incq	supervisor_calls(%rip)
	iretq

/* void switch_stacks(uint64_t *from, uint64_t to) */
	.global	switch_stacks
	.type	switch_stacks, @function
switch_stacks:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	switch_stacks, . - switch_stacks

/* Where a task begins: rbx is its body, and nobody called it. */
	.global	task_entry
	.type	task_entry, @function
task_entry:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	call	*%rbx
	jmp	.
	.cfi_endproc
	.size	task_entry, . - task_entry

	.global	undefined_instruction
	.type	undefined_instruction, @function
undefined_instruction:
	ud2
	ret
	.size	undefined_instruction, . - undefined_instruction

	.global	wild_stack
	.type	wild_stack, @function
wild_stack:
	movq	%rsp, %rax
	movabsq	$0x123456789000, %rsp
	pushq	%rax
	movq	%rax, %rsp
	ret
	.size	wild_stack, . - wild_stack

	.global	own_breakpoint
	.type	own_breakpoint, @function
own_breakpoint:
	int3
	ret
	.size	own_breakpoint, . - own_breakpoint

	.global	call_supervisor
	.type	call_supervisor, @function
call_supervisor:
	int	$0x80
	nop
	ret
	.size	call_supervisor, . - call_supervisor

	.global	waits
	.type	waits, @function
waits:
	hlt
	movl	$42, %eax
	ret
	.size	waits, . - waits

	.section .note.GNU-stack, "", @progbits
