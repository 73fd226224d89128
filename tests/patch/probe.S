/* SPDX-License-Identifier: MIT */
/*
 * void probe(const struct registers *before, struct registers *after) makes
 * the system call nanosleep with all registers set, and says what they are
 * afterwards.
 */
#include <sys/syscall.h>

	.text
	.globl	probe
	.p2align 4

#if defined(__aarch64__)
	.type	probe, %function

	.macro	callee_saved op
	\op	x29, x30, [sp, #0]
	\op	x19, x20, [sp, #16]
	\op	x21, x22, [sp, #32]
	\op	x23, x24, [sp, #48]
	\op	x25, x26, [sp, #64]
	\op	x27, x28, [sp, #80]
	\op	d8, d9, [sp, #96]
	\op	d10, d11, [sp, #112]
	\op	d12, d13, [sp, #128]
	\op	d14, d15, [sp, #144]
	.endm

	/* All but x8 and x28, which holds where they are. */
	.macro	registers op
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15
	\op	x\n, [x28, #8 * \n]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30
	\op	x\n, [x28, #8 * \n]
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\op	q\n, [x28, #256 + 16 * \n]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	\op	q\n, [x28, #256 + 16 * \n]
	.endr
	\op	q30, [x28, #256 + 16 * 30]
	\op	q31, [x28, #256 + 16 * 31]
	.endm

probe:
	.cfi_startproc
	sub	sp, sp, #176
	.cfi_def_cfa_offset 176
	.cfi_offset x29, -176
	.cfi_offset x30, -168
	callee_saved stp
	str	x1, [sp, #160]
	mov	x28, x0
	ldr	x8, [x28, #768]
	msr	nzcv, x8
	registers ldr
	ldr	x28, [x28, #8 * 28]
	mov	x8, #SYS_nanosleep
	svc	#0
	str	x28, [sp, #168]
	ldr	x28, [sp, #160]
	str	x8, [x28, #8 * 8]
	mrs	x8, nzcv
	str	x8, [x28, #768]
	registers str
	ldr	x0, [sp, #168]
	str	x0, [x28, #8 * 28]
	callee_saved ldp
	add	sp, sp, #176
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	probe, . - probe

#elif defined(__x86_64__)
	.type	probe, @function

probe:
	.cfi_startproc
	.irp	r, rbx, rbp, r12, r13, r14, r15
	push	%\r
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \r, 0
	.endr
	push	%rsi
	.cfi_adjust_cfa_offset 8
	mov	0(%rdi), %rbx
	mov	8(%rdi), %rdx
	mov	16(%rdi), %rsi
	mov	32(%rdi), %rbp
	mov	40(%rdi), %r8
	mov	48(%rdi), %r9
	mov	56(%rdi), %r10
	mov	64(%rdi), %r12
	mov	72(%rdi), %r13
	mov	80(%rdi), %r14
	mov	88(%rdi), %r15
	mov	24(%rdi), %rdi
	mov	$SYS_nanosleep, %eax
	syscall
	mov	(%rsp), %rcx
	mov	%rbx, 0(%rcx)
	mov	%rdx, 8(%rcx)
	mov	%rsi, 16(%rcx)
	mov	%rdi, 24(%rcx)
	mov	%rbp, 32(%rcx)
	mov	%r8, 40(%rcx)
	mov	%r9, 48(%rcx)
	mov	%r10, 56(%rcx)
	mov	%r12, 64(%rcx)
	mov	%r13, 72(%rcx)
	mov	%r14, 80(%rcx)
	mov	%r15, 88(%rcx)
	mov	%rax, 96(%rcx)
	pop	%rsi
	.cfi_adjust_cfa_offset -8
	.irp	r, r15, r14, r13, r12, rbp, rbx
	pop	%\r
	.cfi_adjust_cfa_offset -8
	.endr
	ret
	.cfi_endproc
	.size	probe, . - probe
#else
probe:
#endif
	.section .note.GNU-stack, "", %progbits
