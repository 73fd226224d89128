/* SPDX-License-Identifier: MIT */
/*
 * gev/imap.h - the same function over many arguments, by the greenlets of a
 * pool.
 *
 *	gev_imap *it = gev_imap_new(&pool, fetch, next_url, list, 10);
 *	struct gev_imap_result r;
 *
 *	while (gev_imap_next(it, &r, GEV_FOREVER) > 0)
 *		printf("%s: %s\n", (char *)r.arg, strerror(r.error));
 *	gev_imap_free(it);
 *
 * Arguments are asked for one by one as the pool has slots and the results are
 * taken, so there may be any number of them.  Mirrors gevent.pool's map(),
 * imap() and imap_unordered().
 */
#ifndef GEV_IMAP_H
#define GEV_IMAP_H

#include <gev/pool.h>

GEV_BEGIN_DECLS

typedef struct gev_imap gev_imap;

/*
 * Where arguments come from: stores the next one in @arg and returns 1; or 0
 * if there are no more; or -1 with errno set.  It may wait.
 */
typedef int gev_imap_source_fn(void *source, void **arg);

struct gev_imap_result {
	void *arg;
	intptr_t value;
	int error;      /* 0; what the function failed with; ECANCELED */
};

/*
 * gev_imap_new - begin to call @fn for what @next(@source) brings.
 *
 * Results are in the order of the arguments; gev_imap_new_unordered() has them
 * as they come.  At most @max (0: any number) are under way or waiting to be
 * taken; then no more arguments are asked for.  @next is called in a greenlet
 * of its own, which is no member of @pool.
 *
 * Returns   the iteration; or NULL with errno EINVAL, EPERM, or as for
 *           gev_spawn().
 * Context   any greenlet, loop callbacks too.
 * Memory    the caller's, until gev_imap_free().  @pool must outlive it.
 */
GEV_API gev_imap *gev_imap_new(gev_pool *pool, gev_fn *fn,
	gev_imap_source_fn *next, void *source, size_t max);
GEV_API gev_imap *gev_imap_new_unordered(gev_pool *pool, gev_fn *fn,
	gev_imap_source_fn *next, void *source, size_t max);

/*
 * gev_imap_next - take the next result.
 *
 * Waits     at most @timeout.
 * Returns   1 with @result; 0 if that was all; or -1 with errno what @next or
 *           the pool failed with (after the last result), ETIMEDOUT, EINVAL,
 *           EPERM, ECANCELED, a thrown code, EDEADLK.
 * Order     several that wait are served first come, first served.
 */
GEV_API int gev_imap_next(gev_imap *it, struct gev_imap_result *result,
	gev_time timeout);

/*
 * gev_imap_free - end an iteration, finished or not.
 *
 * What has begun goes on in the pool, its results are dropped; nothing more is
 * begun.  Those who wait for results fail with EINVAL.
 *
 * Waits     for @next to return if it is waiting; its waits fail with
 *           ECANCELED.
 * Returns   0 (also for NULL); or -1 with errno EPERM, EDEADLK, ENOMEM (in a raw
 *           coroutine): then it is still there.
 */
GEV_API int gev_imap_free(gev_imap *it);

/*
 * gev_pool_map - call @fn for each of @n arguments, and wait for all values.
 *
 * Returns   0 with what they returned in @values; or -1 with errno the error
 *           of the first, in order, that failed, or as for gev_imap_next():
 *           then no more are begun, and those that have begun go on.
 */
GEV_API int gev_pool_map(gev_pool *pool, gev_fn *fn, void *const *args,
	intptr_t *values, size_t n);

GEV_END_DECLS

#endif
