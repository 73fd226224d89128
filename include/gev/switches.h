/* SPDX-License-Identifier: MIT */
/*
 * gev/switches.h - whether a stretch of code lets others run.
 *
 * For tests: of libraries that are to cooperate, say.  Mirrors
 * gevent.util.assert_switches.
 */
#ifndef GEV_SWITCHES_H
#define GEV_SWITCHES_H

#include <gev/watcher.h>

GEV_BEGIN_DECLS

typedef struct gev_assert_switches {
	/* private */
	gev_prepare_watcher prepare;
	gev_check_watcher check;
	gev_hub *hub;
	uint64_t switches;
	gev_time since;
	gev_time longest;
	bool polled;
} gev_assert_switches;

/*
 * gev_assert_switches_begin - from here on.  Several may be under way.
 *
 * Returns   0; or -1 with errno EINVAL (@a is NULL); or as gev_hub_get().
 * Context   any greenlet; not in loop callbacks (EDEADLK).
 * Memory    @a stays where it is until the end.
 */
GEV_API int gev_assert_switches_begin(gev_assert_switches *a);

/*
 * gev_assert_switches_end - until here, whatever the outcome.
 *
 * With GEV_FOREVER the calling greenlet must have let others run, or the hub
 * poll, at least once.  Else the hub must not have been kept from polling for
 * more than @max_blocking at a time, no matter by which of its greenlets: code
 * that is done sooner need not wait at all.  That is real time even if the
 * loop's is virtual.
 *
 * Returns   0; or -1 with errno EBUSY (nobody else ran), ETIME (@max_blocking
 *           was exceeded), EINVAL (NULL, a negative time, or not begun), EPERM
 *           (of another thread).
 * Context   the greenlet that began.
 */
GEV_API int gev_assert_switches_end(gev_assert_switches *a,
	gev_time max_blocking);

GEV_END_DECLS

#endif
