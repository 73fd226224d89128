/* SPDX-License-Identifier: MIT */
/*
 * pthread_cancel().
 *
 * libc sends the thread a signal, whose handler takes the thread pointer for
 * who is meant, and unwinds the stack it runs on.  So it must not run before
 * that is the right one.  What is for a greenlet is noted with its thread id,
 * and what is for the thread in its hub, for main; the call that it waits in
 * is ended, and on the way out of it, or into the next, it sends the signal to
 * itself.
 *
 * Another thread tells by a signal that libc's handler would not heed, as it
 * is queued with a value.
 */
#include "patch/cancel.h"
#include <errno.h>
#include "base/mem.h"
#include "core/greenlet.h"
#include "core/wait.h"
#include "patch/task.h"

atomic_int gev__cancels;

static bool is_blocked(void)
{
	uint64_t mask = 0;

	gev__sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	return mask >> (GEV__SIGCANCEL - 1) & 1;
}

/* Main's is its thread's. */
static bool is_due(const struct gev_hub *hub, const gev_greenlet *g)
{
	const gev_coro *c = g->coro;

	if (c->tcb != &c->thread->own)
		return gev__tid_is_marked(((struct gev__task *)c->tcb)->tid);
	return g == hub->main && hub->cancelled;
}

static void settle(struct gev_hub *hub, gev_greenlet *g)
{
	struct gev__task *task = gev__task_here();

	if (task) {
		gev__tid_unmark(task->tid);
	} else if (g == hub->main) {
		hub->cancelled = false;
		gev__cancels--;
	}
}

void gev__cancel_take(struct gev_hub *hub)
{
	gev_greenlet *g = hub->thread->current->greenlet;

	if (!is_due(hub, g) || is_blocked())
		return;
	settle(hub, g);
	hub->cancelling = true;
	gev__sys(SYS_tgkill, gev__sys(SYS_getpid), gev__sys(SYS_gettid),
		GEV__SIGCANCEL);
}

void gev__cancel_wake(struct gev_hub *hub)
{
	struct gev_list *node;

	gev__list_for_each(node, &hub->greenlets) {
		gev_greenlet *g = gev__container(node, gev_greenlet, all);
		struct gev_waiter *w = g->coro->waiter;

		if (g->call && w && !w->shielded && is_due(hub, g))
			gev__wake(w, -EINTR);
	}
}

static long tell(long thread)
{
	siginfo_t info;

	gev__zero(&info, sizeof(info));
	info.si_signo = GEV__SIGCANCEL;
	info.si_code = SI_QUEUE;
	return gev__sys(SYS_rt_tgsigqueueinfo, gev__sys(SYS_getpid), thread,
		GEV__SIGCANCEL, &info);
}

long gev__cancel_send(struct gev_hub *hub, long tid)
{
	long real = gev__tid_mark(tid);

	if (real == tid)
		return GEV__PASS;
	if (real < 0)
		return real;
	if (!hub || real != gev__sys(SYS_gettid))
		return tell(real);
	gev__cancel_wake(hub);
	return 0;
}

/* In code of its own. */
static bool main_runs(const struct gev_hub *hub)
{
	return hub->thread->current == hub->main->coro && !hub->main->call;
}

bool gev__cancel_arrived(const siginfo_t *info, bool *tell)
{
	struct gev_hub *hub = gev__hub_here();

	*tell = hub != NULL;
	if (info->si_code == SI_QUEUE)
		return false;
	if (!hub || hub->cancelling || main_runs(hub)) {
		*tell = false;
		if (hub)
			hub->cancelling = false;
		return true;
	}
	if (!hub->cancelled)
		gev__cancels++;
	hub->cancelled = true;
	return false;
}
