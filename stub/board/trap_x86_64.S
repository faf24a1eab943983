/* trap_x86_64.S - exceptions into the stub and back (Intel SDM volume 3, "Interrupt and Exception
 * Handling"), and the few things that C cannot say: one load or store that may fault, and a call
 * that may.
 *
 * The gates name a stack of the stub's for the CPU to push on, so a wild RSP is survived and no red
 * zone is touched; the registers are then put by, and the stub goes over to its own stack. An
 * exception that finds RSP inside that one is the stub's own: a fault of load or store makes that
 * one return false, one in a guarded call makes that return false, any other starts serving anew.
 * One at the IRETQ that would let the firmware go on says that it cannot from there. */
#include "stub/board/trap.h"

	.section .text.stub_board, "ax"

#define R15 0
#define R14 8
#define R13 16
#define R12 24
#define RBP 32
#define RBX 40
#define R11 48
#define R10 56
#define R9 64
#define R8 72
#define RAX 80
#define RCX 88
#define RDX 96
#define RSI 104
#define RDI 112
#define UNUSED 120
#define RIP 128
#define CS 136
#define FLAGS 144
#define RSP 152
#define SS 160
#define DS 184
#define ES 192
#define FS 200
#define GS 208

/* One for each of the first 32 vectors, 16 bytes apart. */
	.global	stub_board_gates
	.balign	16
stub_board_gates:
	.set	vector, 0
	.rept	32
	.balign	16
	.if	vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
		vector == 29 || vector == 30
	.else
	pushq	$0
	.endif
	pushq	$vector
	jmp	enter
	.set	vector, vector + 1
	.endr

/* All but rax, rcx and what the CPU has pushed; rax: the board. */
	.macro	PUT_BY
	movq	%r15, R15(%rax)
	movq	%r14, R14(%rax)
	movq	%r13, R13(%rax)
	movq	%r12, R12(%rax)
	movq	%rbp, RBP(%rax)
	movq	%rbx, RBX(%rax)
	movq	%r11, R11(%rax)
	movq	%r10, R10(%rax)
	movq	%r9, R9(%rax)
	movq	%r8, R8(%rax)
	movq	%rdx, RDX(%rax)
	movq	%rsi, RSI(%rax)
	movq	%rdi, RDI(%rax)
	movl	%ds, %ecx
	movq	%rcx, DS(%rax)
	movl	%es, %ecx
	movq	%rcx, ES(%rax)
	movl	%fs, %ecx
	movq	%rcx, FS(%rax)
	movl	%gs, %ecx
	movq	%rcx, GS(%rax)
	.endm

/* All but rbx, which is the board, and rsp. */
	.macro	PUT_BACK
	movq	R15(%rbx), %r15
	movq	R14(%rbx), %r14
	movq	R13(%rbx), %r13
	movq	R12(%rbx), %r12
	movq	RBP(%rbx), %rbp
	movq	R11(%rbx), %r11
	movq	R10(%rbx), %r10
	movq	R9(%rbx), %r9
	movq	R8(%rbx), %r8
	movq	RAX(%rbx), %rax
	movq	RCX(%rbx), %rcx
	movq	RDX(%rbx), %rdx
	movq	RSI(%rbx), %rsi
	movq	RDI(%rbx), %rdi
	.endm

/* On to the stub's own stack; rax: the board, which is then in rbx and rdi. */
	.macro	CHANGE_STACK
	movq	%rax, %rbx
	movq	%rax, %rdi
	movq	TRAP_STACK_LOW(%rbx), %rsp
	addq	TRAP_STACK_SIZE(%rbx), %rsp
	xorl	%ebp, %ebp
	cld
	.endm

/* 0: rcx, rax, 16: vector, error code, 32: rip, cs, flags, 56: rsp, ss */
enter:
	pushq	%rax
	pushq	%rcx
	movq	stub_board_here(%rip), %rax
	movq	56(%rsp), %rcx
	subq	TRAP_STACK_LOW(%rax), %rcx
	cmpq	TRAP_STACK_SIZE(%rax), %rcx
	jbe	nested
	leaq	back(%rip), %rcx
	cmpq	%rcx, 32(%rsp)
	je	refused
	PUT_BY
	movq	%cr2, %rcx
	movq	%rcx, TRAP_ADDRESS(%rax)
	popq	RCX(%rax)
	popq	RAX(%rax)
	popq	TRAP_CAUSE(%rax)
	popq	TRAP_CODE(%rax)
	popq	RIP(%rax)
	popq	CS(%rax)
	popq	FLAGS(%rax)
	popq	RSP(%rax)
	popq	SS(%rax)
	movq	$-1, UNUSED(%rax)
	CHANGE_STACK
	call	stub_board_trapped

/* rbx: the board. Back into the firmware, as its registers are now. */
resume:
	movq	TRAP_EXIT(%rbx), %rsp
	pushq	SS(%rbx)
	pushq	RSP(%rbx)
	pushq	FLAGS(%rbx)
	pushq	CS(%rbx)
	pushq	RIP(%rbx)
	PUT_BACK
	movq	RBX(%rbx), %rbx
back:
	iretq

