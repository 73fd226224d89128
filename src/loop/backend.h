/* SPDX-License-Identifier: MIT */
/*
 * What the loop asks of the system's way to wait for descriptors, and what
 * that gives back.
 */
#ifndef GEV_LOOP_BACKEND_H
#define GEV_LOOP_BACKEND_H

#include "loop/state.h"

/* With GEV_READ and GEV_WRITE: edge-triggered, hang-up included. */
#define GEV__ET 16

struct gev__backend {
	const char *name;

	/* Makes loop->poll_fd and loop->poller.  0 or -errno. */
	int (*open)(gev_loop *loop);
	/* Gives back what open() made; poll_fd may be -1. */
	void (*close)(gev_loop *loop);

	/*
	 * Watches @fd for @events from now on (0: not any more), and reports
	 * them as of the generation in its table entry.  0 or -errno.
	 */
	int (*watch)(gev_loop *loop, int fd, int events);

	/*
	 * Waits at most @timeout, and hands what happened to gev__io_event().
	 * The number of events, or -errno if loop->poll_fd is of no use.
	 */
	int (*wait)(gev_loop *loop, gev_time timeout);
};

extern const struct gev__backend gev__epoll;

/* What tells one registration of a descriptor from the next. */
static inline uint64_t gev__io_tag(const gev_loop *loop, int fd)
{
	return (uint64_t)loop->fds[fd].generation << 32 | (uint32_t)fd;
}

/* Queues the io watchers of @fd that wait for one of @events. */
void gev__io_collect(struct gev__fd *f, int events);

/*
 * Something happened to the descriptor registered as @tag.
 *
 * The table does not change while a backend hands out its events, so an event
 * of another generation is never just late: the kernel still watches a
 * descriptor that was closed while a duplicate of it lives on.
 */
static inline void gev__io_event(gev_loop *loop, uint64_t tag, int events)
{
	struct gev__fd *f = &loop->fds[(uint32_t)tag];

	if (__builtin_expect(f->generation != tag >> 32, 0)) {
		loop->strays++;
		return;
	}
	if (f->edge)
		f->edge->fn(f->edge, events);
	if (f->watchers)
		gev__io_collect(f, events);
}

/* A new poll_fd with everything registered anew.  0 or -errno. */
int gev__io_remake(gev_loop *loop);

#endif
