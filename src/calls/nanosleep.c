/* SPDX-License-Identifier: MIT */
/*
 * Sleeping as POSIX has it.  The loop's timers go by the monotonic clock; what
 * other clocks say, which may be set or count a suspend, is left to a timerfd.
 */
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "calls/duration.h"
#include <sys/timerfd.h>

/* Even no time at all lets the others run. */
static long sleep_for(gev_time t, struct timespec *left)
{
	struct gev_waiter w = { .what = "sleep" };
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	gev_time end;
	long r;

	if (!hub)
		return error;
	end = gev__fd_deadline(hub, t);
	r = gev__park(&w, t ? t : 1);
	if (w.expired)
		return 0;
	if (left && end != GEV_FOREVER)
		*left = gev__timespec(gev__fd_left(hub, end));
	return r;
}

static long wait_for(struct gev_hub *hub, int fd)
{
	bool expired;
	int error;
	struct gev__fd_rec *rec = gev__fd_get(hub, fd, &error);

	if (!rec)
		return error;
	return gev__fd_wait(hub, rec, fd, GEV_READ, GEV_FOREVER, &expired,
		"clock_nanosleep");
}

static long sleep_by(int clock, int flags, const struct timespec *t)
{
	struct itimerspec timer = { .it_value = *t };
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	long fd, r;

	if (!hub || (t->tv_sec == 0 && t->tv_nsec == 0))
		return hub ? 0 : error;
	fd = gev__sys(SYS_timerfd_create, clock, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd < 0)
		return fd;
	gev__fd_fresh(hub, (int)fd, GEV__FD_DEVICE, true);
	r = gev__sys(SYS_timerfd_settime, fd,
		flags & TIMER_ABSTIME ? TFD_TIMER_ABSTIME : 0, &timer, NULL);
	if (r == 0)
		r = wait_for(hub, (int)fd);
	gev__call_close((int)fd);
	return r;
}

static gev_time time_until(int clock, gev_time t)
{
	struct timespec ts = { 0 };
	gev_time now;

	if (t == GEV_FOREVER)
		return t;
	gev__sys(SYS_clock_gettime, clock, &ts);
	gev__duration(&ts, &now);
	return t > now ? t - now : 0;
}

/* Those whose seconds are the loop's; no timerfd goes by the last. */
static bool is_plain(int clock, int flags)
{
	return clock == CLOCK_MONOTONIC || clock == CLOCK_TAI ||
	       (clock == CLOCK_REALTIME && !(flags & TIMER_ABSTIME));
}

long gev__call_nanosleep(const struct timespec *t, struct timespec *left)
{
	return gev__call_clock_nanosleep(CLOCK_MONOTONIC, 0, t, left);
}

long gev__call_clock_nanosleep(int clock, int flags, const struct timespec *t,
	struct timespec *left)
{
	gev_time duration;
	long r = t ? gev__duration(t, &duration) : -EFAULT;

	if (r < 0)
		return r;
	if (clock == CLOCK_PROCESS_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (!is_plain(clock, flags))
		return sleep_by(clock, flags, t);
	if (flags & TIMER_ABSTIME)
		return sleep_for(time_until(clock, duration), NULL);
	return sleep_for(duration, left);
}
