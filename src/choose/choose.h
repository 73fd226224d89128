/* SPDX-License-Identifier: MIT */
/*
 * Waiting for choices: the waiter of each stands in a list of its object's.
 *
 * A wake of one of them takes that choice and tells who sleeps.  In a single
 * wait it ends the others' in the same breath, and so does a kill or a timeout
 * of the sleeper: whatever comes after that goes to somebody else.
 */
#ifndef GEV_CHOOSE_CHOOSE_H
#define GEV_CHOOSE_CHOOSE_H

#include "choose/choice.h"

/* 0; -EINVAL, -EPERM, or why there is no hub, which goes to *hub. */
int gev__choices_check(gev_choice *choices, int n, gev_hub **hub);

/* Begins to wait for one, @single, or for all of them that can be taken. */
void gev__iwait_begin(gev_iwait *it, gev_hub *hub, gev_choice *choices, int n,
	bool single);

/*
 * The index of the next one that is taken; -ETIMEDOUT with it->expired set if
 * @timeout, which is not 0, was over; what gev__park() returns.
 */
int gev__iwait_next(gev_iwait *it, gev_time timeout);

void gev__iwait_end(gev_iwait *it);

#endif
