/* SPDX-License-Identifier: MIT */
/*
 * gev/sleep.h - sleeping, as POSIX has it; gev_sleep() is in gev/greenlet.h.
 *
 * The functions have the signature, the results and the errors of those they
 * are named after, but park the greenlet.  Signal handlers that run do not end
 * a sleep.
 */
#ifndef GEV_SLEEP_H
#define GEV_SLEEP_H

#include <time.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * gev_nanosleep - nanosleep(2): let others run for @duration.
 *
 * Waits     for @duration; one of 0 lets the others run, too.
 * Returns   0; or -1 with errno EINVAL, or ECANCELED, ETIMEDOUT or a thrown
 *           code: then @left, unless NULL, is what was left; EDEADLK, ENOMEM.
 * Context   any greenlet; not in loop callbacks.
 */
GEV_API int gev_nanosleep(const struct timespec *duration,
	struct timespec *left);

/*
 * gev_clock_nanosleep - clock_nanosleep(2): until @time if @flags is
 * TIMER_ABSTIME, else for @time.
 *
 * Waits     until then.  CLOCK_REALTIME is followed when it is set, and
 *           CLOCK_BOOTTIME through a suspend.
 * Returns   0; or the error itself: EINVAL (no such clock, or @time), EFAULT,
 *           ENOTSUP (CLOCK_PROCESS_CPUTIME_ID); or as for gev_nanosleep();
 *           EMFILE and the like for these two clocks, since they take a
 *           descriptor; but not for durations of CLOCK_REALTIME.
 * Context   any greenlet; not in loop callbacks.
 */
GEV_API int gev_clock_nanosleep(int clock, int flags,
	const struct timespec *time, struct timespec *left);

GEV_END_DECLS

#endif
