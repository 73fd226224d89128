/* SPDX-License-Identifier: MIT */
/* What the tests of core/ share: bodies of greenlets, T and D, the time. */
#ifndef TESTS_CORE_CORE_H
#define TESTS_CORE_CORE_H

#include <gev.h>
#include "t.h"

#define TICK GEV_MS(10)
#define DELAY GEV_MS(50)

/* An argument that is a number. */
static inline void *num(intptr_t n)
{
	return (void *)n;
}

static inline gev_time now(void)
{
	return gev_loop_now(gev_hub_loop(gev_hub_get()));
}

/* Succeeds with @arg. */
static T_UNUSED intptr_t give(void *arg)
{
	return (intptr_t)arg;
}

/* Fails with the code @arg. */
static T_UNUSED intptr_t fail_with(void *arg)
{
	return -(intptr_t)arg;
}

/* Sleeps for @arg nanoseconds; fails as the sleep does. */
static T_UNUSED intptr_t sleep_for(void *arg)
{
	return gev_sleep((intptr_t)arg);
}

static T_UNUSED intptr_t sleep_for_ever(void *arg)
{
	(void)arg;
	return gev_sleep(GEV_FOREVER);
}

/* Lets all run that can, links and callbacks too. */
static T_UNUSED void settle(void)
{
	t_eq(gev_idle(), 0);
}

/* Kills @g, joins it and drops it. */
static T_UNUSED void end(gev_greenlet *g)
{
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
}

#endif
