/* SPDX-License-Identifier: MIT */
/*
 * gev/timeout.h - bound everything a greenlet waits for in a stretch of code.
 *
 *	gev_timeout t;
 *	gev_timeout_start(&t, GEV_SEC(5));
 *	r = talk_to_server();		(its waits fail with ETIMEDOUT)
 *	if (gev_timeout_cancel(&t))
 *		... the five seconds were over ...
 *
 * Timeouts nest; an outer one is never lost in an inner one.  When the time is
 * over the wait in progress fails, or else the greenlet's next one; which
 * timeout it was, gev_timeout_fired() tells.  I/O that is ready in the same
 * iteration of the loop wins.  Mirrors gevent.Timeout.
 */
#ifndef GEV_TIMEOUT_H
#define GEV_TIMEOUT_H

#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_timeout {
	/* private */
	struct gev_timer_node timer;
	struct gev_list link;  /* in the greenlet's list of those due */
	gev_coro *coro;        /* whose waits it ends */
	gev_hub *hub;
	int code;
	int state;
} gev_timeout;

/*
 * gev_timeout_start - from @after on, the caller's wait fails with ETIMEDOUT.
 * gev_timeout_start_with - it fails with @code.
 *
 * GEV_FOREVER never fires.  @t need not be initialised; after it fired or was
 * cancelled it may be started again.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, bad time, @code not positive),
 *           EALREADY (the caller started it, and it is still pending), ENOMEM,
 *           EPERM (called in a loop callback).
 * Memory    @t is the caller's, usually on its stack, and is to be cancelled
 *           before it goes away.
 */
GEV_API int gev_timeout_start(gev_timeout *t, gev_time after);
GEV_API int gev_timeout_start_with(gev_timeout *t, gev_time after, int code);

/*
 * gev_timeout_cancel - it won't fire any more.
 *
 * Harmless where it has fired or was cancelled.
 *
 * Returns   whether it has fired: the end of a scope that keeps silent.
 */
GEV_API bool gev_timeout_cancel(gev_timeout *t);

/* gev_timeout_fired - whether it ended a wait since it was started. */
GEV_API bool gev_timeout_fired(const gev_timeout *t);

/* gev_timeout_pending - whether it is started and has not fired. */
GEV_API bool gev_timeout_pending(const gev_timeout *t);

/*
 * gev_with_timeout - call @fn(@arg), for at most @after.
 *
 * Returns   what @fn returned; @timeout_value if the time was over and @fn
 *           failed because of that (not if an outer timeout ended it); -1 with
 *           errno as gev_timeout_start() (EINVAL too for a NULL @fn).
 *           gevent.with_timeout().
 */
GEV_API intptr_t gev_with_timeout(gev_time after, intptr_t (*fn)(void *arg),
	void *arg, intptr_t timeout_value);

GEV_END_DECLS

#endif
