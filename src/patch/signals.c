/* SPDX-License-Identifier: MIT */
/*
 * The program's signal handlers.
 *
 * One may interrupt gev itself, in the middle of a change.  So each is wrapped:
 * while it runs, on this thread, calls are the kernel's (but for a wake of a
 * futex, see futex_table.c, and for sigaction() itself).  The program is shown
 * its own handlers; gev's are left alone, and known by their restorer.
 *
 * A handler may not return, but leave by siglongjmp().  That puts back a mask of
 * signals that was saved elsewhere than on the handler's own stretch of stack,
 * which is how it is known.  Where there is no such mask, what is noted of a
 * handler is looked at before it is believed: the stack must be the one it ran
 * on, still deeper than the wrapper's frame, and that frame must be whole.
 *
 * The thread may have waited in its hub's poll, where no call of the program
 * could answer EINTR.  So that one does, main's is ended if it is in one, as
 * the main thread's would be: others go on.
 */
#include "patch/signals.h"
#include <sys/ucontext.h>
#include "base/lock.h"
#include "base/mem.h"
#include "base/signal.h"
#include "patch/cancel.h"
#include "patch/futex.h"
#include "patch/handlers.h"

#define SIGNALS 65 /* 1 to 64 */
#define MASK_BYTES 8
#define NESTED 8
#define WHOLE 0x6765762d7369676eul

struct frame {
	volatile uintptr_t whole;   /* WHOLE ^ its address */
};

/* A handler that runs. */
struct mark {
	struct frame *frame;
	uintptr_t low;              /* the stack's end, if it is the signals' */
	const gev_coro *coro;
};

static _Thread_local struct {
	volatile unsigned n;
	struct mark mark[NESTED];
} running __attribute__((tls_model("initial-exec")));

/* Written with all signals blocked; odd while it is. */
static struct {
	struct gev__lock lock;
	atomic_uint turn;
	struct gev__sigaction theirs[SIGNALS];
} shared;

static const gev_coro *current(void)
{
	struct gev__thread *t = gev__thread;

	return t ? t->current : NULL;
}

static bool still_runs(const struct mark *m, uintptr_t sp)
{
	if (sp >= (uintptr_t)m->frame || sp < m->low || m->coro != current())
		return false;
	return m->frame->whole == (WHOLE ^ (uintptr_t)m->frame);
}

/* More than there is room for are taken for the last of those. */
bool gev__patch_in_handler(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	unsigned n = running.n;

	while (n && !still_runs(&running.mark[(n < NESTED ? n : NESTED) - 1],
			    sp))
		n--;
	running.n = n;
	return n;
}

long gev__patch_rt_sigprocmask(struct gev_hub *hub, const long a[6])
{
	uintptr_t set = (uintptr_t)a[1];
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	unsigned n = running.n;

	(void)hub;
	if (n && n <= NESTED && a[0] == SIG_SETMASK && set && !a[2] &&
		gev__patch_in_handler() &&
		!(set > sp && set < (uintptr_t)running.mark[n - 1].frame))
		running.n = n - 1;
	return gev__patch_in_handler() ? GEV__PASS : gev__patch_change_mask(a);
}

static unsigned note(struct frame *frame, const ucontext_t *context)
{
	uintptr_t low = (uintptr_t)context->uc_stack.ss_sp;
	uintptr_t high = low + context->uc_stack.ss_size;
	uintptr_t at = (uintptr_t)frame;
	unsigned before = running.n;

	frame->whole = WHOLE ^ at;
	if (before < NESTED)
		running.mark[before] = (struct mark){ frame,
			at >= low && at < high ? low : 0, current() };
	running.n = before + 1;
	return before;
}

/* Read by what is a write, too: what was copied before can't move past it. */
static struct gev__sigaction theirs(int signum)
{
	struct gev__sigaction action;
	unsigned turn;

	do {
		turn = atomic_load_explicit(&shared.turn,
			memory_order_acquire);
		gev__copy(&action, &shared.theirs[signum], sizeof(action));
	} while (turn % 2 || turn != atomic_fetch_add_explicit(&shared.turn, 0,
					     memory_order_release));
	return action;
}

/* Those that even SA_RESTART does not start again. */
static bool starts_again(gev__handler *call)
{
	static gev__handler *const never[] = {
#if defined(__x86_64__)
		gev__patch_poll,
		gev__patch_select,
		gev__patch_epoll_wait,
#endif
		gev__patch_ppoll,
		gev__patch_pselect6,
		gev__patch_epoll_pwait,
		gev__patch_epoll_pwait2,
		gev__patch_nanosleep,
		gev__patch_clock_nanosleep,
	};

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (never[i] == call)
			return false;
	return true;
}

static void end_call_of_main(struct gev_hub *hub)
{
	gev_greenlet *g = hub->main;
	struct gev_waiter *w = g->coro->waiter;
	bool ends = hub->cut_short || !starts_again(g->call);

	hub->cut_short = false;
	if (g->call && w && !w->shielded && ends)
		gev__wake(w, -EINTR);
}

static int interrupt(void *arg)
{
	struct gev_hub *hub = arg;

	if (__atomic_exchange_n(&hub->interrupted, false, __ATOMIC_RELAXED))
		end_call_of_main(hub);
	gev__cancel_wake(hub);
	return 0;
}

