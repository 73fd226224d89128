/* SPDX-License-Identifier: MIT */
/*
 * gev/local.h - values that every greenlet has of its own.
 *
 *	static gev_local_key buffer = GEV_LOCAL_KEY_INIT(free);
 *
 *	char *b = gev_local_get(&buffer);
 *	if (!b && (b = malloc(SIZE)))
 *		gev_local_set(&buffer, b);	(freed when the greenlet ends)
 *
 * Greenlets of a thread share its thread-local variables; these are what they
 * don't share.  Values for a whole tree of greenlets: gev_tree_set().  Mirrors
 * gevent.local, in the manner of pthread_key_create(3).
 */
#ifndef GEV_LOCAL_H
#define GEV_LOCAL_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/* Called with a value when its greenlet ends. */
typedef void gev_local_destructor(void *value);

typedef struct gev_local_key {
	/* private */
	gev_local_destructor *destructor;
} gev_local_key;

/* @destructor may be NULL. */
#define GEV_LOCAL_KEY_INIT(destructor) { (destructor) }

/*
 * gev_local_key_create - what GEV_LOCAL_KEY_INIT does, at run time.
 *
 * Every greenlet of every thread has a value for it, at first NULL.
 *
 * Returns   0; or -1 with errno EINVAL (@key is NULL).
 * Context   any thread; needs no hub.
 * Memory    @key is the caller's, usually a static variable, and must outlive
 *           all greenlets that have a value for it.
 */
GEV_API int gev_local_key_create(gev_local_key *key,
	gev_local_destructor *destructor);

/*
 * gev_local_set - set the calling greenlet's value; NULL removes it.
 *
 * A value that was there is not destroyed.  When the greenlet's function has
 * returned, the destructors of those values that are not NULL are called, the
 * newest key's first, in the greenlet and on its stack: they may wait, and use
 * other values.  What they set is destroyed too, unless they keep doing so.
 * Main's values, and those of greenlets that are abandoned by a fork or
 * gev_hub_destroy(), are forgotten.
 *
 * Returns   0; or -1 with errno EINVAL (@key is NULL), ENOMEM, ENOTSUP (raw
 *           coroutines and loop callbacks have no values).
 * Context   any greenlet, main too.
 */
GEV_API int gev_local_set(const gev_local_key *key, void *value);

/*
 * gev_local_get - the calling greenlet's value.
 *
 * Returns   the value; NULL if it has none.
 */
GEV_API void *gev_local_get(const gev_local_key *key);

GEV_END_DECLS

#endif
