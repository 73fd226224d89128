/* SPDX-License-Identifier: MIT */
/*
 * park and wake: everything that blocks is written on these two.
 *
 *	struct gev_waiter w = { .what = "semaphore", .object = sem };
 *	gev__list_add_tail(&sem->waiters, &w.link);
 *	r = gev__park(&w, timeout);
 *
 * 1. Only gev__park(), gev__park_last(), gev_yield() and the end of a greenlet
 *    switch.
 * 2. gev__wake() never switches, allocates or runs user code.
 * 3. The first wake wins; one before the park is remembered.
 * 4. The waiter is out of every list before gev__park() returns.
 * 5. Success, timeout, throw and kill differ in the result only: 0,
 *    -ETIMEDOUT, the thrown code, -ECANCELED.
 */
#ifndef GEV_CORE_WAIT_H
#define GEV_CORE_WAIT_H

#include <gev/waiter.h>
#include "core/greenlet.h"

/*
 * Waits until @w is woken, at most @timeout.  The result of the wake; or
 * -ETIMEDOUT, -ECANCELED, a thrown code, -EDEADLK (in the hub, or nothing can
 * wake it), -EINVAL (bad timeout), -ENOMEM.
 */
int gev__park(struct gev_waiter *w, gev_time timeout);

/*
 * Whether the calling coroutine has to fail instead of waiting: 0, or the
 * negative code of a kill, throw or timeout, which is then delivered.
 */
int gev__interrupted(struct gev_hub *hub, gev_coro *self);

/* Before asking that: after many such failures in a row, others run first. */
void gev__rest(struct gev_hub *hub, gev_coro *self);

static inline void gev__waiter_unlink(struct gev_waiter *w)
{
	if (w->link.next)
		gev__list_del(&w->link);
}

/* Ends the wait with @result (0 or negative), unless it has ended. */
static inline void gev__wake(struct gev_waiter *w, int result)
{
	if (w->woken)
		return;
	w->woken = true;
	w->result = result;
	gev__waiter_unlink(w);
	if (w->woke)
		w->woke(w);
	if (w->coro) {
		w->coro->waiter = NULL;
		gev__ready(w->coro->thread->hub, w->coro);
	}
}

/* Whether the calling coroutine can wait by gev__park_last(). */
static inline bool gev__can_park_last(const struct gev_hub *hub)
{
	const gev_coro *self = hub->thread->current;

	return self->greenlet && !self->pending;
}

/* .woke of who waits there: what the function returns, and its errno. */
static inline void gev__ended_last(struct gev_waiter *w)
{
	if (w->result == 0 || !w->coro)
		return;
	w->coro->value = (void *)-1L;
	w->coro->saved_errno = -w->result;
}

/*
 * gev__park(), without end, as the last step of a public function that returns
 * 0 or -1: the switch stands in tail position, which halves what it costs.  By
 * the time of the wake the function's frame is gone.  So the waiter is the
 * greenlet's own, which joins @waiters, and who wakes converts the result.
 */
static inline __attribute__((always_inline)) int gev__park_last(
	struct gev_hub *hub, struct gev_list *waiters, const char *what,
	const void *object,
	void (*describe)(const struct gev_waiter *w, void *text), void *value)
{
	gev_coro *self = hub->thread->current;
	gev_greenlet *g = self->greenlet;
	gev_coro *next;

	g->waiter = (struct gev_waiter){ .coro = self,
		.what = what,
		.object = object,
		.describe = describe,
		.value = value,
		.woke = gev__ended_last };
	gev__list_add_tail(waiters, &g->waiter.link);
	g->since = hub->loop->now;
	g->fruitless = 0;
	self->waiter = &g->waiter;
	self->value = NULL;
	hub->budget = GEV__BUDGET;
	next = gev__runq_pop(hub);
	gev__step_aside(hub, next);
	return gev__coro_jump_int(hub->thread, next);
}

/* Wakes all waiters of a list, in order. */
static inline void gev__wake_all(struct gev_list *waiters, int result)
{
	while (!gev__list_empty(waiters))
		gev__wake(gev__container(waiters->next, struct gev_waiter,
				  link), result);
}

#endif
