/* SPDX-License-Identifier: MIT */
/*
 * gev/async_result.h - one result, a value or an error, that many wait for.
 *
 *	gev_async_result answer = GEV_ASYNC_RESULT_INIT;
 *
 *	n = gev_async_result_get(&answer, GEV_SEC(1));	(some greenlets)
 *	gev_async_result_set(&answer, 42);		(another, or a callback)
 *
 * It belongs to the hub of the thread that first uses it.  Mirrors
 * gevent.event.AsyncResult.
 */
#ifndef GEV_ASYNC_RESULT_H
#define GEV_ASYNC_RESULT_H

#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_async_result {
	/* private */
	gev_hub *hub;
	struct gev_list waiters; /* links too */
	struct gev_list due;     /* links that are about to be called */
	intptr_t result;         /* a value, or a negative errno value */
	bool ready;
} gev_async_result;

#define GEV_ASYNC_RESULT_INIT { 0, { 0, 0 }, { 0, 0 }, 0, false }

/* gev_async_result_init - what GEV_ASYNC_RESULT_INIT does, at run time. */
GEV_API void gev_async_result_init(gev_async_result *ar);

/*
 * gev_async_result_fini - the end of @ar.
 *
 * Those who wait fail with EINVAL, and so does every use of @ar from now on;
 * its links are not called.  NULL is ignored.
 */
GEV_API void gev_async_result_fini(gev_async_result *ar);

/*
 * gev_async_result_set - succeed with @value.
 * gev_async_result_set_error - fail with @code.
 *
 * All who wait go on with that, in the order in which they came.
 *
 * Returns   0; or -1 with errno EALREADY (there is a result), EINVAL (NULL,
 *           taken down; @value is -1 .. -4095, which would be an error; @code
 *           is not in 1 .. 4095), EPERM.
 * Context   greenlets and loop callbacks.
 */
GEV_API int gev_async_result_set(gev_async_result *ar, intptr_t value);
GEV_API int gev_async_result_set_error(gev_async_result *ar, int code);

/*
 * gev_async_result_get - wait for the result.
 * gev_async_result_get_nowait - have it only if it is there.
 *
 * Waits     at most @timeout, and not at all if it is there.
 * Returns   the value; or -1 with errno the error that was set, or ETIMEDOUT
 *           (@timeout 0 too), ECANCELED, a thrown code, EDEADLK, EINVAL (NULL,
 *           a bad @timeout, or taken down), EPERM.  Where it matters whose
 *           error it is, ask gev_async_result_ready().
 * Context   any greenlet of the hub; those that do not wait, loop callbacks
 *           too.
 * Memory    @ar must outlive its waiters.
 */
GEV_API intptr_t gev_async_result_get(gev_async_result *ar, gev_time timeout);
GEV_API intptr_t gev_async_result_get_nowait(gev_async_result *ar);

/*
 * gev_async_result_wait - wait until there is a result, whichever it is.
 *
 * Returns   0; or -1 with errno as for gev_async_result_get(), but for the
 *           error that was set.
 */
GEV_API int gev_async_result_wait(gev_async_result *ar, gev_time timeout);

/* What there is.  NULL: false or 0. */

/* gev_async_result_ready - there is a result. */
GEV_API bool gev_async_result_ready(const gev_async_result *ar);
/* gev_async_result_successful - there is a value. */
GEV_API bool gev_async_result_successful(const gev_async_result *ar);
/* gev_async_result_value - the value; 0 if there is none. */
GEV_API intptr_t gev_async_result_value(const gev_async_result *ar);
/* gev_async_result_exception - the error that was set; 0 if none was. */
GEV_API int gev_async_result_exception(const gev_async_result *ar);

/*
 * gev_async_result_link - @ar is to have the result of @g when @g has ended.
 * gev_async_result_take - the link that does it: a gev_greenlet_fn.
 *
 * What gev_get() would tell of @g: its value, its error, ECANCELED if it ended
 * by a kill.  To be taken back by gev_unlink(g, gev_async_result_take, ar).
 *
 * Returns   0; or -1 with errno EINVAL, EPERM, ENOMEM (to link); EALREADY (to
 *           take, if there is a result).
 * Memory    @ar must outlive the link.
 */
GEV_API int gev_async_result_link(gev_greenlet *g, gev_async_result *ar);
GEV_API int gev_async_result_take(gev_greenlet *g, void *ar);

/* Called in the hub with one that has its result; must not wait. */
typedef int gev_async_result_fn(gev_async_result *ar, void *arg);

/*
 * gev_async_result_rawlink - call @fn(@ar, @arg) in the hub, once, when there
 * is a result.
 * gev_async_result_unlink - take back the oldest link with @fn and @arg.
 *
 * As gev_event_rawlink() and gev_event_unlink().
 */
GEV_API int gev_async_result_rawlink(gev_async_result *ar,
	gev_async_result_fn *fn, void *arg);
GEV_API int gev_async_result_unlink(gev_async_result *ar,
	gev_async_result_fn *fn, void *arg);

GEV_END_DECLS

#endif
