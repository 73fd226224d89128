/* SPDX-License-Identifier: MIT */
/*
 * gev/thread.h - what greenlets of several threads wait for each other with.
 *
 *	gev_thread_event done = GEV_THREAD_EVENT_INIT;
 *
 *	gev_thread_event_set(&done);			(any thread)
 *	gev_thread_event_wait(&done, GEV_FOREVER);	(greenlets of any hub)
 *
 * Who waits parks his greenlet; he counts as something the hub waits for, so
 * that main does not find EDEADLK.  Nothing of this is for children of fork().
 */
#ifndef GEV_THREAD_H
#define GEV_THREAD_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/* A gev_event that any thread may set. */
typedef struct gev_thread_event {
	/* private */
	struct gev_list waiters;
	int lock;
	int set;
} gev_thread_event;

#define GEV_THREAD_EVENT_INIT { { 0, 0 }, 0, 0 }

/* gev_thread_event_init - what GEV_THREAD_EVENT_INIT does, at run time. */
GEV_API void gev_thread_event_init(gev_thread_event *e);

/*
 * gev_thread_event_set - let all go on who wait, and those who are going to.
 * gev_thread_event_clear - from now on it is waited for again.
 *
 * Who waits when the event is set goes on even if it is cleared at once.
 *
 * Returns   0; or -1 with errno EINVAL (NULL).
 * Context   any thread, with a hub or without; not signal handlers.
 */
GEV_API int gev_thread_event_set(gev_thread_event *e);
GEV_API int gev_thread_event_clear(gev_thread_event *e);

/* gev_thread_event_is_set - whether it is set.  NULL: false. */
GEV_API bool gev_thread_event_is_set(const gev_thread_event *e);

/*
 * gev_thread_event_wait - wait until @e is set.
 *
 * Waits     at most @timeout, and not at all if it is set.
 * Returns   0; or -1 with errno ETIMEDOUT (@timeout 0 too), ECANCELED, a
 *           thrown code, EDEADLK (in a loop callback), EINVAL.
 * Context   greenlets of any thread; with @timeout 0 loop callbacks too.
 * Memory    @e must outlive its waiters; who was woken may take it away.
 */
GEV_API int gev_thread_event_wait(gev_thread_event *e, gev_time timeout);

GEV_END_DECLS

#endif
