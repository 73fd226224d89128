/* SPDX-License-Identifier: MIT */
/*
 * What the program wants of each signal; the kernel is told of it that those
 * which have a handler come to ours, on a stack of its own.
 *
 * SIGSYS is how the program's calls come to us: the program can neither have
 * nor block it.
 */
#include "run/signals.h"
#include "base/mem.h"
#include "base/signal.h"
#include "run/thread.h"

#define KEPT (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT)
#define STACK_SIZE 65536

void gev__sigaction_return(void); /* base/signal.c */

static struct gev__run_action actions[GEV__SIGNALS + 1];
static uint64_t hooked;
static char stack[STACK_SIZE] __attribute__((aligned(64)));

const struct gev__run_action *gev__run_action(int signum)
{
	return &actions[signum];
}

static bool is_harmless(int signum)
{
	return signum == SIGCHLD || signum == SIGURG || signum == SIGWINCH ||
	       signum == SIGCONT;
}

enum gev__run_fate gev__run_fate(int signum)
{
	if (actions[signum].handler == SIG_IGN)
		return GEV__IGNORED;
	if (actions[signum].handler != SIG_DFL)
		return GEV__HANDLED;
	return is_harmless(signum) ? GEV__IGNORED : GEV__DEFAULT;
}

static long tell(int signum, const struct gev__run_action *a)
{
	return gev__sys(SYS_rt_sigaction, signum, a, NULL, GEV__MASK_SIZE);
}

/*
 * One that is ignored, but hooked, may be for a thread that blocks it and waits
 * for it; the kernel knows of no such thread and would forget it.  (make(1) has
 * its children ignore the one that libc's timers use.)  SIGPIPE is for who
 * writes.
 */
static bool is_kernels_own(int signum)
{
	const struct gev__run_action *a = &actions[signum];

	if (a->handler != SIG_DFL && a->handler != SIG_IGN)
		return false;
	if (!(hooked & GEV__SIGBIT(signum)))
		return true;
	return a->handler == SIG_IGN && signum == SIGPIPE;
}

static long tell_kernel(int signum)
{
	struct gev__run_action a = actions[signum];

	if (is_kernels_own(signum))
		return tell(signum, &a);
	a.handler = (void (*)(int))(void *)gev__run_on_signal;
	a.flags &= KEPT;
	a.flags |= SA_SIGINFO | SA_ONSTACK | GEV__SA_RESTORER;
	a.restorer = gev__sigaction_return;
	a.mask = ~GEV__SIGBIT(SIGSYS);
	return tell(signum, &a);
}

bool gev__run_on_own_stack(uintptr_t at)
{
	return at - (uintptr_t)stack < sizeof(stack);
}

void gev__run_hook(int signum)
{
	if (hooked & GEV__SIGBIT(signum) || signum == SIGSYS)
		return;
	hooked |= GEV__SIGBIT(signum);
	tell_kernel(signum);
}

void gev__run_action_reset(int signum)
{
	actions[signum].handler = SIG_DFL;
	tell_kernel(signum);
}

void gev__run_give_back(int signum)
{
	const struct gev__run_action none = { .handler = SIG_DFL };

	tell(signum, &none);
}

static bool only_stops(int signum)
{
	return signum == SIGTSTP || signum == SIGTTIN || signum == SIGTTOU;
}

/* The first process is not ended by signals of its own. */
static bool is_init(void)
{
	return gev__sys(SYS_getpid) == 1;
}

void gev__run_default(int signum)
{
	const uint64_t bit = GEV__SIGBIT(signum);
	uint64_t mask;

	if (!only_stops(signum) && !is_init())
		gev__run_threads_end();
	gev__run_give_back(signum);
	gev__sys(SYS_tgkill, gev__sys(SYS_getpid), gev__sys(SYS_gettid),
		signum);
	gev__sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &bit, &mask, GEV__MASK_SIZE);
	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, GEV__MASK_SIZE);
	tell_kernel(signum);
}

