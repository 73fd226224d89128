/* SPDX-License-Identifier: MIT */
/*
 * Threads that compute and make no calls.
 *
 * A timer of the CPU time that the kernel thread takes sends it a SIGSYS, the
 * signal that is ours anyway: the program can't block it, nor have it.  If that
 * interrupts the program, the handler lets the others run.  What the thread had
 * in registers, vectors and masks included, the kernel has put on its stack, and
 * takes from there when the thread goes on.
 *
 * It never runs while we do (gev__run_inside), nor in the few instructions
 * before and after, which are of our own text.  Some time later will do.
 */
#include "run/preempt.h"
#include "base/sys.h"
#include "run/call.h"
#include "run/engine.h"

/* CPython's threads wait that long for its lock before they ask for it. */
#define PERIOD 5000000 /* ns */

static int timer;
static bool made, armed;

static void set(long ns)
{
	const struct itimerspec t = { { 0, ns }, { 0, ns } };

	armed = ns && gev__sys(SYS_timer_settime, timer, 0, &t, NULL) == 0;
	if (!ns)
		gev__sys(SYS_timer_settime, timer, 0, &t, NULL);
}

static bool make(void)
{
	struct sigevent e = { .sigev_signo = SIGSYS,
		.sigev_notify = SIGEV_THREAD_ID };

	e._sigev_un._tid = (int)gev__sys(SYS_gettid);
	return gev__sys(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &e,
		       &timer) == 0;
}

/* Without such timers threads that compute hold up the others. */
void gev__run_preempt_begin(void)
{
	if (armed)
		return;
	made = made || make();
	if (made)
		set(PERIOD);
}

void gev__run_preempt_forked(void)
{
	made = armed = false;
}

static bool is_ours(uintptr_t at)
{
	uintptr_t start, end;

	gev__run_own_text(&start, &end);
	return at >= start && at < end;
}

void gev__run_tick(const greg_t *registers)
{
	if (gev__run_inside || is_ours((uintptr_t)registers[REG_RIP]))
		return;
	if (gev__run_threads == 1) {
		set(0);
		return;
	}
	gev__run_inside = true;
	gev__run_give_way(gev__hub_here());
	gev__run_inside = false;
}
