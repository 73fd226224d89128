/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of watchers share, and what each of them adds.
 */
#ifndef GEV_LOOP_WATCH_H
#define GEV_LOOP_WATCH_H

#include "base/error.h"
#include "loop/loop.h"

/* Whether the calling thread made @loop. */
bool gev__loop_mine(const gev_loop *loop);

/* Reads the clock: loop->now. */
void gev__loop_clock(gev_loop *loop);

/*
 * X_init() of what all have in common.  @problem is what the kind itself found
 * wrong, 0 or -errno: then @w can't be started.  0 or -errno.
 */
int gev__watcher_init(gev_watcher *w, gev_loop *loop, enum gev__kind kind,
	int problem);

/* Whether X_start() may go on: 0 or -errno. */
int gev__watcher_startable(const gev_watcher *w, gev_watcher_fn *fn);

/* The last step of X_start(). */
void gev__watcher_begin(gev_watcher *w, gev_watcher_fn *fn, void *arg);

/* gev_watcher_stop() without its checks. */
void gev__watcher_end(gev_watcher *w);

/*
 * Queues @w to be called: among the pending ones, or if it is a fork watcher,
 * in a queue of their own.
 */
void gev__watcher_pend(gev_watcher *w);

/* Queues all active watchers of @kind. */
void gev__watchers_pend(gev_loop *loop, enum gev__kind kind);

void gev__queue_init(struct gev__queue *queue);
bool gev__queue_empty(const struct gev__queue *queue);
/* Calls all that are in @queue, and those that come to it meanwhile. */
void gev__queue_run(struct gev__queue *queue);
/* Stops all that are in @queue instead. */
void gev__queue_drop(struct gev__queue *queue);

/* The kinds: X_start() inside.  0 or -errno. */
int gev__io_start(gev_io_watcher *w, gev_watcher_fn *fn, void *arg);
int gev__timer_start(gev_timer_watcher *w, gev_watcher_fn *fn, void *arg);
int gev__signal_start(gev_signal_watcher *w, gev_watcher_fn *fn, void *arg);

/* The kinds: what stopping one takes besides. */
void gev__io_stop(gev_watcher *w);
void gev__timer_stop(gev_watcher *w);
void gev__signal_stop(gev_watcher *w);
void gev__child_stop(gev_watcher *w);
void gev__stat_stop(gev_watcher *w);

/* The kinds: on the point of being called.  False: there is no need after all. */
bool gev__io_ready(gev_watcher *w);
bool gev__timer_ready(gev_watcher *w);
bool gev__child_ready(gev_watcher *w);
bool gev__async_ready(gev_watcher *w);
bool gev__stat_ready(gev_watcher *w);

/* io.c: the descriptor table.  0 or -errno. */
int gev__io_open(gev_loop *loop);
void gev__io_close(gev_loop *loop);

/* timer.c */
void gev__timers_collect(gev_loop *loop);
void gev__timers_fire(gev_loop *loop);
/* Stops all timer watchers. */
void gev__timers_stop(gev_loop *loop);

/* async.c: the way in for other threads and signal handlers. */
int gev__wakeup_open(gev_loop *loop);
void gev__wakeup_close(gev_loop *loop);
/* Any thread, and signal handlers. */
void gev__wakeup(gev_loop *loop);

/* callback.c */
bool gev__callbacks_waiting(const gev_loop *loop);
void gev__callbacks_run(gev_loop *loop);
void gev__callbacks_drop(gev_loop *loop);

/* signal.c: in the child of a fork. */
void gev__signals_forked(void);

/* stat.c */
void gev__stats_close(gev_loop *loop);

#endif
