/* SPDX-License-Identifier: MIT */
/*
 * What a program does with signals must not keep us from being told of its
 * calls: those come by SIGSYS, and a thread that blocks it dies of the next.
 */
#include <signal.h>
#include "base/mem.h"
#include "core/wait.h"
#include "run/call.h"
#include "run/thread.h"

#define BIT(signum) (1ul << ((signum) - 1))
#define MASK_SIZE 8
#define FLAG_RESTORER 0x04000000ul

/* As the kernel has it. */
struct action {
	void (*handler)(int signum);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

void gev__restorer(void); /* base/signal.c */

long gev__run_sigaction(struct gev__run_call *c)
{
	const struct action *wanted = (const void *)c->call.a[1];
	struct action a;

	if (!gev__run_catches || !wanted || c->call.a[3] != MASK_SIZE)
		return GEV__PASS;
	if (c->call.a[0] == SIGSYS)
		return 0;
	gev__copy(&a, wanted, sizeof(a));
	a.mask &= ~BIT(SIGSYS);
	if (a.flags & FLAG_RESTORER)
		a.restorer = gev__restorer;
	return gev__sys_raw(SYS_rt_sigaction, c->call.a[0], (long)&a,
		c->call.a[2], MASK_SIZE, 0, 0);
}

/* As libc does before a thread ends; perhaps all but its own two. */
static bool blocks_all(long how, unsigned long mask)
{
	return how == SIG_BLOCK &&
	       (mask | BIT(SIGSYS) | BIT(32) | BIT(33)) == ~0ul;
}

static void remember(struct gev__run_thread *t, const unsigned long *old)
{
	if (!t)
		return;
	t->task.mask = *old;
	t->task.has_mask = true;
}

void gev__run_restore_mask(const struct gev__run_thread *t)
{
	if (t->task.has_mask)
		gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &t->task.mask, NULL,
			MASK_SIZE);
}

long gev__run_sigprocmask(struct gev__run_call *c)
{
	const unsigned long *wanted = (const void *)c->call.a[1];
	unsigned long *old = (void *)c->call.a[2];
	unsigned long mask, before;
	long r;

	if (!gev__run_catches || !wanted || c->call.a[3] != MASK_SIZE)
		return GEV__PASS;
	mask = *wanted;
	if (c->call.a[0] != SIG_UNBLOCK)
		mask &= ~BIT(SIGSYS);
	r = gev__sys(SYS_rt_sigprocmask, c->call.a[0], &mask, &before,
		MASK_SIZE);
	if (r == 0 && blocks_all(c->call.a[0], mask))
		remember(gev__run_thread_here(), &before);
	if (r == 0 && old)
		*old = before;
	return r;
}

/* A signal's handler that has run is to end it; so far nothing does. */
long gev__run_pause(struct gev__run_call *c)
{
	struct gev_waiter w = { .what = "a signal", .shielded = true };

	(void)c;
	if (gev__run_threads == 1)
		return GEV__PASS;
	gev__park(&w, GEV_FOREVER);
	return -EINTR;
}
