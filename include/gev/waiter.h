/* SPDX-License-Identifier: MIT */
/*
 * gev/waiter.h - the one way to wait, for those who build what is missing.
 *
 * A waiter carries one wake-up from whoever has news to the greenlet that
 * wants it.  The first wake wins; one that comes before the wait is
 * remembered.  It lives on the waiting greenlet's stack.  Mirrors gevent's
 * hub.Waiter.
 *
 *	gev_waiter w = GEV_WAITER_INIT("reply");
 *	ask(&w);				(somebody calls gev_waiter_wake)
 *	void *reply;
 *	if (gev_waiter_get(&w, &reply, GEV_SEC(1)) < 0)
 *		...
 */
#ifndef GEV_WAITER_H
#define GEV_WAITER_H

#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_waiter {
	/* private */
	struct gev_list link;  /* in the object's list of waiters, if in one */
	gev_coro *coro;        /* who is parked here; NULL: nobody yet */
	const char *what;      /* for reports: "recv", "join", ... */
	const void *object;    /* for reports: what is waited on */
	void (*describe)(const struct gev_waiter *w, void *text);
	void *value;           /* what the wake brought */
	void (*woke)(struct gev_waiter *w); /* told of the wake */
	int result;            /* 0 or a negative errno; valid once woken */
	bool woken;
	bool expired;          /* by its own timeout */
	bool shielded;         /* what would interrupt it strikes the next */
} gev_waiter;

/* @what names the wait in reports; a static string, or NULL. */
#ifdef __cplusplus
#define GEV_WAITER_INIT(what) \
	{ {0, 0}, 0, (what), 0, 0, 0, 0, 0, false, false, false }
#else
#define GEV_WAITER_INIT(what_) { .what = (what_) }
#endif

/* gev_waiter_init - what GEV_WAITER_INIT does, at run time. */
GEV_API void gev_waiter_init(gev_waiter *w, const char *what);

/*
 * gev_waiter_get - wait for the wake-up.
 *
 * Does not switch if it has come already.  May be called again after
 * gev_waiter_init() only; until then it gives the same answer.
 *
 * Waits     at most @timeout.
 * Returns   0 with the value in @value (unless NULL); or -1 with errno the
 *           code of gev_waiter_fail(), ETIMEDOUT, ECANCELED, a thrown code,
 *           EDEADLK (nothing can wake it; or in a loop callback), EBUSY
 *           (someone else waits on @w), EINVAL, EPERM.
 * Context   any greenlet or raw coroutine.
 */
GEV_API int gev_waiter_get(gev_waiter *w, void **value, gev_time timeout);

/*
 * gev_waiter_wake - end the wait with @value.  gev_waiter_fail - with an error.
 *
 * Never switches, never allocates: the waiting greenlet goes to the tail of
 * the run queue.
 *
 * Returns   0; or -1 with errno EALREADY (it was woken before, or its wait
 *           ended), EINVAL (NULL, @code not positive), EPERM (not the thread
 *           of the greenlet that waits).
 * Context   greenlets and loop callbacks of that thread.
 */
GEV_API int gev_waiter_wake(gev_waiter *w, void *value);
GEV_API int gev_waiter_fail(gev_waiter *w, int code);

/*
 * gev_waiter_describe - who waits here, in words.
 *
 * Writes at most @size bytes to @buf, ended by a NUL.
 *
 * Returns   the length of the whole description.
 */
GEV_API size_t gev_waiter_describe(const gev_waiter *w, char *buf,
	size_t size);

GEV_END_DECLS

#endif
