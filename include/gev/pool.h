/* SPDX-License-Identifier: MIT */
/*
 * gev/pool.h - greenlets that are looked after together.
 *
 *	gev_pool pool = GEV_POOL_INIT(100);
 *
 *	while ((fd = gev_accept(s, NULL, NULL)) >= 0)
 *		gev_pool_go(&pool, serve, (void *)(intptr_t)fd, GEV_FOREVER);
 *	gev_pool_join(&pool, GEV_SEC(10));	(those under way may end)
 *	gev_pool_kill(&pool, GEV_FOREVER);	(and those that don't are told to)
 *
 * A pool knows its members: it can be waited for, or killed, as a whole.  It
 * has so many slots, and who wants to add one more waits for a slot, first
 * come, first served.  A member leaves when it has ended.
 *
 * gevent.pool's Pool is GEV_POOL_INIT(size), its Group is GEV_GROUP_INIT, which
 * is never full.  A pool belongs to the hub of the thread that first uses it,
 * and is to be ended before that is.  In a child of fork() the members that are
 * not there have left it.
 */
#ifndef GEV_POOL_H
#define GEV_POOL_H

#include <gev/greenlet.h>

GEV_BEGIN_DECLS

typedef struct gev_pool {
	/* private */
	gev_hub *hub;
	size_t size;             /* how many slots it has */
	size_t count;            /* how many members */
	size_t promised;         /* slots of those who are about to add one */
	uint32_t killers;        /* who kill it and wait */
	struct gev_list members;
	struct gev_list comers;  /* who wait for a slot */
	struct gev_list joiners;
	void (*ended)(struct gev_pool *pool, gev_greenlet *g);
} gev_pool;

/* A pool that is never full. */
typedef gev_pool gev_group;

#define GEV_UNLIMITED SIZE_MAX

#ifdef __cplusplus
#define GEV_POOL_INIT(size) { 0, (size), 0, 0, 0, {0, 0}, {0, 0}, {0, 0}, 0 }
#else
#define GEV_POOL_INIT(size_) { .size = (size_) }
#endif
#define GEV_GROUP_INIT GEV_POOL_INIT(GEV_UNLIMITED)

/*
 * gev_pool_init - what GEV_POOL_INIT does, at run time.
 *
 * With @size 0 there will never be a member.
 *
 * Returns   0; or -1 with errno EINVAL (NULL).
 * Context   any thread; needs no hub.
 * Memory    @pool stays the caller's, who ends it with gev_pool_fini().
 */
GEV_API int gev_pool_init(gev_pool *pool, size_t size);

/*
 * gev_pool_fini - the pool is no more; its members go on without it.
 *
 * Waiters fail with EINVAL, and so does using it afterwards.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 * Memory    @pool must stay until those who waited have run.
 */
GEV_API int gev_pool_fini(gev_pool *pool);

/*
 * gev_pool_spawn - start @fn(@arg) in a new greenlet that is a member.
 * gev_pool_go - the same, without a reference to it.
 *
 * Waits     at most @timeout for a slot.
 * Returns   a new reference, or 0; or NULL, or -1, with errno EAGAIN (full,
 *           with @timeout 0: gevent's PoolFull), ETIMEDOUT, EINVAL, EPERM,
 *           ECANCELED, a thrown code, EDEADLK, or as for gev_spawn().
 * Context   any greenlet; loop callbacks with @timeout 0.
 * Memory    as for gev_spawn().
 */
GEV_API gev_greenlet *gev_pool_spawn(gev_pool *pool, gev_fn *fn, void *arg,
	gev_time timeout);
GEV_API int gev_pool_go(gev_pool *pool, gev_fn *fn, void *arg,
	gev_time timeout);

/*
 * gev_pool_add - make @g a member; one that has ended does not become one.
 * gev_pool_start - make a greenlet a member that was not started, and start it.
 *
 * Waits     at most @timeout for a slot.
 * Returns   0; or -1 with errno EAGAIN (full, with @timeout 0), ETIMEDOUT,
 *           EALREADY (it is a member, or for gev_pool_start() was started),
 *           ENOMEM, EINVAL, EPERM, ECANCELED, a thrown code, EDEADLK.
 * Context   any greenlet; loop callbacks with @timeout 0.
 * Memory    the pool takes a reference of its own until @g leaves.
 */
GEV_API int gev_pool_add(gev_pool *pool, gev_greenlet *g, gev_time timeout);
GEV_API int gev_pool_start(gev_pool *pool, gev_greenlet *g, gev_time timeout);

/*
 * gev_pool_discard - @g is no longer a member, and goes on.
 *
 * Returns   0; or -1 with errno ENOENT (it is none), EINVAL, EPERM.
 */
GEV_API int gev_pool_discard(gev_pool *pool, gev_greenlet *g);

/* gev_pool_contains - whether @g is a member. */
GEV_API bool gev_pool_contains(const gev_pool *pool, const gev_greenlet *g);

/*
 * gev_pool_count - how many members there are.
 * gev_pool_free_count - how many more there may be; always GEV_UNLIMITED for
 * one that is never full.
 * gev_pool_full - whether that is none.
 */
GEV_API size_t gev_pool_count(const gev_pool *pool);
GEV_API size_t gev_pool_free_count(const gev_pool *pool);
GEV_API bool gev_pool_full(const gev_pool *pool);

/*
 * gev_pool_wait_available - wait until there is a free slot.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno ETIMEDOUT, EINVAL, EPERM, ECANCELED, a thrown
 *           code, EDEADLK.
 */
GEV_API int gev_pool_wait_available(gev_pool *pool, gev_time timeout);

/*
 * gev_pool_join - wait until there is no member.
 *
 * It is enough that there was none for a moment.
 *
 * Waits     at most @timeout.
 * Returns   as gev_pool_wait_available().
 */
GEV_API int gev_pool_join(gev_pool *pool, gev_time timeout);

/*
 * gev_pool_kill - kill all members, and those who join them meanwhile.
 *
 * Waits     at most @timeout for all of them to end; 0 does not wait.
 * Returns   0 (with @timeout 0: they were told); or -1 with errno ETIMEDOUT
 *           (not all have ended), EINVAL, EPERM, ECANCELED (the caller is a
 *           member, or was killed), a thrown code, EDEADLK.
 * Context   loop callbacks too, with @timeout 0.
 */
GEV_API int gev_pool_kill(gev_pool *pool, gev_time timeout);

/*
 * gev_pool_apply - call @fn(@arg) in a new member, and wait for its value.
 *
 * If the caller is a member it calls @fn itself: it might wait for its own
 * slot otherwise.
 *
 * Waits     for a slot, then for the end.
 * Returns   the value; or -1 with errno as for gev_pool_spawn(), or the error
 *           that @fn failed with.
 */
GEV_API intptr_t gev_pool_apply(gev_pool *pool, gev_fn *fn, void *arg);

GEV_END_DECLS

#endif
