/* SPDX-License-Identifier: MIT */
/*
 * Links to an object: functions that are called in the hub when it is ready.
 *
 * A link stands in the object's list of waiters among those who wait, and is
 * woken as they are.  It then moves to the list of those that are due, until a
 * callback of the loop calls it: so each can still be taken back by one that
 * is called before it.
 */
#ifndef GEV_SYNC_RAWLINK_H
#define GEV_SYNC_RAWLINK_H

#include "sync/sync.h"

struct gev__rawlink {
	void *object;
	struct gev_list *waiters; /* the object's */
	struct gev_list *due;     /* likewise */
	int (*call)(void (*fn)(void), void *object, void *arg);
	void (*fn)(void);         /* of a type that call knows */
	void *arg;
};

/* 0, -EINVAL (no fn), -ENOMEM.  @ready: it is due at once. */
int gev__rawlink_add(const struct gev__rawlink *link, bool ready);

/* Takes back the oldest that is the same.  0 or -ENOENT. */
int gev__rawlink_del(const struct gev__rawlink *link);

/* Drops those that are due, as all are whose object was orphaned. */
void gev__rawlink_drop(struct gev_list *due);

#endif