/* The registers are still where they were put by. */
refused:
	movq	16(%rsp), %rcx
	movq	%rcx, TRAP_CAUSE(%rax)
	movq	24(%rsp), %rcx
	movq	%rcx, TRAP_CODE(%rax)
	CHANGE_STACK
	call	stub_board_trapped
	jmp	resume

/* An exception inside the stub. */
nested:
	cmpq	$1, 16(%rsp)
	je	1f
	leaq	stub_board_load(%rip), %rcx
	cmpq	%rcx, 32(%rsp)
	jb	2f
	leaq	touch_fault(%rip), %rcx
	cmpq	%rcx, 32(%rsp)
	jae	2f
	movq	%rcx, 32(%rsp)
1:	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq
2:	leaq	guard_fault(%rip), %rcx
	movq	%rcx, 32(%rsp)
	cmpq	$0, TRAP_GUARDED(%rax)
	jne	1b
	CHANGE_STACK
	call	stub_board_again
	jmp	resume

/* The interrupt that is looked at, on the firmware's stack: 0: rip, cs, flags, 24: rsp, ss. Its own
 * handler has it next in any case, since only that one can end it; what the debugger changed goes
 * back to where that one's IRETQ will find it. */
	.global	stub_board_interrupted
stub_board_interrupted:
	pushq	%rax
	pushq	%rcx
	movq	stub_board_here(%rip), %rax
	PUT_BY
	popq	RCX(%rax)
	popq	RAX(%rax)
	movq	%rsp, TRAP_ENTRY_SP(%rax)
	popq	RIP(%rax)
	popq	CS(%rax)
	popq	FLAGS(%rax)
	popq	RSP(%rax)
	popq	SS(%rax)
	movq	$-1, UNUSED(%rax)
	CHANGE_STACK
	call	stub_board_looked
	movq	TRAP_ENTRY_SP(%rbx), %rsp
	addq	$40, %rsp
	pushq	SS(%rbx)
	pushq	RSP(%rbx)
	pushq	FLAGS(%rbx)
	pushq	CS(%rbx)
	pushq	RIP(%rbx)
	pushq	TRAP_OLD(%rbx)
	PUT_BACK
	movq	RBX(%rbx), %rbx
	ret

/* bool stub_board_load(uint64_t address, unsigned width, uint64_t *value) */
	.global	stub_board_load
stub_board_load:
	xorl	%ecx, %ecx
	cmpl	$4, %esi
	je	2f
	ja	3f
	cmpl	$2, %esi
	je	1f
	movb	(%rdi), %cl
	jmp	4f
1:	movw	(%rdi), %cx
	jmp	4f
2:	movl	(%rdi), %ecx
	jmp	4f
3:	movq	(%rdi), %rcx
4:	movq	%rcx, (%rdx)
	movl	$1, %eax
	ret

/* bool stub_board_store(uint64_t address, unsigned width, uint64_t value) */
	.global	stub_board_store
stub_board_store:
	cmpl	$4, %esi
	je	2f
	ja	3f
	cmpl	$2, %esi
	je	1f
	movb	%dl, (%rdi)
	jmp	4f
1:	movw	%dx, (%rdi)
	jmp	4f
2:	movl	%edx, (%rdi)
	jmp	4f
3:	movq	%rdx, (%rdi)
4:	movl	$1, %eax
	ret
touch_fault:
	xorl	%eax, %eax
	ret

/* bool stub_board_guard(struct board *b, void (*deed)(void *), void *argument) */
	.global	stub_board_guard
stub_board_guard:
	movq	%rbx, TRAP_GUARD(%rdi)
	movq	%rbp, TRAP_GUARD + 8(%rdi)
	movq	%r12, TRAP_GUARD + 16(%rdi)
	movq	%r13, TRAP_GUARD + 24(%rdi)
	movq	%r14, TRAP_GUARD + 32(%rdi)
	movq	%r15, TRAP_GUARD + 40(%rdi)
	movq	%rsp, TRAP_GUARD + 48(%rdi)
	movq	$1, TRAP_GUARDED(%rdi)
	movq	%rsi, %rax
	movq	%rdi, %rbx
	movq	%rdx, %rdi
	subq	$8, %rsp
	call	*%rax
	movl	$1, %eax
	jmp	1f
guard_fault:
	xorl	%eax, %eax
1:	movq	stub_board_here(%rip), %rdi
	movq	$0, TRAP_GUARDED(%rdi)
	movq	TRAP_GUARD(%rdi), %rbx
	movq	TRAP_GUARD + 8(%rdi), %rbp
	movq	TRAP_GUARD + 16(%rdi), %r12
	movq	TRAP_GUARD + 24(%rdi), %r13
	movq	TRAP_GUARD + 32(%rdi), %r14
	movq	TRAP_GUARD + 40(%rdi), %r15
	movq	TRAP_GUARD + 48(%rdi), %rsp
	cld
	ret

/* The ways into the stub that the firmware calls. */
	.global	stub_board_visit
stub_board_visit:
	int3
	ret

	.global	stub_board_stop
stub_board_stop:
	int3
	ret

	.global	stub_board_ask
stub_board_ask:
	int3
	ret

	.section .note.GNU-stack, "", @progbits
