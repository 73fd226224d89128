/* SPDX-License-Identifier: MIT */
/*
 * What the loop asks of the system's way to wait for descriptors, and what
 * that gives back.
 */
#ifndef GEV_LOOP_BACKEND_H
#define GEV_LOOP_BACKEND_H

#include <sys/epoll.h>
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
	 * @fd is about to be closed, or was: to be watched no longer.  NULL: that
	 * needs no saying.
	 */
	void (*forget)(gev_loop *loop, int fd);

	/*
	 * The kernel is to know of what was asked for until now.  With @wholly
	 * it has let go, when this returns, of what was not to be watched any
	 * more.  NULL: it always does.
	 */
	void (*flush)(gev_loop *loop, bool wholly);

	/*
	 * A descriptor that tells others, who sleep on it, of events; or
	 * -errno.  NULL: loop->poll_fd does.
	 */
	int (*descriptor)(gev_loop *loop);

	/*
	 * Waits at most @timeout, and hands what happened to gev__io_event().
	 * The number of events, or -errno if loop->poll_fd is of no use.
	 */
	int (*wait)(gev_loop *loop, gev_time timeout);
};

extern const struct gev__backend gev__epoll;
extern const struct gev__backend gev__io_uring;

/* choice.c: makes loop->backend and opens it.  0 or -errno. */
int gev__backend_open(gev_loop *loop);

/* The kernel's events, which poll and epoll have in common. */
static inline uint32_t gev__to_epoll(int events)
{
	uint32_t bits = 0;

	if (events & GEV_READ)
		bits |= EPOLLIN;
	if (events & GEV_WRITE)
		bits |= EPOLLOUT;
	if (events & GEV__ET)
		bits |= EPOLLET | EPOLLRDHUP | EPOLLPRI;
	return bits;
}

static inline int gev__from_epoll(uint32_t bits)
{
	int events = 0;

	if (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		return GEV_READ | GEV_WRITE | GEV__HUP;
	if (bits & EPOLLIN)
		events |= GEV_READ;
	if (bits & EPOLLPRI)
		events |= GEV_READ | GEV__URGENT;
	if (bits & EPOLLOUT)
		events |= GEV_WRITE;
	return events;
}

/* What the listeners of a descriptor want to know. */
int gev__io_wanted(const struct gev__fd *f);

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
