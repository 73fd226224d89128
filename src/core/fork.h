/* SPDX-License-Identifier: MIT */
#ifndef GEV_CORE_FORK_H
#define GEV_CORE_FORK_H

#include "core/greenlet.h"

/*
 * Drops all greenlets of @hub but main and @keep where they are, raw coroutines
 * too, with their timers and whatever else the loop or the hub has of them.
 * None of their code runs, but for destructors of libc's if they had a TCB.  @keep NULL: main's timers go as well.
 */
void gev__abandon(struct gev_hub *hub, gev_greenlet *keep);

/* core/hub.c: the hub's coroutine, lost in the loop, begins anew. */
void gev__hub_restart(struct gev_hub *hub);

#endif
