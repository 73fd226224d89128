/* SPDX-License-Identifier: MIT */
/*
 * Where signals come to us.  If it is the program that is interrupted, they are
 * handed out at once.  If we are, nothing can be touched: they are put aside
 * until the call under way is over, or the hub gets its turn.
 */
#include <errno.h>
#include <stdatomic.h>
#include "base/mem.h"
#include "loop/loop.h"
#include "run/engine.h"
#include "run/hub.h"
#include "run/reach.h"
#include "run/signals.h"

#define ROOM 64u

static struct arrived {
	siginfo_t info;
	struct gev__run_signals *to; /* NULL: any */
} arrived[ROOM];
static volatile unsigned head, tail;

volatile unsigned char gev__run_due;

static bool is_full(void)
{
	return tail - head == ROOM;
}

/* Of time that was taken: for whom it was taken by, but others can have it. */
static bool is_about_time(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL && (info->si_signo == SIGPROF ||
		info->si_signo == SIGVTALRM || info->si_signo == SIGXCPU);
}

static bool is_about_writing(const siginfo_t *info)
{
	return info->si_signo == SIGPIPE && info->si_code == SI_USER &&
	       info->si_pid == gev__sys(SYS_getpid);
}

/* The kernel sends some to the thread that does what they are about. */
static struct gev__run_signals *addressee(const siginfo_t *info)
{
	const struct gev_hub *hub = gev__hub_here();

	if (info->si_code == SI_TKILL)
		return &gev__run_first;
	if ((is_about_time(info) || is_about_writing(info)) && hub &&
		hub->thread->current != hub->coro)
		return gev__run_signals_here();
	return NULL;
}

static void put_aside(const siginfo_t *info)
{
	struct arrived *a;

	if (is_full())
		return; /* one of those that are never blocked */
	a = &arrived[__atomic_fetch_add(&tail, 1, __ATOMIC_RELAXED) % ROOM];
	gev__copy(&a->info, info, sizeof(a->info));
	a->to = addressee(info);
	gev__run_due = 1;
}

static bool is_fault(const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
		return info->si_code > 0;
	default:
		return false;
	}
}

/* The thread that did it: now, or it does it again, with no handler. */
static void on_fault(const siginfo_t *info, ucontext_t *uc)
{
	const uint64_t bit = GEV__SIGBIT(info->si_signo);
	struct gev__run_signals *s = gev__run_signals_here();

	if (gev__run_missed(uc))
		return;
	if (!gev__run_in_program(uc) || s->mask & bit ||
		gev__run_fate(info->si_signo) != GEV__HANDLED) {
		gev__run_give_back(info->si_signo);
		return;
	}
	gev__run_push(uc, s, info);
	gev__run_deliver(uc, NULL);
}

/* A call that would not end for it is to. */
static void end_call(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;

	if (g[REG_RIP] != (greg_t)gev__run_pass_at)
		return;
	g[REG_RIP] += GEV__SYSCALL_SIZE;
	g[REG_RAX] = -GEV__RESTART;
}

void gev__run_on_signal(int signum, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signum;
	if (is_fault(info)) {
		on_fault(info, uc);
		gev__run_mask_tell(uc);
		return;
	}
	gev__run_make_skipped(uc);
	put_aside(info);
	if (gev__run_in_program(uc)) {
		gev__run_distribute();
		gev__run_deliver(uc, NULL);
		gev__run_mask_tell(uc);
	} else {
		end_call(uc);
		gev__run_hub_alarm();
		if (is_full())
			gev__run_mask_all(uc);
	}
}

static bool lives(const struct gev__run_signals *s)
{
	const struct gev_list *node;

	gev__list_for_each(node, &gev__run_living)
		if (node == &s->node)
			return true;
	return false;
}

static bool can_have(const struct gev__run_signals *s, int signum)
{
	return lives(s) && !(s->mask & GEV__SIGBIT(signum));
}

static void hand_out(struct arrived *a)
{
	if (a->to && is_about_time(&a->info) &&
		!can_have(a->to, a->info.si_signo))
		a->to = NULL;
	if (!a->to)
		a->to = gev__run_timer_owner(&a->info);
	if (!a->to || lives(a->to))
		gev__run_send(&a->info, a->to);
}

void gev__run_distribute(void)
{
	bool full = is_full();
	struct arrived a;

	gev__run_due = 0;
	while (head != tail) {
		gev__copy(&a, &arrived[head % ROOM], sizeof(a));
		atomic_signal_fence(memory_order_seq_cst);
		head++;
		hand_out(&a);
	}
	if (full)
		gev__run_mask_apply();
	if (gev__run_waiting)
		gev__run_due = 1;
}

void gev__run_forget(void)
{
	head = tail;
}