static void forget_pending(int signum)
{
	struct gev_list *node;

	gev__run_drop(&gev__run_shared, GEV__SIGBIT(signum));
	gev__list_for_each(node, &gev__run_living)
		gev__run_drop(&gev__container(node, struct gev__run_signals,
				      node)->queue, GEV__SIGBIT(signum));
}

static long set(int signum, const struct gev__run_action *wanted)
{
	long r = 0;

	actions[signum] = *wanted;
	actions[signum].mask &=
		~(GEV__SIGBIT(SIGKILL) | GEV__SIGBIT(SIGSTOP));
	if (signum != SIGSYS)
		r = tell_kernel(signum);
	if (gev__run_fate(signum) == GEV__IGNORED)
		forget_pending(signum);
	return r;
}

static bool is_settable(long signum)
{
	return signum > 0 && signum <= GEV__SIGNALS && signum != SIGKILL &&
	       signum != SIGSTOP;
}

long gev__run_sigaction(struct gev__run_call *c)
{
	const struct gev__run_action *wanted = (const void *)c->call.a[1];
	struct gev__run_action *old = (void *)c->call.a[2];
	long signum = (int)c->call.a[0];
	struct gev__run_action before, now;

	if (!gev__run_catches || c->call.a[3] != GEV__MASK_SIZE ||
		!is_settable(signum))
		return GEV__PASS;
	before = actions[signum];
	if (wanted) {
		now = *wanted;
		set((int)signum, &now);
	}
	if (old)
		*old = before;
	return 0;
}

/* The kernel's table is the process's own also where the memory is not. */
static bool is_ours(int signum)
{
	struct gev__run_action a;

	return actions[signum].handler == SIG_IGN &&
	       gev__sys(SYS_rt_sigaction, signum, NULL, &a, GEV__MASK_SIZE) ==
		       0 &&
	       a.handler == (void (*)(int))(void *)gev__run_on_signal;
}

uint64_t gev__run_ignore(void)
{
	uint64_t ignored = 0;

	for (uint64_t left = hooked; left; left &= left - 1) {
		const int signum = __builtin_ctzl(left) + 1;

		if (!is_ours(signum))
			continue;
		tell(signum, &actions[signum]);
		ignored |= GEV__SIGBIT(signum);
	}
	return ignored;
}

void gev__run_heed(uint64_t ignored)
{
	for (; ignored; ignored &= ignored - 1)
		tell_kernel(__builtin_ctzl(ignored) + 1);
}

/* A child that has borrowed our memory asks what is ignored, to keep it. */
long gev__run_sigaction_borrowed(struct gev__run_call *c)
{
	const long signum = (int)c->call.a[0];
	struct gev__run_action *old = (void *)c->call.a[2];
	long r;

	if (c->call.a[1] || !old || c->call.a[3] != GEV__MASK_SIZE ||
		!is_settable(signum) || !is_ours((int)signum))
		return GEV__PASS;
	r = gev__sys(SYS_rt_sigaction, signum, NULL, old, GEV__MASK_SIZE);
	if (r == 0)
		*old = actions[signum];
	return r;
}

/* The first thread's own stack for signals makes way for ours. */
static void take_stack(void)
{
	const stack_t ours = { .ss_sp = stack, .ss_size = sizeof(stack) };

	gev__sys(SYS_sigaltstack, NULL, &gev__run_first.stack);
	gev__sys(SYS_sigaltstack, &ours, NULL);
}

void gev__run_signals_begin(void)
{
	uint64_t mask;

	take_stack();
	for (int i = 1; i <= GEV__SIGNALS; i++) {
		if (i == SIGSYS)
			continue;
		gev__sys(SYS_rt_sigaction, i, NULL, &actions[i],
			GEV__MASK_SIZE);
		if (gev__run_fate(i) == GEV__HANDLED)
			tell_kernel(i);
	}
	gev__sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, GEV__MASK_SIZE);
	gev__run_signals_join(&gev__run_first, NULL);
	gev__run_mask_set(&gev__run_first, mask);
	gev__run_first.tid = (int)gev__sys(SYS_gettid);
	gev__run_mask_apply();
	gev__run_hook(SIGPIPE);
	gev__run_hook(SIGSEGV);
	gev__run_hook(SIGBUS);
}
