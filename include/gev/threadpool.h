/* SPDX-License-Identifier: MIT */
/*
 * gev/threadpool.h - blocking functions on threads, while greenlets go on.
 *
 *	intptr_t size = gev_offload(hash_file, "some.iso");
 *
 * The calling greenlet waits, the function runs on a thread of the hub's own
 * pool, all other greenlets run.  gev_threadpool_new() makes further pools.
 *
 * A pool belongs to the hub of the thread that made it and ends with that hub.
 * Threads are started when there is work for them, and end when they had none
 * for a while.  They block all signals, and each runs one function at a time,
 * which may do what a thread may.  In a child of fork() a pool begins anew: it
 * has none of the parent's work.  Mirrors gevent.threadpool.
 */
#ifndef GEV_THREADPOOL_H
#define GEV_THREADPOOL_H

#include <gev/async_result.h>
#include <gev/base.h>
#include <gev/greenlet.h>

GEV_BEGIN_DECLS

typedef struct gev_threadpool gev_threadpool;

/*
 * gev_threadpool_new - a pool of at most @maxsize threads.
 *
 * Returns   the pool; or NULL with errno EINVAL (@maxsize is not positive),
 *           ENOMEM.
 * Memory    the caller's until gev_threadpool_free() or the end of the hub,
 *           whichever comes first.
 */
GEV_API gev_threadpool *gev_threadpool_new(int maxsize);

/*
 * gev_threadpool_free - the end of @pool.
 *
 * Work that has not begun is dropped.  What runs goes on, but nobody is told of
 * its end: who waits for any of it fails with EINVAL.  Does not wait.
 *
 * Returns   0 (also for NULL); or -1 with errno EPERM.
 */
GEV_API int gev_threadpool_free(gev_threadpool *pool);

/*
 * gev_threadpool_apply - wait for @fn(@arg), which runs on a thread.
 * gev_offload - the same on the hub's own pool, of 10 threads at most.
 *
 * On a thread of @pool @fn is called at once, as it is by gev_offload() on one
 * of any pool.  If the wait ends early, work that has not begun is taken back;
 * work that has goes on.
 *
 * Waits     until @fn has returned, and before that for a thread to be free.
 * Returns   what @fn returned, with its errno if it set that; or -1 with errno
 *           ECANCELED, ETIMEDOUT (a gev_timeout), a thrown code, EAGAIN (no
 *           thread could be started), EDEADLK, EINVAL (NULL, or the pool was
 *           freed), ENOMEM, EPERM.
 * Memory    @arg must live until @fn has returned, even if the wait ends early.
 * Order     work begins first come, first served.
 */
GEV_API intptr_t gev_threadpool_apply(gev_threadpool *pool, gev_fn *fn,
	void *arg);
GEV_API intptr_t gev_offload(gev_fn *fn, void *arg);

/*
 * gev_threadpool_spawn - have @fn(@arg) run on a thread, some time.
 *
 * Never waits: work queues up for the threads.  @result, unless NULL, is set in
 * the hub when @fn has returned: to the value, or to the error if that is
 * negative (-1: @fn's errno), as a greenlet's.
 *
 * Returns   0; or -1 with errno EAGAIN, EINVAL, ENOMEM, EPERM.
 * Context   greenlets and loop callbacks.
 * Memory    @arg and @result must live until @result is set.
 */
GEV_API int gev_threadpool_spawn(gev_threadpool *pool, gev_fn *fn, void *arg,
	gev_async_result *result);

/*
 * gev_threadpool_join - wait until no work is left.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno ETIMEDOUT (@timeout 0 too), ECANCELED, a thrown
 *           code, EDEADLK, EINVAL, EPERM.
 */
GEV_API int gev_threadpool_join(gev_threadpool *pool, gev_time timeout);

/*
 * gev_threadpool_size - how many threads there are now.
 * gev_threadpool_maxsize - how many there may be.
 *
 * Returns   the number; -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_threadpool_size(gev_threadpool *pool);
GEV_API int gev_threadpool_maxsize(gev_threadpool *pool);

/*
 * gev_threadpool_set_maxsize - allow more threads, or fewer.
 *
 * Threads that are too many end when they are done with what they do.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, not positive), EPERM.
 */
GEV_API int gev_threadpool_set_maxsize(gev_threadpool *pool, int maxsize);

/*
 * gev_threadpool_set_idle - end threads that had nothing to do for @idle (10
 * seconds at first; GEV_FOREVER: never).
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_threadpool_set_idle(gev_threadpool *pool, gev_time idle);

GEV_END_DECLS

#endif
