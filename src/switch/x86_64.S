/* SPDX-License-Identifier: MIT */
/*
 * The context switch on x86-64 (System V ABI).
 *
 * Callee-saved registers only; the floating-point control words belong to the
 * thread.  It ends in pop+jmp: a ret would be predicted to go back to where
 * the coroutine that was left called from, and be wrong nearly every time (13
 * ns).  That suits a switch in tail position.  After any other, all returns of
 * the functions above would be predicted off by one: those use the second form.
 */
#if defined(__x86_64__) && !defined(GEV_SWITCH_UCONTEXT)

	.text

/* (void **from_sp, void *to_sp, void *value), the same for both forms */
	.macro swap
	push	%rbp			/* the six the caller wants back */
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	push	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	push	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	push	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	push	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	push	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	mov	%rsp, (%rdi)		/* *from_sp: where to find them */
	mov	%rsi, %rsp		/* to_sp: here the other's lie */
	mov	%rdx, %rax		/* value: what the other's call gives */
	pop	%r15			/* the other's six, in reverse */
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	pop	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	pop	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	pop	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	pop	%rcx			/* where the other goes on */
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rcx
	jmp	*%rcx			/* return, without ret */
	.endm

/* void *gev__switch(void **from_sp, void *to_sp, void *value) */
	.globl	gev__switch
	.hidden	gev__switch
	.type	gev__switch, @function
	.p2align 5
gev__switch:
	.cfi_startproc
	endbr64				/* may be called through a pointer */
	swap
	.cfi_endproc
	.size	gev__switch, . - gev__switch

/*
 * void *gev__switch_call(void **from_sp, void *to_sp, void *value)
 * for a caller that goes on afterwards: it goes on by way of a ret, which
 * takes the call back out of the processor's stack of predicted returns.
 */
	.globl	gev__switch_call
	.hidden	gev__switch_call
	.type	gev__switch_call, @function
	.p2align 5
gev__switch_call:
	.cfi_startproc
	endbr64				/* may be called through a pointer */
	lea	return(%rip), %rcx	/* first there, then to the caller */
	push	%rcx
	.cfi_adjust_cfa_offset 8
	swap
	.cfi_endproc
	.size	gev__switch_call, . - gev__switch_call

	.type	return, @function
	.cfi_startproc
	nop				/* unwinders look one byte before */
return:
	endbr64				/* is jumped to */
	ret
	.cfi_endproc
	.size	return, . - return

/*
 * void *gev__switch_frame(void *top, void (*entry)(gev_coro *), gev_coro *self)
 * lays out under top what gev__switch() is to pop at the first switch.
 */
	.globl	gev__switch_frame
	.hidden	gev__switch_frame
	.type	gev__switch_frame, @function
	.p2align 4
gev__switch_frame:
	.cfi_startproc
	endbr64				/* may be called through a pointer */
	lea	start(%rip), %rcx	/* the first switch goes to start */
	lea	-56(%rdi), %rax		/* seven words; the new stack pointer */
	mov	%rcx, 48(%rax)		/* rcx: start */
	movq	$0, 40(%rax)		/* rbp: no frame above */
	mov	%rdx, 32(%rax)		/* rbx: self */
	mov	%rsi, 24(%rax)		/* r12: entry */
	ret
	.cfi_endproc
	.size	gev__switch_frame, . - gev__switch_frame

/* The outermost frame of a coroutine. */
	.type	start, @function
	.p2align 4
start:
	.cfi_startproc
	.cfi_undefined rip		/* nobody called: backtraces end here */
	endbr64				/* is jumped to */
	mov	%rbx, %rdi		/* self */
	lea	bottom(%rip), %rcx	/* as if called from there */
	push	%rcx
	jmp	*%r12			/* entry(self), which never returns: */
bottom:					/* a call would leave the prediction */
	ud2				/* of all returns to come off by one */
	.cfi_endproc
	.size	start, . - start

#endif

	.section .note.GNU-stack, "", @progbits
