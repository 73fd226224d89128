/* SPDX-License-Identifier: MIT */
#include <gev/lock.h>
#include "sync/sync.h"

void gev_once_init(gev_once *once)
{
	*once = (gev_once)GEV_ONCE_INIT;
}

void gev_once_fini(gev_once *once)
{
	if (once && gev__sync_leave(&once->hub))
		gev__sync_orphan(&once->waiters, -EINVAL);
}

static void describe(const struct gev_waiter *w, void *text)
{
	const gev_once *once = w->object;

	gev__sync_text_held(text, once, once->hub, once->runner);
}

/*
 * Waits for whoever is at it.  0: it was done, 1: it is the caller's to do; a
 * runner that failed leaves it to the first who waits.
 */
static int wait_for(gev_once *once, gev_coro *self)
{
	struct gev_waiter w = { .what = "once",
		.object = once,
		.describe = describe,
		.value = self };
	int r;

	if (once->runner == self->serial)
		return -EDEADLK;
	r = gev__sync_wait(&once->waiters, &w, GEV_FOREVER);
	return r < 0 || !w.value ? r : 1;
}

static void finish(gev_once *once)
{
	struct gev_waiter *w;

	once->done = true;
	once->runner = 0;
	while ((w = gev__sync_first(&once->waiters))) {
		w->value = NULL;
		gev__wake(w, 0);
	}
}

static void leave_to_next(gev_once *once)
{
	struct gev_waiter *w = gev__sync_first(&once->waiters);

	once->runner = w ? ((gev_coro *)w->value)->serial : 0;
	if (w)
		gev__wake(w, 0);
}

/* 0: it was done, 1: it is the caller's to do. */
static int enter(gev_once *once)
{
	int r = once ? gev__sync_enter(&once->hub) : -EINVAL;
	gev_coro *self;

	if (r < 0 || once->done)
		return r;
	self = gev__thread->current;
	if (once->runner)
		return wait_for(once, self);
	once->runner = self->serial;
	return 1;
}

int gev_once_call(gev_once *once, int (*fn)(void *arg), void *arg)
{
	int r = fn ? enter(once) : -EINVAL;

	if (r <= 0)
		return (int)gev__ret(r);
	if (fn(arg) < 0) {
		leave_to_next(once);
		return -1;
	}
	finish(once);
	return 0;
}
