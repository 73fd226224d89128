/* SPDX-License-Identifier: MIT */
/*
 * gev/event.h - a flag to wait for, and a count to wait for.
 *
 *	gev_event ready = GEV_EVENT_INIT;
 *
 *	gev_event_wait(&ready, GEV_FOREVER);	(some greenlets)
 *	gev_event_set(&ready);			(another: all of them go on)
 *
 *	gev_countdown left = GEV_COUNTDOWN_INIT(3);
 *
 *	gev_countdown_done(&left);		(three greenlets, at their end)
 *	gev_countdown_wait(&left, GEV_FOREVER);	(who started them)
 *
 * Both belong to the hub of the thread that first uses them.
 */
#ifndef GEV_EVENT_H
#define GEV_EVENT_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/* Mirrors gevent.event.Event. */
typedef struct gev_event {
	/* private */
	gev_hub *hub;
	struct gev_list waiters; /* links too */
	struct gev_list due;     /* links that are about to be called */
	bool set;
} gev_event;

#define GEV_EVENT_INIT { 0, { 0, 0 }, { 0, 0 }, false }

/* gev_event_init - what GEV_EVENT_INIT does, at run time. */
GEV_API void gev_event_init(gev_event *e);

/*
 * gev_event_fini - the end of @e.
 *
 * Those who wait fail with EINVAL, and so does every use of @e from now on;
 * its links are not called.  NULL is ignored.
 */
GEV_API void gev_event_fini(gev_event *e);

/*
 * gev_event_set - let all go on who wait, and those who are going to.
 * gev_event_clear - from now on it is waited for again.
 *
 * Who waits when the event is set goes on even if it is cleared at once.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, or taken down), EPERM.
 * Context   greenlets and loop callbacks.
 */
GEV_API int gev_event_set(gev_event *e);
GEV_API int gev_event_clear(gev_event *e);

/* gev_event_is_set - whether it is set.  NULL: false. */
GEV_API bool gev_event_is_set(const gev_event *e);

/*
 * gev_event_wait - wait until @e is set.
 *
 * Waits     at most @timeout, and not at all if it is set.
 * Returns   0; or -1 with errno ETIMEDOUT (@timeout 0 too), ECANCELED, a
 *           thrown code, EDEADLK, EINVAL (NULL, a bad @timeout, or taken
 *           down), EPERM.
 * Context   any greenlet of the hub; with @timeout 0 loop callbacks too.
 * Memory    @e must outlive its waiters.
 */
GEV_API int gev_event_wait(gev_event *e, gev_time timeout);

/* Called in the hub with an event that was set; must not wait. */
typedef int gev_event_fn(gev_event *e, void *arg);

/*
 * gev_event_rawlink - call @fn(@e, @arg) in the hub, once, when @e is set.
 * gev_event_unlink - take back the oldest link with @fn and @arg.
 *
 * If @e is set already, @fn is called soon.  Links are called in the order in
 * which they were made; what one returns below 0 goes to the hub's error hook
 * and stops no other.  One that was not called yet can be taken back by any.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM, ENOMEM (gev_event_rawlink),
 *           ENOENT (gev_event_unlink: there is none, or it is being called).
 *           To unlink from NULL is harmless.
 */
GEV_API int gev_event_rawlink(gev_event *e, gev_event_fn *fn, void *arg);
GEV_API int gev_event_unlink(gev_event *e, gev_event_fn *fn, void *arg);

/* Waits until a count is 0.  Mirrors Go's sync.WaitGroup. */
typedef struct gev_countdown {
	/* private */
	gev_hub *hub;
	struct gev_list waiters;
	int count;
} gev_countdown;

/* @n is not negative. */
#define GEV_COUNTDOWN_INIT(n) { 0, { 0, 0 }, (n) }

/* gev_countdown_init - what GEV_COUNTDOWN_INIT does, at run time. */
GEV_API void gev_countdown_init(gev_countdown *c, int n);

/* gev_countdown_fini - the end of @c, as gev_event_fini(). */
GEV_API void gev_countdown_fini(gev_countdown *c);

/*
 * gev_countdown_add - change the count by @n, which may be negative.
 * gev_countdown_done - change it by -1.
 *
 * When it gets to 0, all go on who wait, even if it is raised at once.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, taken down, or the count would
 *           be negative), ERANGE (it would be greater than INT_MAX), EPERM.
 *           Then the count is as it was.
 * Context   greenlets and loop callbacks.
 */
GEV_API int gev_countdown_add(gev_countdown *c, int n);
GEV_API int gev_countdown_done(gev_countdown *c);

/* gev_countdown_count - how many are left.  NULL: 0. */
GEV_API int gev_countdown_count(const gev_countdown *c);

/*
 * gev_countdown_wait - wait until the count is 0.
 *
 * Waits     at most @timeout, and not at all if it is.
 * Returns   0; or -1 with errno as for gev_event_wait().
 * Context   any greenlet of the hub; with @timeout 0 loop callbacks too.
 * Memory    @c must outlive its waiters.
 */
GEV_API int gev_countdown_wait(gev_countdown *c, gev_time timeout);

GEV_END_DECLS

#endif
