/* SPDX-License-Identifier: MIT */
/* Nobody keeps the others from running. */
#ifndef GEV_RUN_PREEMPT_H
#define GEV_RUN_PREEMPT_H

#include <signal.h>
#include <time.h>
#include <ucontext.h>
#include "core/hub.h"

/* There is a second thread: from now on who computes is interrupted. */
void gev__run_preempt_begin(void);

/* In the child of a fork, which has one thread and no timers. */
void gev__run_preempt_forked(void);

/* Whether a SIGSYS is that of a timer, which the next has seen to. */
static inline bool gev__run_is_tick(const siginfo_t *info)
{
	return info->si_code == SI_TIMER;
}

/* A tick; and the same where the program was interrupted, with that. */
void gev__run_tick_came(const siginfo_t *info);
void gev__run_tick(const mcontext_t *at);

/* It came, and nobody has given way yet. */
extern volatile bool gev__run_tick_missed;

/*
 * The thread goes on to compute: the next tick comes in time for the first
 * timer, and before long.
 */
void gev__run_tick_soon(struct gev_hub *hub);

/*
 * A tick may come soon.  It must not while the kernel waits in a call of the
 * program, which then might end.
 */
extern volatile gev_time gev__run_tick_due; /* 0: none but of CPU time */
void gev__run_tick_later(void);

/*
 * slice.c.  A call begins: the thread gives way if it had its time.  A call has
 * been made, with that many switches before it; the thread gives way if it has
 * woken others and took more than its time before.
 */
extern unsigned gev__run_calls; /* so far, of all threads */
void gev__run_slice_begin(struct gev_hub *hub);
void gev__run_slice_end(struct gev_hub *hub, uint64_t switches, bool woke);

/*
 * Gives way, to those who compute too only if it had its time or @spins.  True:
 * somebody ran who had been woken.
 */
bool gev__run_give_way(struct gev_hub *hub, bool spins);

#endif
