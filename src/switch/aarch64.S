/* SPDX-License-Identifier: MIT */
/*
 * The context switch on aarch64 (AAPCS64).
 *
 * Callee-saved registers only: x19 to x30 and the low halves of v8 to v15.  It
 * ends in ret although the prediction will be wrong: a br to where a program
 * built with branch protection called from would be a fault.
 */
#if defined(__aarch64__) && !defined(GEV_SWITCH_UCONTEXT)

	.text

/* void *gev__switch(void **from_sp, void *to_sp, void *value) */
	.globl	gev__switch
	.hidden	gev__switch
	.type	gev__switch, %function
	.p2align 5
gev__switch:
	.cfi_startproc
	hint	#34			/* bti c: may be called by pointer */
	sub	sp, sp, #160		/* room for twenty registers */
	.cfi_adjust_cfa_offset 160
	stp	x29, x30, [sp, #0]	/* frame pointer, return address */
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	stp	x19, x20, [sp, #16]	/* what else the caller wants back */
	.cfi_rel_offset x19, 16
	.cfi_rel_offset x20, 24
	stp	x21, x22, [sp, #32]
	.cfi_rel_offset x21, 32
	.cfi_rel_offset x22, 40
	stp	x23, x24, [sp, #48]
	.cfi_rel_offset x23, 48
	.cfi_rel_offset x24, 56
	stp	x25, x26, [sp, #64]
	.cfi_rel_offset x25, 64
	.cfi_rel_offset x26, 72
	stp	x27, x28, [sp, #80]
	.cfi_rel_offset x27, 80
	.cfi_rel_offset x28, 88
	stp	d8, d9, [sp, #96]	/* and the floating-point ones */
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x3, sp			/* sp itself can't be stored */
	str	x3, [x0]		/* *from_sp: where to find them */
	mov	sp, x1			/* to_sp: here the other's lie */
	mov	x0, x2			/* value: what the other's call gives */
	ldp	x29, x30, [sp, #0]	/* the other's, in the same order */
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160		/* as it was at the other's call */
	.cfi_adjust_cfa_offset -160
	.cfi_same_value x29
	.cfi_same_value x30
	ret				/* to where the other called from */
	.cfi_endproc
	.size	gev__switch, . - gev__switch

/* The form for callers that go on afterwards; here there is no difference. */
	.globl	gev__switch_call
	.hidden	gev__switch_call
	.set	gev__switch_call, gev__switch

/*
 * void *gev__switch_frame(void *top, void (*entry)(gev_coro *), gev_coro *self)
 * lays out under top what gev__switch() is to load at the first switch.
 */
	.globl	gev__switch_frame
	.hidden	gev__switch_frame
	.type	gev__switch_frame, %function
	.p2align 4
gev__switch_frame:
	.cfi_startproc
	hint	#34			/* bti c: may be called by pointer */
	adr	x3, start		/* the first switch goes to start */
	sub	x0, x0, #160		/* the new stack pointer */
	stp	xzr, x3, [x0, #0]	/* x29: no frame above; x30: start */
	stp	x2, x1, [x0, #16]	/* x19: self; x20: entry */
	ret
	.cfi_endproc
	.size	gev__switch_frame, . - gev__switch_frame

/* The outermost frame of a coroutine. */
	.type	start, %function
	.p2align 4
start:
	.cfi_startproc
	.cfi_undefined x30		/* nobody called: backtraces end here */
	mov	x0, x19			/* self */
	blr	x20			/* entry(self) */
	brk	#1			/* must not return */
	.cfi_endproc
	.size	start, . - start

#endif

	.section .note.GNU-stack, "", %progbits
