/* SPDX-License-Identifier: MIT */
#include "sync/mutex.h"

static int enter(gev_cond *c)
{
	return c ? gev__sync_enter(&c->hub) : -EINVAL;
}

void gev_cond_init(gev_cond *c)
{
	*c = (gev_cond)GEV_COND_INIT;
}

void gev_cond_fini(gev_cond *c)
{
	if (c && gev__sync_leave(&c->hub))
		gev__sync_orphan(&c->waiters, -EINVAL);
}

static int notify(gev_cond *c, int n)
{
	int r = n < 0 ? -EINVAL : enter(c);
	struct gev_waiter *w;

	if (r < 0)
		return r;
	while (n-- > 0 && (w = gev__sync_first(&c->waiters)))
		gev__wake(w, 0);
	return 0;
}

int gev_cond_notify(gev_cond *c, int n)
{
	return (int)gev__ret(notify(c, n));
}

int gev_cond_notify_all(gev_cond *c)
{
	int r = enter(c);

	if (r == 0)
		gev__sync_wake_all(&c->waiters, 0);
	return (int)gev__ret(r);
}

static int check(gev_cond *c, gev_mutex *m, gev_time timeout)
{
	int r = enter(c);

	if (r == 0)
		r = gev__mutex_check(m);
	if (r < 0)
		return r;
	if (timeout < GEV_FOREVER)
		return -EINVAL;
	if (timeout == 0)
		return -ETIMEDOUT;
	return gev__hub_is_current(c->hub) ? -EDEADLK : 0;
}

static int wait_for(gev_cond *c, gev_mutex *m, gev_time timeout)
{
	struct gev_waiter w = { .what = "cond", .object = c };
	int notified, r;

	gev__mutex_release(m);
	notified = gev__sync_wait(&c->waiters, &w, timeout);
	r = gev__mutex_acquire_again(m);
	if (notified == 0 && r < 0)
		notify(c, 1);
	return r < 0 ? r : notified;
}

int gev_cond_wait(gev_cond *c, gev_mutex *m, gev_time timeout)
{
	int r = check(c, m, timeout);

	return (int)gev__ret(r < 0 ? r : wait_for(c, m, timeout));
}
