/* SPDX-License-Identifier: MIT */
/*
 * The loop as the layers above see it.
 *
 * core/ and calls/ do not use watchers on their hot paths but what watchers
 * are made of: timer nodes and edges.  Neither calls user code from here: they
 * only wake greenlets, that is, put them into the run queue.
 */
#ifndef GEV_LOOP_LOOP_H
#define GEV_LOOP_LOOP_H

#include <gev/loop.h>
#include "base/heap.h"
#include "base/list.h"
#include "loop/state.h"

/*
 * Subscribes @edge to @fd for @events (GEV_READ, GEV_WRITE or both), in place
 * of any edge that was there; to ask for more events later, call it again.
 * Always talks to the kernel, so it also re-registers a descriptor whose
 * number was closed and opened anew behind our back.  0; -EPERM (can't be
 * polled: a regular file), -EBADF, -ENOMEM, -ENOSPC.
 */
int gev__edge_add(gev_loop *loop, int fd, struct gev__edge *edge, int events);

/*
 * Forgets the edge of @fd, if any: @fd is about to be closed, or was.  Events
 * still under way for it are dropped.  Backends that keep the file open let go
 * of it soon, or at once if gev__io_flush(@loop, true) follows.
 */
void gev__edge_drop(gev_loop *loop, int fd);

/*
 * What the kernel has not been told yet it is told now; if @wholly, what it had
 * to let go of it has let go of then.  Greenlets may be woken.
 */
void gev__io_flush(gev_loop *loop, bool wholly);

/*
 * Arms @node: @node->fire(@node) is called @after from now (the clock is read
 * afresh), after all events and callbacks of its iteration.  0 or -ENOMEM.
 * Stopping one that is not armed is harmless; zeroed memory is not armed.
 */
int gev__timer_arm(gev_loop *loop, struct gev_timer_node *node, gev_time after);
void gev__timer_disarm(gev_loop *loop, struct gev_timer_node *node);

/* What keeps gev__loop_run() running besides watchers and callbacks. */
static inline void gev__loop_ref(gev_loop *loop)
{
	loop->refs++;
}

static inline void gev__loop_unref(gev_loop *loop)
{
	loop->refs--;
}

/* gev_loop_new() and gev_loop_free() without their checks; NULL, *error set. */
gev_loop *gev__loop_make(int *error);
void gev__loop_drop(gev_loop *loop);

/*
 * gev_loop_run() for the hub: runs until nothing counts any more, 1 if broken
 * off, or the -errno of the wait for events.
 */
int gev__loop_run(gev_loop *loop, unsigned flags);

/*
 * gev_loop_forked() after gev__mem_forked(): new descriptors of its own, edges
 * and all, and its fork watchers are called.  What was pending is so still.
 */
int gev__loop_forked(gev_loop *loop);

/* A failing callback: to the hook.  @code is negative, as it was returned. */
void gev__loop_error(gev_loop *loop, int code, const char *where);

#endif
