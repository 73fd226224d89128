/* SPDX-License-Identifier: MIT */
/* Threads that compute take turns. */
#ifndef GEV_RUN_TURN_H
#define GEV_RUN_TURN_H

#include "core/hub.h"

/* Who ran meanwhile: anybody at all; somebody who had been woken. */
struct gev__run_others {
	bool any;
	bool woken;
};

/*
 * Lets those run who have been woken, and those whose timers or descriptors say
 * so now; then, if the caller had its @turn, who waits here before it.
 */
struct gev__run_others gev__run_give_turn(struct gev_hub *hub, bool turn);

/* In the child of a fork: nobody waits. */
void gev__run_turns_forked(void);

#endif
