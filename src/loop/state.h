/* SPDX-License-Identifier: MIT */
/*
 * What a loop consists of.  Only loop/ looks inside, but for refs and now.
 */
#ifndef GEV_LOOP_STATE_H
#define GEV_LOOP_STATE_H

#include <stdatomic.h>
#include <gev/loop.h>
#include "base/heap.h"
#include "base/list.h"

/*
 * An edge-triggered subscription to one descriptor, registered once.
 *
 * @fn is called when the descriptor became readable or writable, with a set of
 * GEV_READ, GEV_WRITE and GEV__HUP (hang-up or error: from now on readiness
 * must not be cleared any more; comes with both others) and GEV__URGENT (so is
 * there a mark ahead, at which reads stop short; comes with GEV_READ).  At
 * first everything is to be taken for ready.  @fn must not subscribe or drop
 * edges.
 */
#define GEV__HUP 4
#define GEV__URGENT 8

struct gev__edge {
	void (*fn)(struct gev__edge *edge, int events);
};

/* Kinds of watchers, in the order in which those of one priority are called. */
enum gev__kind {
	GEV__IO,
	GEV__TIMER,
	GEV__SIGNAL,
	GEV__CHILD,
	GEV__ASYNC,
	GEV__STAT,
	GEV__IDLE,
	GEV__PREPARE,
	GEV__CHECK,
	GEV__FORK,
	GEV__KINDS
};

#define GEV__PRIORITIES (GEV_PRIORITY_MAX - GEV_PRIORITY_MIN + 1)

/* Watchers that are about to be called; the highest priority comes first. */
struct gev__queue {
	bool used;            /* since it was last run */
	struct gev_list of[GEV__PRIORITIES];
};

/* Who listens to a descriptor. */
struct gev__fd {
	struct gev__edge *edge;
	gev_io_watcher *watchers;
	uint32_t generation;  /* told apart by it: events of an older one */
	uint32_t polled;      /* the io_uring's poll is of this one; 0: none */
	int again;            /* in its list: the next one + 1; -1: last; 0: not */
	uint8_t edge_events;
	bool registered;      /* the kernel knows of it, as far as we know */
	bool half_closed;     /* an io_uring's poll ends at once for that */
};

struct gev_loop {
	gev_time now;           /* the clock's last reading */
	long refs;              /* active things that keep run() running */
	struct gev__heap timers;
	uint64_t iterations;
	bool running;
	bool owned;             /* it is a hub's: the public calls keep off */
	bool broken;            /* gev_loop_break() was called */
	bool is_virtual;        /* time stands still, or jumps */
	int owner;              /* id of the thread that made it */
	gev_time offset;        /* from the real clock to ours */
	gev_loop_error_fn *error_fn;
	void *error_arg;

	struct gev_list watchers[GEV__KINDS]; /* the active ones */
	struct gev__queue pending;
	struct gev__queue forked;  /* fork watchers on their way */
	struct gev_list expired;   /* core's timer nodes about to fire */

	bool turn_due;             /* @turn has something to do */
	void (*turn)(void *arg);   /* a hub's: runs what is ready to run */
	void *turn_arg;

	struct gev_list callbacks;
	struct gev_list mark;      /* the last of this iteration's callbacks */
	_Atomic(gev_callback *) posted; /* by any thread, the last one first */

	int wake_fd;               /* an eventfd; nobody ever reads it */
	struct gev__edge wake;
	atomic_bool woken;         /* a write to it is under way */
	struct gev__edge signals;  /* a signal was caught; fn NULL: unused */
	int inotify;               /* for stat watchers; -1: none */
	struct gev__edge changes;  /* of what inotify looks at */

	const struct gev__backend *backend;
	bool completes;            /* it takes requests (request.h) */
	void *poller;              /* the backend's own */
	void *driver;              /* of one that is built on epoll's */
	int poll_fd;               /* what it waits on; -1: is to be remade */
	unsigned strays;           /* events of descriptors nobody watches */
	struct gev__fd *fds;
	unsigned fds_room;
};

#endif
