/* SPDX-License-Identifier: MIT */
/*
 * Waiting for other threads: what the primitives of gev/thread*.h share.
 *
 * A ticket stands for a greenlet that waits, in a list under the lock of its
 * object.  Who has something for it takes it out of the list: from then on it
 * is served.  If it is of the same hub it is woken at once, else a callback is
 * posted to its hub that does it.  Whatever ends the wait, under the lock the
 * object's settle() is told: with 0 it gives what there is, with an error it
 * passes on what the ticket was served with.  So nothing is lost to a greenlet
 * that is killed, times out or goes with its hub while the news is under way.
 *
 * Who posts does so under the lock, and whose wait is over takes it once more:
 * after that no other thread knows of the ticket, so that it may lie on the
 * greenlet's stack, and its hub may end.
 */
#ifndef GEV_SYNC_TICKET_H
#define GEV_SYNC_TICKET_H

#include <gev/thread.h>
#include "base/lock.h"
#include "sync/sync.h"

struct gev__ticket {
	struct gev_waiter waiter; /* .value: what it brought, or is given */
	struct gev_list node;     /* in a list of the object's */
	struct gev_callback callback;
	gev_hub *hub;
	struct gev__lock *lock;   /* the object's */
	int (*settle)(struct gev__ticket *t, int result); /* or NULL */
	int result;               /* what it is woken with */
	bool served;              /* it was taken out of the list with 0 */
	bool here;                /* its own thread wakes it, with the lock */
};

/* The lock of an object; public headers know but an int. */
static inline struct gev__lock *gev__lock_in(const int *lock)
{
	return (struct gev__lock *)lock;
}

/*
 * Before the lock is taken: whether the caller may wait so long; a hub is made
 * if it takes one.  0, -EINVAL, or why there is no hub.
 */
static inline int gev__ticket_check(gev_time timeout)
{
	int r = 0;

	if (timeout < GEV_FOREVER)
		return -EINVAL;
	if (timeout)
		gev__hub_get(&r);
	return r;
}

/*
 * Waits in @waiters, with the lock held, which is released.  0; what
 * gev__ticket_serve() or settle() made of it; or as gev__park().
 */
int gev__ticket_wait(struct gev__ticket *t, struct gev_list *waiters,
	gev_time timeout);

/* Sets all that gev__ticket_wait() needs to know. */
void gev__ticket_init(struct gev__ticket *t, const char *what,
	const void *object, const int *lock,
	int (*settle)(struct gev__ticket *t, int result));

/*
 * Under the lock: the first of @waiters goes on with @result, 0 or negative.
 * False: there was none.
 */
bool gev__ticket_serve(struct gev_list *waiters, int result);

/* Likewise all of them. */
static inline void gev__ticket_serve_all(struct gev_list *waiters, int result)
{
	while (gev__ticket_serve(waiters, result))
		;
}

/* Under the lock: gives out what is free while anybody waits.  True: it did. */
bool gev__permits_give(struct gev_thread_permits *permits);

#endif
