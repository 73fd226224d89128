/* SPDX-License-Identifier: MIT */
/* Calls that go on when their descriptor is closed. */
#ifndef GEV_RUN_GHOST_H
#define GEV_RUN_GHOST_H

#include "base/list.h"
#include "run/call.h"

struct gev__run_ghost;

/* A call that waits for descriptors, and is to keep what they were. */
struct gev__run_outlasting {
	struct gev_list node;
	const struct gev__run_call *c;
	const gev_coro *coro;
	struct gev__run_ghost *ghosts; /* of those it waits for */
};

/* All of them. */
extern struct gev_list gev__run_under_way;

/* From here on @c goes on with what the program closes. */
static inline void gev__run_outlast(struct gev__run_outlasting *o,
	const struct gev__run_call *c, const gev_coro *coro)
{
	o->c = c;
	o->coro = coro;
	o->ghosts = NULL;
	gev__list_add(&gev__run_under_way, &o->node);
}

void gev__run_lay_ghosts(struct gev__run_outlasting *o);

/* It has been made. */
static inline void gev__run_outlasted(struct gev__run_outlasting *o)
{
	if (__builtin_expect(o->ghosts != NULL, 0))
		gev__run_lay_ghosts(o);
	gev__list_del(&o->node);
}

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
