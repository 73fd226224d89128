/* SPDX-License-Identifier: MIT */
/*
 * Only the greenlet that asks runs while nobody else does, so that any switch
 * the hub counts meanwhile was one of its own, there and back.
 */
#include <gev/switches.h>
#include "base/clock.h"
#include "core/wait.h"

/* A stretch without the hub is over. */
static void note(gev_assert_switches *a)
{
	const gev_time took = gev__clock() - a->since;

	if (took > a->longest)
		a->longest = took;
}

static int before_poll(gev_watcher *w, int revents, void *arg)
{
	gev_assert_switches *a = arg;

	(void)w;
	(void)revents;
	note(a);
	a->polled = true;
	return 0;
}

static int after_poll(gev_watcher *w, int revents, void *arg)
{
	gev_assert_switches *a = arg;

	(void)w;
	(void)revents;
	a->since = gev__clock();
	return 0;
}

int gev_assert_switches_begin(gev_assert_switches *a)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);

	if (!hub)
		return (int)gev__ret(error);
	if (!a)
		return (int)gev__ret(-EINVAL);
	if (gev__hub_is_current(hub))
		return (int)gev__ret(-EDEADLK);
	gev_prepare_init(&a->prepare, hub->loop);
	gev_check_init(&a->check, hub->loop);
	gev_prepare_start(&a->prepare, before_poll, a);
	gev_check_start(&a->check, after_poll, a);
	gev_watcher_set_ref(&a->prepare.w, false);
	gev_watcher_set_ref(&a->check.w, false);
	a->hub = hub;
	a->switches = hub->stats.switches;
	a->longest = 0;
	a->polled = false;
	a->since = gev__clock();
	return 0;
}

static int outcome(const gev_assert_switches *a, gev_time max_blocking)
{
	if (max_blocking >= 0)
		return a->longest > max_blocking ? -ETIME : 0;
	return a->polled || a->switches != a->hub->stats.switches ? 0 : -EBUSY;
}

int gev_assert_switches_end(gev_assert_switches *a, gev_time max_blocking)
{
	int r;

	if (!a || !a->hub || max_blocking < GEV_FOREVER)
		return (int)gev__ret(-EINVAL);
	if (a->hub != gev__hub_here())
		return (int)gev__ret(-EPERM);
	note(a);
	r = outcome(a, max_blocking);
	gev_watcher_stop(&a->prepare.w);
	gev_watcher_stop(&a->check.w);
	a->hub = NULL;
	return (int)gev__ret(r);
}
