/* SPDX-License-Identifier: MIT */
/*
 * Where the stubs of a program that is run lie, and where they jump to.
 *
 * The kernel lets one range of addresses make system calls undisturbed, so the
 * stubs, which make those that are not for us, lie amid our own code.
 */

	.text

/* Their room; stub.c writes them.  Unwound is from a call that waits there,
 * which is made for the code that the jump behind it goes back to. */
	.globl	gev__run_stubs
	.hidden	gev__run_stubs
	.globl	gev__run_stubs_end
	.hidden	gev__run_stubs_end
	.p2align 12
gev__run_stubs:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	.cfi_escape 0x16, 16, 16	/* DW_CFA_val_expression rip, length */
	.cfi_escape 0x80, 0		/* DW_OP_breg16 0: the jump */
	.cfi_escape 0x12		/* DW_OP_dup */
	.cfi_escape 0x23, 1		/* DW_OP_plus_uconst: its distance */
	.cfi_escape 0x94, 4		/* DW_OP_deref_size */
	.cfi_escape 0x08, 32, 0x24	/* DW_OP_const1u, DW_OP_shl */
	.cfi_escape 0x08, 32, 0x26	/* DW_OP_const1u, DW_OP_shra */
	.cfi_escape 0x22		/* DW_OP_plus */
	.cfi_escape 0x23, 5		/* DW_OP_plus_uconst: from its end */
	.skip	65536, 0xcc
	.cfi_endproc
gev__run_stubs_end:

/*
 * rax holds the number, the other registers the arguments; on the stack, under
 * the caller's red zone, where to go back to, and where the stub makes the call
 * itself:
 *
 *	caller's stack | red zone, 128 | itself | back | rbp | the call ...
 *
 * As a syscall does it changes rax, rcx and r11 only.  How the call and the
 * caller's registers lie is struct gev__run_call's business.
 */
	.macro go_to where
	mov	\where(%rsp), %r11
	lea	144(%rsp), %rsp
	.cfi_remember_state
	.cfi_def_cfa_offset 0
	.cfi_register rip, r11
	jmp	*%r11
	.cfi_restore_state
	.endm

	.globl	gev__run_enter
	.hidden	gev__run_enter
	.type	gev__run_enter, @function
	.p2align 5
gev__run_enter:
	.cfi_startproc
	.cfi_def_cfa rsp, 144
	.cfi_offset rip, -144
	cmp	$512, %rax		/* GEV__PATCH_CALLS */
	jae	4f
	lea	gev__run_plain(%rip), %r11
	cmpb	$0, (%r11, %rax)
	je	4f
	cmpb	$0, gev__run_due(%rip)
	jne	4f
	decl	gev__run_credit(%rip)
	js	4f
	lea	gev__run_counts(%rip), %r11
	incq	(%r11, %rax, 8)
	go_to	8			/* itself */
4:
	push	%rbp
	.cfi_def_cfa_offset 152
	.cfi_offset rbp, -152
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	and	$-16, %rsp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rbp			/* frame */
	push	%r9
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rax			/* nr: 13 words */
	mov	%rsp, %rdi
	sub	$8, %rsp
	cld
	call	gev__run_dispatch
	cmpb	$0, gev__run_due(%rip)	/* signals: signals.h */
	jne	3f
2:
	add	$8, %rsp
	mov	%rdx, %rcx		/* whether to make the call */
	pop	%r11			/* nr */
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%r10
	pop	%r8
	pop	%r9
	mov	%rbp, %rsp
	pop	%rbp
	.cfi_def_cfa rsp, 144
	.cfi_restore rbp
	test	%ecx, %ecx
	jz	1f
	mov	%r11, %rax
	go_to	8			/* itself */
1:
	go_to	0			/* back */
3:
	.cfi_def_cfa rbp, 152
	.cfi_offset rbp, -152
	.cfi_offset rip, -144
	lea	8(%rsp), %rdi
	mov	%rax, %rsi
	call	gev__run_leave		/* (rdx: whether to make the call) */
	jmp	2b
	.cfi_endproc
	.globl	gev__run_enter_end
	.hidden	gev__run_enter_end
gev__run_enter_end:
	.size	gev__run_enter, . - gev__run_enter

/* reach.c: whether a byte is there, to be read or written. */
	.globl	gev__run_peek
	.hidden	gev__run_peek
	.type	gev__run_peek, @function
gev__run_peek:
	.cfi_startproc
	movb	(%rdi), %al
	mov	$1, %eax
	ret
	.cfi_endproc
	.size	gev__run_peek, . - gev__run_peek

	.globl	gev__run_poke
	.hidden	gev__run_poke
	.type	gev__run_poke, @function
	.globl	gev__run_not_there
	.hidden	gev__run_not_there
gev__run_poke:
	.cfi_startproc
	lock orb $0, (%rdi)
	mov	$1, %eax
	ret
gev__run_not_there:
	xor	%eax, %eax
	ret
	.cfi_endproc
	.size	gev__run_poke, . - gev__run_poke

	.section .note.GNU-stack, "", @progbits
