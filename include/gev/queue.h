/* SPDX-License-Identifier: MIT */
/*
 * gev/queue.h - queues of pointers between greenlets.
 *
 *	gev_queue jobs = GEV_QUEUE_INIT(100);
 *
 *	gev_queue_put(&jobs, job, GEV_FOREVER);		(waits while it is full)
 *	while (gev_queue_get(&jobs, &job, GEV_FOREVER) == 0)
 *		work(job);				(until it is shut down)
 *
 * One type serves for all of gevent.queue but Channel: an order is chosen when
 * a queue is made, any queue may be bounded, and any can be joined.  What
 * gevent calls SimpleQueue is GEV_QUEUE_INIT(0).
 *
 * Who waits is served first come, first served, and is given the item (or the
 * room) at once: nobody can get in between, and nothing is given to a greenlet
 * whose wait has ended.
 *
 * A queue belongs to the hub of the thread that first uses it.
 */
#ifndef GEV_QUEUE_H
#define GEV_QUEUE_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/* Which item is got next: the oldest, the newest, the least. */
enum gev_queue_order { GEV_FIFO, GEV_LIFO, GEV_PRIORITY };

/* Negative, 0 or positive: @a is less than, equal to or greater than @b. */
typedef int gev_queue_compare_fn(const void *a, const void *b);

typedef struct gev_queue {
	/* private */
	gev_hub *hub;
	void **items;          /* a ring; for GEV_PRIORITY a heap */
	size_t head;           /* of the ring */
	size_t count;
	size_t room;           /* 0 or a power of two */
	size_t max;            /* 0: unbounded */
	size_t unfinished;     /* put, and not yet done */
	gev_queue_compare_fn *compare;
	struct gev_list getters;
	struct gev_list putters;
	struct gev_list joiners;
	uint8_t order;         /* enum gev_queue_order */
	bool shut;
} gev_queue;

/* At most @max items; 0 is without limit.  @compare NULL: as numbers. */
#ifdef __cplusplus
#define GEV_QUEUE_INIT_ORDER(max, compare, order)                              \
	{ 0, 0, 0, 0, 0, (max), 0, (compare), {0, 0}, {0, 0}, {0, 0}, (order), false }
#else
#define GEV_QUEUE_INIT_ORDER(max_, compare_, order_)                           \
	{ .max = (max_), .compare = (compare_), .order = (order_) }
#endif
#define GEV_QUEUE_INIT(max) GEV_QUEUE_INIT_ORDER(max, 0, GEV_FIFO)
#define GEV_LIFO_QUEUE_INIT(max) GEV_QUEUE_INIT_ORDER(max, 0, GEV_LIFO)
#define GEV_PRIORITY_QUEUE_INIT(max, compare)                                  \
	GEV_QUEUE_INIT_ORDER(max, compare, GEV_PRIORITY)

/* Choices for gev_queue_init_opt(); zero means the default of each. */
struct gev_queue_options {
	enum gev_queue_order order;
	size_t max;                    /* 0: unbounded */
	gev_queue_compare_fn *compare; /* NULL: as unsigned integers */
	void *const *items;            /* to begin with, the oldest first */
	size_t count;                  /* how many; may be more than @max */
};

/*
 * gev_queue_init - what GEV_QUEUE_INIT does, at run time.
 * gev_queue_init_opt - the same with choices (NULL: none).
 *
 * Items to begin with count as put.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, no such order), ENOMEM.
 * Context   any thread; needs no hub.
 * Memory    @q stays the caller's, who ends it with gev_queue_fini().
 */
GEV_API int gev_queue_init(gev_queue *q, size_t max);
GEV_API int gev_queue_init_opt(gev_queue *q,
	const struct gev_queue_options *options);

/*
 * gev_queue_fini - the queue is no more.
 *
 * Waiters fail with EPIPE.  Items that are in it are forgotten.  Using it
 * afterwards is EINVAL, until it is initialised again.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 * Memory    @q must stay until those who waited have run.
 */
GEV_API int gev_queue_fini(gev_queue *q);

/*
 * gev_queue_put - put @item in; NULL is an item too.
 *
 * Waits     at most @timeout while the queue is full; 0 is put_nowait().
 * Returns   0; or -1 with errno EAGAIN (full, with @timeout 0: gevent's Full),
 *           ETIMEDOUT, EPIPE (it was shut down), ENOMEM, EINVAL, EPERM,
 *           ECANCELED, a thrown code, EDEADLK.  On error nothing was put.
 * Context   any greenlet; loop callbacks with @timeout 0.
 */
GEV_API int gev_queue_put(gev_queue *q, void *item, gev_time timeout);

/*
 * gev_queue_get - take an item out, to @item (unless NULL).
 *
 * Waits     at most @timeout while the queue is empty; 0 is get_nowait().
 * Returns   0; or -1 with errno EAGAIN (empty, with @timeout 0: gevent's
 *           Empty), ETIMEDOUT, EPIPE (empty and shut down), EINVAL, EPERM,
 *           ECANCELED, a thrown code, EDEADLK.  On error nothing was taken.
 * Context   any greenlet; loop callbacks with @timeout 0.
 */
GEV_API int gev_queue_get(gev_queue *q, void **item, gev_time timeout);

/*
 * gev_queue_peek - look at the item that gev_queue_get() would take.
 *
 * It stays where it is, and so do those who wait to put one in.  One that
 * waits sees what is put next, be it that a getter behind it takes it.
 *
 * Returns   as gev_queue_get().
 */
GEV_API int gev_queue_peek(gev_queue *q, void **item, gev_time timeout);

/*
 * gev_queue_task_done - the work on an item that was got is done.
 *
 * Returns   0; or -1 with errno EINVAL (more often than items were put),
 *           EPERM.
 */
GEV_API int gev_queue_task_done(gev_queue *q);

/*
 * gev_queue_join - wait until all that was put has been got and done.
 *
 * Waits     at most @timeout; not at all if nothing is unfinished.
 * Returns   0; or -1 with errno ETIMEDOUT (with @timeout 0 too), EPIPE
 *           (gev_queue_fini()), EINVAL, EPERM, ECANCELED, a thrown code,
 *           EDEADLK.
 */
GEV_API int gev_queue_join(gev_queue *q, gev_time timeout);

/*
 * gev_queue_shutdown - nothing more goes in, and soon nothing comes out.
 *
 * Puts fail with EPIPE, those that wait too.  Gets do once the queue is empty;
 * @immediate empties it: what is in it is forgotten, and done.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_queue_shutdown(gev_queue *q, bool immediate);

/* How many items are in it, and how many were put and are not done. */
GEV_API size_t gev_queue_qsize(const gev_queue *q);
GEV_API size_t gev_queue_unfinished(const gev_queue *q);

/* Whether the queue holds nothing, or as much as it may.  NULL: false. */
GEV_API bool gev_queue_empty(const gev_queue *q);
GEV_API bool gev_queue_full(const gev_queue *q);

GEV_END_DECLS

#endif
