/* SPDX-License-Identifier: MIT */
/*
 * gev/libev.h - gev in a program that has a libev loop.
 *
 *	gev_loop_set_default("libev");
 *	gev_libev_use(EV_DEFAULT);
 *	gev_sleep(GEV_SEC(1));	(meanwhile the program's watchers are called)
 *
 * A loop with the backend "libev" waits by running an ev_loop: one of its own,
 * unless it is told to use the program's.
 * The other way round, greenlets in a program that calls ev_run(), is what
 * gev_loop_fd() is for: see examples/in_libev.c.
 */
#ifndef GEV_LIBEV_H
#define GEV_LIBEV_H

#include <gev/base.h>

GEV_BEGIN_DECLS

struct ev_loop;

/*
 * gev_libev_use - which ev_loop is run by the loops with the backend "libev"
 * that the calling thread makes from now on, its hub's too.
 *
 * The program's watchers on @ev are then called in the hub, where they must not
 * wait.  That they are active keeps no gev_loop_run() and no main waiting.
 *
 * NULL, as at first: each makes one of its own.
 *
 * Returns   0; or -1 with errno ENOTSUP (the library was built without libev).
 * Context   any thread, for itself.  @ev must be run by no other.
 * Memory    @ev must outlive those loops.
 */
GEV_API int gev_libev_use(struct ev_loop *ev);

GEV_END_DECLS

#endif