static void tell_hub(struct gev_hub *hub)
{
	if (!gev_callback_pending(&hub->interrupt))
		gev_loop_run_callback_threadsafe(hub->loop, &hub->interrupt,
			interrupt, hub);
}

static void interrupt_main(const struct gev__sigaction *action)
{
	struct gev_hub *hub = gev__hub_here();

	if (!hub || !hub->main->call)
		return;
	if (!(action->flags & SA_RESTART))
		hub->cut_short = true;
	hub->interrupted = true;
	tell_hub(hub);
}

static void on_signal(int signum, siginfo_t *info, void *context)
{
	struct gev__sigaction action = theirs(signum);
	struct frame frame;
	unsigned before = note(&frame, context);

	if (action.flags & SA_SIGINFO)
		action.info_handler(signum, info, context);
	else
		action.handler(signum);
	frame.whole = 0;
	running.n = before;
	interrupt_main(&action);
}

/* Not noted: libc's may leave, to unwind the stack for good. */
static void on_cancel(int signum, siginfo_t *info, void *context)
{
	struct gev__sigaction action = theirs(signum);
	bool tell;

	if (gev__cancel_arrived(info, &tell))
		action.info_handler(signum, info, context);
	else if (tell)
		tell_hub(gev__hub_here());
}

static long kernel(int signum, const struct gev__sigaction *action,
	struct gev__sigaction *old)
{
	return gev__sys(SYS_rt_sigaction, signum, action, old, MASK_BYTES);
}

static bool is_function(const struct gev__sigaction *action)
{
	return action->handler != SIG_DFL && action->handler != SIG_IGN;
}

static bool is_wrapped(const struct gev__sigaction *action)
{
	return action->info_handler == on_signal ||
	       action->info_handler == on_cancel;
}

static unsigned long begin_change(void)
{
	unsigned long all = -1ul, old = 0;

	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, MASK_BYTES);
	gev__lock(&shared.lock);
	return old;
}

static void end_change(unsigned long old)
{
	gev__unlock(&shared.lock);
	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, MASK_BYTES);
}

static void set_theirs(int signum, const struct gev__sigaction *action)
{
	atomic_fetch_add_explicit(&shared.turn, 1, memory_order_acq_rel);
	gev__copy(&shared.theirs[signum], action, sizeof(*action));
	atomic_fetch_add_explicit(&shared.turn, 1, memory_order_release);
}

/* Their handler, by way of ours. */
static long wrap(int signum, const struct gev__sigaction *action,
	struct gev__sigaction *old)
{
	struct gev__sigaction before, ours;
	long r;

	gev__copy(&before, &shared.theirs[signum], sizeof(before));
	gev__copy(&ours, action, sizeof(ours));
	ours.info_handler = signum == GEV__SIGCANCEL ? on_cancel : on_signal;
	ours.flags |= SA_SIGINFO;
	if (!is_wrapped(action))
		set_theirs(signum, action);
	gev__futex_strangers = true; /* it may wake somebody */
	r = kernel(signum, &ours, old);
	if (r < 0)
		set_theirs(signum, &before);
	else if (is_wrapped(old))
		gev__copy(old, &before, sizeof(before));
	return r;
}

/* SA_RESETHAND leaves our flags with the default action. */
static void show(int signum, struct gev__sigaction *old)
{
	const struct gev__sigaction *t = &shared.theirs[signum];

	if (is_wrapped(old))
		gev__copy(old, t, sizeof(*old));
	else if (old->handler == SIG_DFL && old->flags & SA_RESETHAND)
		old->flags = t->flags;
}

/* Libc's own, by which all threads set their user, finds its way. */
static bool concerns(int signum)
{
	return signum > 0 && signum < SIGNALS && signum != 33;
}

long gev__patch_rt_sigaction(struct gev_hub *hub, const long a[6])
{
	const struct gev__sigaction *action = (const void *)a[1];
	struct gev__sigaction *old = (void *)a[2], was;
	int signum = (int)a[0];
	unsigned long mask;
	long r;

	(void)hub;
	if (!concerns(signum) || a[3] != MASK_BYTES)
		return GEV__PASS;
	mask = begin_change();
	if (action && is_function(action)) {
		r = wrap(signum, action, &was);
	} else {
		r = kernel(signum, action, &was);
		if (r == 0)
			show(signum, &was);
	}
	end_change(mask);
	if (r == 0 && old)
		gev__copy(old, &was, sizeof(was));
	return r;
}

void gev__patch_wrap_handlers(void)
{
	struct gev__sigaction action, old;
	unsigned long mask = begin_change();

	for (int i = 1; i < SIGNALS; i++)
		if (concerns(i) && kernel(i, NULL, &action) == 0 &&
			is_function(&action) && !is_wrapped(&action) &&
			!gev__is_own_handler(&action))
			wrap(i, &action, &old);
	end_change(mask);
}

void gev__patch_unwrap_handlers(void)
{
	struct gev__sigaction action;
	unsigned long mask = begin_change();

	for (int i = 1; i < SIGNALS; i++)
		if (concerns(i) && kernel(i, NULL, &action) == 0 &&
			is_wrapped(&action))
			kernel(i, &shared.theirs[i], NULL);
	end_change(mask);
}

void gev__patch_signals_forked(void)
{
	shared.lock = (struct gev__lock){ 0 };
}
