/* SPDX-License-Identifier: MIT */
/*
 * gev/thread_queue.h - a queue of pointers between greenlets of any threads.
 *
 *	gev_thread_queue jobs = GEV_THREAD_QUEUE_INIT(0);
 *
 *	gev_thread_queue_put(&jobs, job, 0);		(any thread)
 *	while (gev_thread_queue_get(&jobs, &job, GEV_FOREVER) == 0)
 *		work(job);				(greenlets of any hub)
 *
 * Many may put and many may get.  Items are got in the order in which they
 * were put; who waits, to get or to put, is served first come, first served.
 * What gev/thread.h says of its primitives holds for it too.
 */
#ifndef GEV_THREAD_QUEUE_H
#define GEV_THREAD_QUEUE_H

#include <gev/queue.h>
#include <gev/thread.h>

GEV_BEGIN_DECLS

typedef struct gev_thread_queue {
	/* private */
	struct gev_thread_permits free; /* slots to put into */
	struct gev_thread_permits full; /* items to get */
	int lock;
	int state;
	gev_queue items;                /* a ring, not used as a queue */
} gev_thread_queue;

/* At most @max items; 0 is without limit. */
#define GEV_THREAD_QUEUE_INIT(max)                                             \
	{ { { 0, 0 }, (max) ? (max) : SIZE_MAX }, { { 0, 0 }, 0 }, 0, 0,       \
		GEV_QUEUE_INIT(0) }

/*
 * gev_thread_queue_init - what GEV_THREAD_QUEUE_INIT does, at run time.
 * gev_thread_queue_fini - the queue is no more; what is in it is forgotten.
 *
 * Memory    @q stays the caller's, and must stay until those who waited have
 *           run.
 */
GEV_API void gev_thread_queue_init(gev_thread_queue *q, size_t max);
GEV_API void gev_thread_queue_fini(gev_thread_queue *q);

/*
 * gev_thread_queue_put - put @item in; NULL is an item too.
 *
 * Waits     at most @timeout while the queue is full; 0 is put_nowait().
 * Returns   0; or -1 with errno EAGAIN (full, with @timeout 0), ETIMEDOUT,
 *           EPIPE (it was shut down), ENOMEM, ECANCELED, a thrown code,
 *           EDEADLK (in a loop callback), EINVAL (NULL, a bad @timeout, or
 *           taken down).  On error nothing was put, and the queue is as it
 *           was.
 * Context   greenlets of any thread; with @timeout 0 anywhere.
 */
GEV_API int gev_thread_queue_put(gev_thread_queue *q, void *item,
	gev_time timeout);

/*
 * gev_thread_queue_get - take an item out, to @item (unless NULL).
 *
 * Waits     at most @timeout while the queue is empty, or all that is in it is
 *           on its way to others; 0 is get_nowait().
 * Returns   0; or -1 with errno EAGAIN (@timeout is 0), ETIMEDOUT, EPIPE
 *           (empty and shut down), ECANCELED, a thrown code, EDEADLK (in a loop
 *           callback), EINVAL (NULL, a bad @timeout, or taken down).  On error
 *           nothing was taken.
 * Context   greenlets of any thread; with @timeout 0 anywhere.
 */
GEV_API int gev_thread_queue_get(gev_thread_queue *q, void **item,
	gev_time timeout);

/*
 * gev_thread_queue_shutdown - nothing more goes in, and soon nothing comes out.
 *
 * Puts fail with EPIPE, those that wait too.  Gets do once the queue is empty;
 * @immediate empties it: what is in it is forgotten.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, or taken down).
 * Context   any thread, with a hub or without.
 */
GEV_API int gev_thread_queue_shutdown(gev_thread_queue *q, bool immediate);

/*
 * gev_thread_queue_qsize - how many items are in it just now, with those that
 * are on their way to who waits.  NULL: 0.
 */
GEV_API size_t gev_thread_queue_qsize(gev_thread_queue *q);

GEV_END_DECLS

#endif
