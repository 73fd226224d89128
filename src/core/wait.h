/* SPDX-License-Identifier: MIT */
/*
 * park and wake: everything that blocks is written on these two.
 *
 *	struct gev_waiter w = { .what = "semaphore", .object = sem };
 *	gev__list_add_tail(&sem->waiters, &w.link);
 *	r = gev__park(&w, timeout);
 *
 * 1. Only gev__leave() switches, only from gev__park(), gev_yield() and the
 *    end of a greenlet.
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
	if (w->coro) {
		w->coro->waiter = NULL;
		gev__ready(w->coro->thread->hub, w->coro);
	} else if (w->woke) {
		w->woke(w);
	}
}

/* Wakes all waiters of a list, in order. */
static inline void gev__wake_all(struct gev_list *waiters, int result)
{
	while (!gev__list_empty(waiters))
		gev__wake(gev__container(waiters->next, struct gev_waiter,
				  link), result);
}

#endif
