/* SPDX-License-Identifier: MIT */
/* Calls that go on when their descriptor is closed. */
#ifndef GEV_RUN_GHOST_H
#define GEV_RUN_GHOST_H

#include "run/call.h"

typedef struct gev__patch_answer gev__run_answer(struct gev__run_call *c);

/* Whether the call waits for descriptors, and is to keep what they were. */
bool gev__run_can_outlast(long nr);

/* Has @answer make the call @c, which goes on with what the program closes. */
struct gev__patch_answer gev__run_outlast(struct gev__run_call *c,
	gev__run_answer *answer);

/* @fd, or those in the range, are about to be closed or replaced. */
void gev__run_leave_ghost(int fd);
void gev__run_leave_ghosts(unsigned first, unsigned last);

/* The number by which the calling thread's call has what @fd was. */
int gev__run_fd_now(int fd);

/* The lowest number from @first on that goes on so; -1: there is none. */
int gev__run_ghost_from(unsigned first);

/* In the child of a fork: nobody waits. */
void gev__run_ghosts_forked(void);

#endif
