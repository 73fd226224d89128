/* SPDX-License-Identifier: MIT */
#include "sync/event.h"
#include "sync/rawlink.h"

static int enter(gev_event *e)
{
	return e ? gev__sync_enter(&e->hub) : -EINVAL;
}

void gev_event_init(gev_event *e)
{
	*e = (gev_event)GEV_EVENT_INIT;
}

void gev_event_fini(gev_event *e)
{
	if (!e || !gev__sync_leave(&e->hub))
		return;
	gev__sync_orphan(&e->waiters, -EINVAL);
	gev__rawlink_drop(&e->due);
}

int gev_event_set(gev_event *e)
{
	int r = enter(e);

	if (r == 0) {
		e->set = true;
		gev__sync_wake_all(&e->waiters, 0);
	}
	return (int)gev__ret(r);
}

int gev_event_clear(gev_event *e)
{
	int r = enter(e);

	if (r == 0)
		e->set = false;
	return (int)gev__ret(r);
}

bool gev_event_is_set(const gev_event *e)
{
	return e && e->set;
}

int gev__event_try(gev_event *e)
{
	int r = enter(e);

	return r < 0 || e->set ? r : -EAGAIN;
}

int gev_event_wait(gev_event *e, gev_time timeout)
{
	struct gev_waiter w = { .what = "event", .object = e };
	int r = gev__event_try(e);

	if (r == -EAGAIN)
		r = gev__sync_wait(&e->waiters, &w, timeout);
	return (int)gev__ret(r);
}

static int call(void (*fn)(void), void *e, void *arg)
{
	return ((gev_event_fn *)fn)(e, arg);
}

static struct gev__rawlink link_to(gev_event *e, gev_event_fn *fn, void *arg)
{
	return (struct gev__rawlink){ .object = e,
		.waiters = &e->waiters,
		.due = &e->due,
		.call = call,
		.fn = (void (*)(void))fn,
		.arg = arg };
}

int gev_event_rawlink(gev_event *e, gev_event_fn *fn, void *arg)
{
	int r = enter(e);

	if (r == 0) {
		struct gev__rawlink link = link_to(e, fn, arg);

		r = gev__rawlink_add(&link, e->set);
	}
	return (int)gev__ret(r);
}

int gev_event_unlink(gev_event *e, gev_event_fn *fn, void *arg)
{
	int r = e ? enter(e) : 0;

	if (e && r == 0) {
		struct gev__rawlink link = link_to(e, fn, arg);

		r = gev__rawlink_del(&link);
	}
	return (int)gev__ret(r);
}
