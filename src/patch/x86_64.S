/* SPDX-License-Identifier: MIT */
/*
 * Where the stubs jump to, on x86-64.
 *
 * rax holds the system call's number, the other registers its arguments.  On
 * the stack lies the address behind the syscall, under the caller's red zone,
 * like the return address of a call: 136 bytes below what rsp was.
 *
 *	caller's stack | red zone, 128 | back | rbp | the call: a[5] ... a[0], nr
 *
 * It goes on there with the result in rax; or at the syscall itself, two bytes
 * before, if the call is to be made after all.  Like a syscall it changes rax,
 * rcx and r11 only.  No call and no ret, so that the processor's predictions
 * of returns stay right.
 */
#if defined(__x86_64__)

	.text

	.macro go_back distance
	mov	(%rsp), %r11		/* back */
	.if	\distance
	sub	$\distance, %r11
	.endif
	lea	136(%rsp), %rsp
	.cfi_def_cfa_offset 0
	.cfi_register rip, r11
	jmp	*%r11
	.endm

	.globl	gev__patch_enter
	.hidden	gev__patch_enter
	.type	gev__patch_enter, @function
	.p2align 5
gev__patch_enter:
	.cfi_startproc
	.cfi_def_cfa rsp, 136
	.cfi_offset rip, -136
	endbr64				/* is jumped to */
	cmp	$512, %rax		/* GEV__PATCH_CALLS */
	jae	original
	lea	gev__patch_live(%rip), %r11
	cmpb	$0, (%r11, %rax)	/* somebody cares? */
	je	original
	push	%rbp
	.cfi_def_cfa_offset 144
	.cfi_offset rbp, -144
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	js	whole			/* GEV__LIVE_WHOLE; no flag has changed */
	and	$-16, %rsp
	push	%r9			/* (for alignment) */
call:
	push	%r9			/* struct gev__patch_call */
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rax
	mov	%rsp, %rdi
	call	gev__patch_dispatch
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
	.cfi_def_cfa rsp, 136
	.cfi_restore rbp
	.cfi_remember_state
	test	%ecx, %ecx
	jnz	again
	go_back	0
	.cfi_restore_state
again:
	mov	%r11, %rax
original:
	go_back	2
whole:
	.cfi_def_cfa rbp, 144
	.cfi_offset rbp, -144
	.cfi_offset rip, -136
	and	$-16, %rsp
	push	%r15			/* (for alignment) */
	push	%r15			/* what child.c calls registers */
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rbp			/* where rbp and back lie */
	jmp	call
	.cfi_endproc
	.size	gev__patch_enter, . - gev__patch_enter

/* A clone()'s child, by gev__switch(): rsp points at struct first's a[]. */
	.globl	gev__patch_begin
	.hidden	gev__patch_begin
	.type	gev__patch_begin, @function
	.p2align 4
	.cfi_startproc
	.cfi_def_cfa rsp, 56
	.cfi_offset rip, -8
	nop				/* unwinders look one byte before */
gev__patch_begin:
	endbr64				/* is jumped to */
	pop	%rdi
	.cfi_adjust_cfa_offset -8
	pop	%rsi
	.cfi_adjust_cfa_offset -8
	pop	%rdx
	.cfi_adjust_cfa_offset -8
	pop	%r10
	.cfi_adjust_cfa_offset -8
	pop	%r8
	.cfi_adjust_cfa_offset -8
	pop	%r9
	.cfi_adjust_cfa_offset -8
	pop	%r11			/* back */
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, r11
	xor	%eax, %eax		/* what clone() returns there */
	jmp	*%r11
	.cfi_endproc
	.size	gev__patch_begin, . - gev__patch_begin

#endif
	.section .note.GNU-stack, "", @progbits
