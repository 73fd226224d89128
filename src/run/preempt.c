/* SPDX-License-Identifier: MIT */
/*
 * Threads that compute and make no calls.
 *
 * A timer sends the kernel thread a SIGSYS, the signal that is ours anyway: the
 * program can't block it, nor have it.  If that interrupts the program, the
 * handler lets the others run.  What the thread had in registers, vectors and
 * masks included, the kernel has put on a stack of ours, and takes from there
 * when the thread goes on.
 *
 * It never runs while we do (gev__run_inside), nor in the few instructions
 * before and after, which are of our own text.  Some time later will do.
 *
 * There are two timers.  That of CPU time finds out that somebody computes, at
 * no cost to who does not, but the kernel looks at such a few milliseconds
 * late.  So from then on there is one of the clock as well: for the next
 * timeout, whosever it is, and every now and then for descriptors, sooner where
 * that was of use.
 */
#include "run/preempt.h"
#include "base/clock.h"
#include "base/sys.h"
#include "run/call.h"
#include "run/engine.h"
#include "run/reach.h"
#include "run/run.h"
#include "run/spin.h"

#define PERIOD 5000000 /* ns of CPU time */
#define INTERVAL_MIN GEV_US(200)
#define INTERVAL_MAX GEV_MS(2)

/*
 * As the kernel's own: timeouts that lie close together are one.  CPython goes
 * by it: who asks for its lock first would always come last to have it.
 */
#define SLACK GEV_US(50)

struct timer {
	int clock;
	int id;
	bool made;
};

static struct timer computing = { .clock = CLOCK_THREAD_CPUTIME_ID };
static struct timer soon = { .clock = CLOCK_MONOTONIC };
static bool armed;
static gev_time interval = INTERVAL_MAX;
static bool for_timeout;       /* and not for descriptors */

volatile gev_time gev__run_tick_due;
volatile bool gev__run_tick_missed;

static long set(const struct timer *t, int flags, gev_time at, gev_time period)
{
	const struct itimerspec s = {
		.it_value = { at / GEV_SEC(1), at % GEV_SEC(1) },
		.it_interval = { 0, period },
	};

	return gev__sys(SYS_timer_settime, t->id, flags, &s, NULL);
}

static void make(struct timer *t)
{
	struct sigevent e = { .sigev_signo = SIGSYS,
		.sigev_notify = SIGEV_THREAD_ID };

	if (t->made)
		return;
	e._sigev_un._tid = (int)gev__sys(SYS_gettid);
	t->made = gev__sys(SYS_timer_create, t->clock, &e, &t->id) == 0;
}

/* Without such timers threads that compute hold up the others. */
static void say_unarmed(void)
{
	static bool said;

	if (!said)
		gev__run_say("no timer: threads that compute ",
			"hold up the others");
	said = true;
}

void gev__run_preempt_begin(void)
{
	if (armed)
		return;
	make(&computing);
	make(&soon);
	armed = computing.made && set(&computing, 0, PERIOD, PERIOD) == 0;
	if (!armed)
		say_unarmed();
}

void gev__run_preempt_forked(void)
{
	computing.made = soon.made = armed = false;
	gev__run_tick_due = 0;
}

static void end(void)
{
	set(&computing, 0, 0, 0);
	armed = false;
}

void gev__run_tick_later(void)
{
	gev__run_tick_due = 0;
	set(&soon, 0, 0, 0);
}

static void tick_at(gev_time at, gev_time now)
{
	const gev_time due = gev__run_tick_due;

	if (!soon.made || (due > now && due <= at))
		return;
	gev__run_tick_due = at;
	set(&soon, TIMER_ABSTIME, at, 0);
}

void gev__run_tick_soon(struct gev_hub *hub)
{
	const struct gev_timer_node *first =
		gev__heap_first(&hub->loop->timers);
	const gev_time now = gev__clock();

	for_timeout = first && first->due + SLACK < now + interval;
	tick_at(for_timeout ? first->due + SLACK : now + interval, now);
}

/* Sooner if it was of use, and not for a timeout: that is known beforehand. */
static void adapt(bool of_use)
{
	if (of_use && !for_timeout)
		interval = INTERVAL_MIN;
	else if (!of_use && interval < INTERVAL_MAX)
		interval = 2 * interval < INTERVAL_MAX ? 2 * interval :
							 INTERVAL_MAX;
}

/* Where there is no code, the fault of a jump is about to come. */
static bool spins_at(struct gev_hub *hub, const mcontext_t *at)
{
	return gev__run_readable((void *)at->gregs[REG_RIP], 1) &&
	       gev__run_spins(hub->thread->current->serial, at, gev__run_calls);
}

static void give_way(struct gev_hub *hub, const mcontext_t *at)
{
	const bool spins = spins_at(hub, at);

	gev__run_inside = true;
	adapt(gev__run_give_way(hub, spins) || spins);
	gev__run_tick_soon(hub);
	gev__run_inside = false;
}

static bool is_ours(uintptr_t at)
{
	uintptr_t start, end;

	gev__run_own_text(&start, &end);
	return at >= start && at < end;
}

void gev__run_tick_came(const siginfo_t *info)
{
	if (info->si_timerid == soon.id)
		gev__run_tick_due = 0;
	gev__run_tick_missed = true;
}

void gev__run_tick(const mcontext_t *at)
{
	if (gev__run_threads == 1)
		end();
	else if (!gev__run_inside && !is_ours((uintptr_t)at->gregs[REG_RIP]))
		give_way(gev__hub_here(), at);
}
