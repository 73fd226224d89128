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

/* Whether a SIGSYS is that of the timer, which the next has seen to. */
static inline bool gev__run_is_tick(const siginfo_t *info)
{
	return info->si_code == SI_TIMER;
}

void gev__run_tick(const greg_t *registers);

/*
 * slice.c.  A call begins: the thread gives way if it had its time.  A call has
 * been made, with that many switches before it; the thread gives way if it has
 * woken others and took more than its time before.
 */
void gev__run_slice_begin(struct gev_hub *hub);
void gev__run_slice_end(struct gev_hub *hub, uint64_t switches, bool woke);

/* Gives way, as one who had its time. */
void gev__run_give_way(struct gev_hub *hub);

#endif
