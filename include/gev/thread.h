/* SPDX-License-Identifier: MIT */
/*
 * gev/thread.h - what greenlets of several threads wait for each other with.
 *
 *	gev_thread_event done = GEV_THREAD_EVENT_INIT;
 *
 *	gev_thread_event_set(&done);			(any thread)
 *	gev_thread_event_wait(&done, GEV_FOREVER);	(greenlets of any hub)
 *
 * Each is like what has the same name without "thread", but belongs to no hub:
 * greenlets of any wait for it, and any thread may set or release, with a hub
 * or without.  Who waits parks his greenlet; he counts as something the hub
 * waits for, so that main does not find EDEADLK.  Where @timeout is 0 nobody
 * waits and no hub is needed.
 *
 * All are first come, first served.  What is on its way to a greenlet of
 * another hub is passed on to the next if the wait ends meanwhile by a kill, a
 * timeout or the end of that hub: nothing is lost, nothing is given twice.
 *
 * Each is the caller's memory and must outlive its waiters.  X_fini() is its
 * end: those who wait fail with EINVAL, and so does every use from then on;
 * NULL is ignored.  Nothing of this is for signal handlers, nor for children
 * of fork().  gev_choose() and gev_iwait do not know of them.
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
	int state;
} gev_thread_event;

#define GEV_THREAD_EVENT_INIT { { 0, 0 }, 0, 0 }

/* gev_thread_event_init - what GEV_THREAD_EVENT_INIT does, at run time. */
GEV_API void gev_thread_event_init(gev_thread_event *e);
GEV_API void gev_thread_event_fini(gev_thread_event *e);

/*
 * gev_thread_event_set - let all go on who wait, and those who are going to.
 * gev_thread_event_clear - from now on it is waited for again.
 *
 * Who waits when the event is set goes on even if it is cleared at once.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, or taken down).
 * Context   any thread, with a hub or without.
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
 *           thrown code, EDEADLK (in a loop callback), EINVAL (NULL, a bad
 *           @timeout, or taken down).
 * Context   greenlets of any thread; with @timeout 0 anywhere.
 * Memory    who was the last to be woken may take @e away.
 */
GEV_API int gev_thread_event_wait(gev_thread_event *e, gev_time timeout);

/* Something there is so much of, one each to those who wait. */
struct gev_thread_permits {
	/* private */
	struct gev_list waiters;
	size_t free; /* 0 while anybody waits */
};

/* A gev_sem that any thread may release. */
typedef struct gev_thread_sem {
	/* private */
	struct gev_thread_permits permits;
	int lock;
	bool gone;
} gev_thread_sem;

#define GEV_THREAD_SEM_INIT(n) { { { 0, 0 }, (n) }, 0, false }

/* gev_thread_sem_init - what GEV_THREAD_SEM_INIT does, at run time. */
GEV_API void gev_thread_sem_init(gev_thread_sem *sem, unsigned n);
GEV_API void gev_thread_sem_fini(gev_thread_sem *sem);

/*
 * gev_thread_sem_acquire - take a permit.
 *
 * Waits     at most @timeout, and not at all if there is one.
 * Returns   0; or -1 with errno ETIMEDOUT, EAGAIN (@timeout is 0), ECANCELED,
 *           a thrown code, EDEADLK (in a loop callback), EINVAL (NULL, a bad
 *           @timeout, or taken down).  Then no permit was taken.
 * Context   greenlets of any thread; with @timeout 0 anywhere.
 */
GEV_API int gev_thread_sem_acquire(gev_thread_sem *sem, gev_time timeout);

/*
 * gev_thread_sem_release - give a permit, to the first who waits for one.
 *
 * Returns   0; or -1 with errno ERANGE (there are UINT_MAX), EINVAL (NULL, or
 *           taken down).
 * Context   any thread, with a hub or without, whoever acquired.
 */
GEV_API int gev_thread_sem_release(gev_thread_sem *sem);

/* gev_thread_sem_value - how many permits there are just now.  NULL: 0. */
GEV_API unsigned gev_thread_sem_value(gev_thread_sem *sem);

/* A gev_async_result that any thread may set. */
typedef struct gev_thread_async_result {
	/* private */
	struct gev_list waiters;
	intptr_t result; /* a value, or a negative errno value */
	int lock;
	int state;
} gev_thread_async_result;

#define GEV_THREAD_ASYNC_RESULT_INIT { { 0, 0 }, 0, 0, 0 }

/* gev_thread_async_result_init - what that does, at run time. */
GEV_API void gev_thread_async_result_init(gev_thread_async_result *ar);
GEV_API void gev_thread_async_result_fini(gev_thread_async_result *ar);

/*
 * gev_thread_async_result_set - succeed with @value.
 * gev_thread_async_result_set_error - fail with @code.
 *
 * All who wait go on with that.
 *
 * Returns   0; or -1 with errno EALREADY (there is a result), EINVAL (NULL,
 *           taken down; @value is -1 .. -4095, which would be an error; @code
 *           is not in 1 .. 4095).
 * Context   any thread, with a hub or without.
 */
GEV_API int gev_thread_async_result_set(gev_thread_async_result *ar,
	intptr_t value);
GEV_API int gev_thread_async_result_set_error(gev_thread_async_result *ar,
	int code);

/* gev_thread_async_result_ready - there is a result.  NULL: false. */
GEV_API bool gev_thread_async_result_ready(const gev_thread_async_result *ar);

/*
 * gev_thread_async_result_get - wait for the result.
 * gev_thread_async_result_wait - wait until there is one, whichever it is.
 *
 * Waits     at most @timeout, and not at all if it is there.
 * Returns   the value, or 0; or -1 with errno the error that was set (to get),
 *           or ETIMEDOUT (@timeout 0 too), ECANCELED, a thrown code, EDEADLK
 *           (in a loop callback), EINVAL (NULL, a bad @timeout, or taken
 *           down).
 * Context   greenlets of any thread; with @timeout 0 anywhere.
 */
GEV_API intptr_t gev_thread_async_result_get(gev_thread_async_result *ar,
	gev_time timeout);
GEV_API int gev_thread_async_result_wait(gev_thread_async_result *ar,
	gev_time timeout);

GEV_END_DECLS

#endif
