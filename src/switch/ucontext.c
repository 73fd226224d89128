/* SPDX-License-Identifier: MIT */
/*
 * The context switch by ucontext, for CPUs that have none in assembly and for
 * whoever asks for it (-Dswitch=ucontext).  The only file below libc/ that
 * calls libc; it also makes two system calls a switch, the first of them to have
 * the signal mask stay the thread's.
 */
#if defined(GEV_SWITCH_UCONTEXT) ||                                            \
	!(defined(__x86_64__) || defined(__aarch64__))

#include <signal.h>
#include <ucontext.h>
#include "switch/switch.h"

/* What a saved stack pointer points to. */
struct frame {
	ucontext_t context;
	void *value;
};

void *gev__switch(void **from_sp, void *to_sp, void *value)
{
	struct frame here;
	struct frame *there = to_sp;

	*from_sp = &here;
	there->value = value;
	sigprocmask(SIG_BLOCK, NULL, &there->context.uc_sigmask);
	swapcontext(&here.context, &there->context);
	return here.value;
}

void *gev__switch_call(void **from_sp, void *to_sp, void *value)
{
	return gev__switch(from_sp, to_sp, value);
}

/* makecontext() passes ints. */
static void start(unsigned entry_high, unsigned entry_low, unsigned self_high,
	unsigned self_low)
{
	uintptr_t entry = (uintptr_t)entry_high << 16 << 16 | entry_low;
	uintptr_t self = (uintptr_t)self_high << 16 << 16 | self_low;

	((void (*)(gev_coro *))entry)((gev_coro *)self);
}

void *gev__switch_frame(void *top, void (*entry)(gev_coro *self),
	gev_coro *self)
{
	uintptr_t at = ((uintptr_t)top - sizeof(struct frame)) & ~63UL;
	struct frame *f = (struct frame *)at;
	uintptr_t e = (uintptr_t)entry;
	uintptr_t s = (uintptr_t)self;

	getcontext(&f->context);
	f->context.uc_link = NULL;
	f->context.uc_stack.ss_sp = self->stack->low;
	f->context.uc_stack.ss_size = (char *)f - self->stack->low;
	makecontext(&f->context, (void (*)(void))start, 4,
		(unsigned)(e >> 16 >> 16), (unsigned)e,
		(unsigned)(s >> 16 >> 16), (unsigned)s);
	return f;
}

#endif
