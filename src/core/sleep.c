/* SPDX-License-Identifier: MIT */
#include "core/wait.h"

static __attribute__((noinline)) int yield_slowly(void)
{
	struct gev_hub *hub = gev__hub_here();
	gev_coro *self;
	int r = 0;

	if (!hub)
		return 0;
	self = hub->thread->current;
	if (gev__hub_is_current(hub))
		return (int)gev__ret(-EDEADLK);
	if (self->pending) {
		gev__rest(hub, self);
		r = gev__interrupted(hub, self);
		if (r < 0)
			return (int)gev__ret(r);
	}
	if (!self->greenlet && gev__runq_reserve(hub) < 0)
		return (int)gev__ret(-ENOMEM);
	gev__breathe(hub);
	hub->members -= !self->greenlet;
	return 0;
}

/*
 * The switch stands in tail position: that is what keeps it from paying for a
 * mispredicted return.
 */
int gev_yield(void)
{
	struct gev__thread *t = gev__thread;
	struct gev_hub *hub = t ? t->hub : NULL;
	gev_coro *self, *next;

	if (__builtin_expect(!hub || hub->slice == 0, 0))
		return yield_slowly();
	self = t->current;
	if (__builtin_expect(self->pending || !self->greenlet ||
		    hub->runq.head == hub->runq.tail, 0))
		return yield_slowly();
	self->value = NULL;
	gev__runq_push(hub, self);
	next = gev__runq_pop(hub);
	if (__builtin_expect(next == self, 0)) /* the others were taken out */
		return 0;
	gev__step_aside(hub, next);
	return gev__coro_jump_int(t, next);
}

int gev_sleep(gev_time duration)
{
	struct gev_waiter w = { .what = "sleep" };
	int r;

	if (duration == 0)
		return gev_yield();
	r = gev__park(&w, duration);
	return (int)gev__ret(w.expired ? 0 : r);
}

static int wake_idlers(gev_watcher *watcher, int revents, void *arg)
{
	struct gev_hub *hub = arg;

	(void)revents;
	gev__wake_all(&hub->idlers, 0);
	return gev_watcher_stop(watcher);
}

void gev__idle_unwatch(struct gev_hub *hub)
{
	if (hub->idle.w.active && gev__list_empty(&hub->idlers))
		gev_watcher_stop(&hub->idle.w);
}

static int idle(void)
{
	struct gev_waiter w = { .what = "idle" };
	int r = 0;
	struct gev_hub *hub = gev__hub_get(&r);

	if (!hub)
		return r;
	if (gev__hub_is_current(hub))
		return -EDEADLK;
	if (!hub->idle.w.active) {
		gev_idle_init(&hub->idle, hub->loop);
		gev_idle_start(&hub->idle, wake_idlers, hub);
	}
	gev__list_add_tail(&hub->idlers, &w.link);
	r = gev__park(&w, GEV_FOREVER);
	gev__idle_unwatch(hub);
	return r;
}

int gev_idle(void)
{
	return (int)gev__ret(idle());
}
