/* SPDX-License-Identifier: MIT */
/*
 * Where the stubs call, on aarch64.
 *
 * x8 holds the system call's number, x0 to x5 its arguments.  The stub has put
 * the pair of x29 and x30 on the stack, with the address behind the svc and
 * room for an answer; x30 leads back to it.
 *
 *	caller's stack | pass, back, x30, x29 | x17, x16 | all else | the call
 *
 * A svc changes x0 only: not even the condition flags, nor a vector register.
 * The kernel may do what it likes with SVE's; so may we, and do not look.
 *
 * The unwind tables tell x30 from the address to go back to, which are one
 * where functions call each other.  Column 96 is libgcc's for that, 32 (the
 * program counter) gdb's.
 */
#if defined(__aarch64__)

#define BACK 16			/* in the stub's frame */
#define PASS 24
#define FRAME 32

#define FLAGS 136		/* in ours; before it the x, behind the q */
#define LINK 144
#define VECTORS 160
#define SIZE 672

	.text

	.macro	pair op, a, b, at
	\op	\a, \b, [sp, #\at]
	.endm

	/* All but x0, x8, x16, x17 and what C functions keep. */
	.macro	general op
	pair	\op, x1, x2, 16
	pair	\op, x3, x4, 32
	pair	\op, x5, x6, 48
	pair	\op, x7, x9, 64
	pair	\op, x10, x11, 80
	pair	\op, x12, x13, 96
	pair	\op, x14, x15, 112
	.endm

	.macro	vectors op
	pair	\op, q0, q1, VECTORS
	pair	\op, q2, q3, VECTORS + 32
	pair	\op, q4, q5, VECTORS + 64
	pair	\op, q6, q7, VECTORS + 96
	pair	\op, q8, q9, VECTORS + 128
	pair	\op, q10, q11, VECTORS + 160
	pair	\op, q12, q13, VECTORS + 192
	pair	\op, q14, q15, VECTORS + 224
	pair	\op, q16, q17, VECTORS + 256
	pair	\op, q18, q19, VECTORS + 288
	pair	\op, q20, q21, VECTORS + 320
	pair	\op, q22, q23, VECTORS + 352
	pair	\op, q24, q25, VECTORS + 384
	pair	\op, q26, q27, VECTORS + 416
	pair	\op, q28, q29, VECTORS + 448
	pair	\op, q30, q31, VECTORS + 480
	.endm

	.globl	gev__patch_enter
	.hidden	gev__patch_enter
	.type	gev__patch_enter, %function
	.p2align 5
gev__patch_enter:
	.cfi_startproc
	.cfi_return_column 96
	.cfi_def_cfa sp, FRAME
	.cfi_offset x29, -FRAME
	.cfi_offset x30, 8 - FRAME
	.cfi_offset 96, BACK - FRAME
	.cfi_offset 32, BACK - FRAME
	hint	#34			/* bti c */
	stp	x16, x17, [sp, #-16]!
	.cfi_def_cfa_offset FRAME + 16
	.cfi_rel_offset x16, 0
	.cfi_rel_offset x17, 8
	mrs	x17, nzcv
	cmp	x8, #512		/* GEV__PATCH_CALLS */
	b.hs	1f
	adrp	x16, gev__patch_live
	add	x16, x16, :lo12:gev__patch_live
	ldrb	w16, [x16, x8]		/* somebody cares? */
	cbnz	w16, 2f
1:	str	x30, [sp, #16 + PASS]	/* yes: it is not 0 */
	msr	nzcv, x17
	ldp	x16, x17, [sp], #16
	.cfi_remember_state
	.cfi_def_cfa_offset FRAME
	.cfi_same_value x16
	.cfi_same_value x17
	ret
	.cfi_restore_state
2:	add	x29, sp, #16
	.cfi_def_cfa x29, FRAME
	sub	sp, sp, #SIZE
	str	x8, [sp, #0]		/* struct gev__patch_call: nr, */
	str	x0, [sp, #8]		/* a[0], and on with x1 */
	general	stp
	stp	x18, x17, [sp, #FLAGS - 8]
	str	x30, [sp, #LINK]
	vectors	stp
	mov	x0, sp
	bl	gev__patch_dispatch
	str	x1, [x29, #PASS]	/* whether to make the call */
	cbz	x1, 3f
	ldr	x0, [sp, #8]
3:	vectors	ldp
	ldr	x30, [sp, #LINK]
	ldp	x18, x17, [sp, #FLAGS - 8]
	general	ldp
	ldr	x8, [sp, #0]
	msr	nzcv, x17
	add	sp, sp, #SIZE
	.cfi_def_cfa sp, FRAME + 16
	ldp	x16, x17, [sp], #16
	.cfi_def_cfa_offset FRAME
	.cfi_same_value x16
	.cfi_same_value x17
	ret
	.cfi_endproc
	.size	gev__patch_enter, . - gev__patch_enter

#endif
	.section .note.GNU-stack, "", %progbits
