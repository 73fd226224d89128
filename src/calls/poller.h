/* SPDX-License-Identifier: MIT */
/*
 * Waiting for many descriptors: what poll, select and epoll_wait share.
 *
 * The kernel is asked what is ready, without waiting: the probe.  If nothing
 * is, an entry goes into the record of each descriptor, next to its reader and
 * writer, and the caller parks.  An edge wakes all whose entries it meets; they
 * ask the kernel again.  So results and levels are the kernel's own, and any
 * number may poll what somebody reads.
 */
#ifndef GEV_CALLS_POLLER_H
#define GEV_CALLS_POLLER_H

#include "calls/descriptor.h"

/* A descriptor that is polled. */
struct gev__polled {
	struct gev__polled *next;  /* in its record's list */
	struct gev__polled **at;   /* what points to it; NULL: it is in none */
	struct gev__poller *poller;
	int fd;
	uint8_t sides;             /* edges of which wake; 0: none does */
	int moved;                 /* what it was when it was closed, or 0 */
	bool closed;               /* it was, and is in no list any more */
};

/* So many descriptors are polled without allocating. */
#define GEV__POLLED_FEW 32

struct gev__poller {
	/* The call itself, but without waiting; 0: nothing is ready. */
	long (*probe)(struct gev__poller *p);
	/* gev__poller_room() and gev__poller_add() for each.  0 or -errno. */
	long (*enlist)(struct gev__poller *p);
	const char *name;          /* for reports */
	const uint64_t *mask;      /* signals that don't end it; NULL: all */
	gev_time pause;            /* probe after that, edge or not; 0: don't */

	/* Its own from here on. */
	struct gev_hub *hub;
	const gev_coro *coro;
	struct gev_waiter waiter;
	gev_time deadline;
	bool closed;               /* one of the polled was */
	bool moved;                /* one of them has another number now */
	bool linked;               /* one of them is in a list */
	int n;
	struct gev__polled *polled;
	struct gev__polled signals; /* a signalfd; fd -1: none */
	struct gev__polled few[GEV__POLLED_FEW];
};

/* No mask, no pause. */
void gev__poller_init(struct gev__poller *p, const char *name,
	long (*probe)(struct gev__poller *p),
	long (*enlist)(struct gev__poller *p));

/*
 * What the probe answers, as soon as that is not 0, or after @timeout; else
 * -EINTR for a signal that @mask lets through and the thread's own mask does
 * not, or what gev__park() and the enlisting return.
 */
long gev__poller_run(struct gev__poller *p, gev_time timeout);

/* The number that entry @i has now which was @fd. */
static inline int gev__poller_fd(const struct gev__poller *p, int i, int fd)
{
	return p->moved && i < p->n && p->polled[i].moved ? p->polled[i].moved :
							    fd;
}

/* How much of @timeout is left after that. */
gev_time gev__poller_left(const struct gev__poller *p, gev_time timeout);

/* Room for @n entries, in none of which anything is polled.  0 or -ENOMEM. */
long gev__poller_room(struct gev__poller *p, int n);

/* Has edges of @sides of @fd, and its being closed, wake @p.  0 or -errno. */
long gev__poller_add(struct gev__poller *p, int i, int fd, int sides);

/* Whether the kernel would take @mask of @size bytes.  0 or -EINVAL. */
static inline long gev__mask_check(const uint64_t *mask, size_t size)
{
	return mask && size != sizeof(*mask) ? -EINVAL : 0;
}

/* What descriptor.c calls: edges came; @fd is being closed. */
void gev__polled_wake(struct gev__polled *first, int events);
void gev__polled_close(struct gev__polled *first);

#endif
