/* SPDX-License-Identifier: MIT */
#include "core/wait.h"
#include "core/report.h"
#include "core/timeout.h"

struct alarm {
	struct gev_timer_node node;
	struct gev_waiter *waiter;
};

static void alarm_fire(struct gev_timer_node *node)
{
	struct gev_waiter *w = gev__container(node, struct alarm, node)->waiter;

	if (w->woken)
		return;
	w->expired = true;
	gev__wake(w, -ETIMEDOUT);
}

bool gev__is_alarm(const struct gev_timer_node *node)
{
	return node->fire == alarm_fire;
}

bool gev__alarm_disown(struct gev_timer_node *node, const gev_coro *keep)
{
	return gev__is_alarm(node) &&
	       gev__container(node, struct alarm, node)->waiter->coro != keep;
}

/*
 * A greenlet that was killed fails in all its waits.  One that does not heed
 * that must not keep the others from running.
 */
void gev__rest(struct gev_hub *hub, gev_coro *self)
{
	gev_greenlet *g = self->greenlet;

	if (!g || g->fruitless < GEV__FRUITLESS_MAX)
		return;
	g->fruitless = 0;
	gev__breathe(hub);
}

int gev__interrupted(struct gev_hub *hub, gev_coro *self)
{
	gev_greenlet *g = self->greenlet;
	bool open = g && !g->shields;
	int code = 0;

	if (open && (self->pending & GEV__PENDING_KILL)) {
		code = g->kill_code;
	} else if (open && (self->pending & GEV__PENDING_THROW)) {
		code = g->throw_code;
		self->pending &= ~GEV__PENDING_THROW;
	} else if (self->pending & GEV__PENDING_TIMEOUT) {
		code = gev__timeout_deliver(hub, self);
	}
	if (code && g)
		g->fruitless++;
	return -code;
}

static inline __attribute__((always_inline)) int leave_until_woken(
	struct gev_hub *hub, gev_coro *self, struct gev_waiter *w)
{
	w->coro = self;
	self->waiter = w;
	gev__leave(hub);
	gev__assert(w->woken && !self->waiter);
	w->coro = NULL;
	hub->budget = GEV__BUDGET;
	return w->result;
}

static __attribute__((noinline)) int sleep_raw(struct gev_hub *hub,
	gev_coro *self, struct gev_waiter *w)
{
	struct gev__stray stray = { .coro = self };
	int r;

	if (gev__runq_reserve(hub) < 0) {
		gev__waiter_unlink(w);
		return -ENOMEM;
	}
	gev__list_add_tail(&hub->strays, &stray.node);
	r = leave_until_woken(hub, self, w);
	gev__list_del(&stray.node);
	hub->members--;
	return r;
}

/* Parks @self, which is not interrupted, on @w, which is not woken. */
static inline __attribute__((always_inline)) int sleep_on(
	struct gev_hub *hub, gev_coro *self, struct gev_waiter *w)
{
	gev_greenlet *g = self->greenlet;

	if (__builtin_expect(!g, 0))
		return sleep_raw(hub, self, w);
	g->since = hub->loop->now;
	g->fruitless = 0;
	return leave_until_woken(hub, self, w);
}

static int sleep_timed(struct gev_hub *hub, gev_coro *self,
	struct gev_waiter *w, gev_time timeout)
{
	struct alarm alarm;
	int r;

	alarm.node.index = 0;
	alarm.node.link.next = NULL;
	alarm.node.fire = alarm_fire;
	alarm.waiter = w;
	r = gev__timer_arm(hub->loop, &alarm.node, timeout);
	if (r < 0) {
		gev__waiter_unlink(w);
		return r;
	}
	gev__hold(hub);
	r = sleep_on(hub, self, w);
	gev__unhold(hub);
	gev__timer_disarm(hub->loop, &alarm.node);
	return r;
}

/* Gives up a wait that has not begun. */
static int refuse(struct gev_waiter *w, int r)
{
	gev__waiter_unlink(w);
	return r;
}

/* Ends one that has not begun either: a wake comes too late. */
static int end_at_once(struct gev_waiter *w, int r)
{
	gev__wake(w, r);
	return r;
}

int gev__park(struct gev_waiter *w, gev_time timeout)
{
	int r = 0;
	struct gev_hub *hub = gev__hub_get(&r);
	gev_coro *self;

	if (!hub)
		return refuse(w, r);
	self = hub->thread->current;
	if (w->woken)
		return w->result;
	if (timeout < GEV_FOREVER)
		return refuse(w, -EINVAL);
	if (gev__hub_is_current(hub))
		return refuse(w, -EDEADLK);
	if (self->pending && !w->shielded) {
		gev__rest(hub, self);
		if (w->woken)
			return w->result;
		r = gev__interrupted(hub, self);
		if (r < 0)
			return end_at_once(w, r);
	}
	if (timeout == 0) {
		w->expired = true;
		return end_at_once(w, -ETIMEDOUT);
	}
	if (timeout == GEV_FOREVER)
		return sleep_on(hub, self, w);
	return sleep_timed(hub, self, w, timeout);
}

void gev_waiter_init(gev_waiter *w, const char *what)
{
	*w = (gev_waiter){ .what = what };
}

int gev_waiter_get(gev_waiter *w, void **value, gev_time timeout)
{
	int r;

	if (!w)
		return (int)gev__ret(-EINVAL);
	if (w->coro)
		return (int)gev__ret(w->coro->thread == gev__thread ? -EBUSY :
								 -EPERM);
	r = gev__park(w, timeout);
	if (r == 0 && value)
		*value = w->value;
	return (int)gev__ret(r);
}

static int end_wait(gev_waiter *w, void *value, int result)
{
	if (!w || result > 0)
		return -EINVAL;
	if (w->coro && w->coro->thread != gev__thread)
		return -EPERM;
	if (w->woken)
		return -EALREADY;
	w->value = value;
	gev__wake(w, result);
	return 0;
}

int gev_waiter_wake(gev_waiter *w, void *value)
{
	return (int)gev__ret(end_wait(w, value, 0));
}

int gev_waiter_fail(gev_waiter *w, int code)
{
	if (code <= 0)
		return (int)gev__ret(-EINVAL);
	return (int)gev__ret(end_wait(w, NULL, -code));
}

size_t gev_waiter_describe(const gev_waiter *w, char *buf, size_t size)
{
	struct gev__text t = gev__text_in(buf, size);

	gev__text_add(&t, w && w->what ? w->what : "waiter");
	if (w && w->woken) {
		gev__text_add(&t, ": woken");
	} else if (w && w->coro) {
		gev__text_add(&t, ": ");
		gev__text_coro(&t, w->coro);
		gev__text_add(&t, " waits");
	} else {
		gev__text_add(&t, ": nobody waits");
	}
	return gev__text_end(&t);
}
