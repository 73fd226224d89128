/* SPDX-License-Identifier: MIT */
#include <gev/event.h>
#include "sync/sync.h"

static int enter(gev_countdown *c)
{
	return c ? gev__sync_enter(&c->hub) : -EINVAL;
}

void gev_countdown_init(gev_countdown *c, int n)
{
	*c = (gev_countdown)GEV_COUNTDOWN_INIT(n);
}

void gev_countdown_fini(gev_countdown *c)
{
	if (c && gev__sync_leave(&c->hub))
		gev__sync_orphan(&c->waiters, -EINVAL);
}

static int add(gev_countdown *c, int n)
{
	int r = enter(c);
	int count;

	if (r < 0)
		return r;
	if (__builtin_add_overflow(c->count, n, &count))
		return -ERANGE;
	if (count < 0)
		return -EINVAL;
	c->count = count;
	if (count == 0)
		gev__sync_wake_all(&c->waiters, 0);
	return 0;
}

int gev_countdown_add(gev_countdown *c, int n)
{
	return (int)gev__ret(add(c, n));
}

int gev_countdown_done(gev_countdown *c)
{
	return (int)gev__ret(add(c, -1));
}

int gev_countdown_count(const gev_countdown *c)
{
	return c ? c->count : 0;
}

int gev_countdown_wait(gev_countdown *c, gev_time timeout)
{
	struct gev_waiter w = { .what = "countdown", .object = c };
	int r = enter(c);

	if (r == 0 && c->count)
		r = gev__sync_wait(&c->waiters, &w, timeout);
	return (int)gev__ret(r);
}
