/* SPDX-License-Identifier: MIT */
/* The kernel's ways to write a duration, and ours. */
#ifndef GEV_CALLS_DURATION_H
#define GEV_CALLS_DURATION_H

#include <errno.h>
#include <gev/base.h>
#include <stddef.h>
#include <time.h>

#define GEV__NS_PER_S 1000000000L

/* NULL is for ever, and so is what is too long to be counted.  0 or -EINVAL. */
static inline long gev__duration(const struct timespec *ts, gev_time *t)
{
	*t = GEV_FOREVER;
	if (!ts)
		return 0;
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= GEV__NS_PER_S)
		return -EINVAL;
	if (ts->tv_sec < INT64_MAX / GEV__NS_PER_S)
		*t = (gev_time)ts->tv_sec * GEV__NS_PER_S + ts->tv_nsec;
	return 0;
}

/* As poll() has it: any negative one is for ever. */
static inline gev_time gev__duration_ms(int ms)
{
	return ms < 0 ? GEV_FOREVER : GEV_MS(ms);
}

static inline struct timespec gev__timespec(gev_time t)
{
	return (struct timespec){ .tv_sec = (time_t)(t / GEV__NS_PER_S),
		.tv_nsec = (long)(t % GEV__NS_PER_S) };
}

/* What is left of @ts, which @t was made of; 0 and for ever stay so. */
static inline void gev__duration_left(struct timespec *ts, gev_time t,
	gev_time left)
{
	if (t > 0)
		*ts = gev__timespec(left);
}

#endif
