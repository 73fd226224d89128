/* SPDX-License-Identifier: MIT */
/*
 * Waiting for other threads.
 *
 * A ticket stands for a greenlet that waits, in a list under a lock of the
 * object's.  Who has news takes it out and posts its callback to its hub, still
 * under the lock; there the greenlet is woken.  Whatever ends the wait, woke()
 * is called: it takes the lock, and after that no other thread knows the
 * ticket, so that it may lie on the greenlet's stack.
 */
#include <gev/thread.h>
#include "base/lock.h"
#include "sync/sync.h"

struct ticket {
	struct gev_waiter waiter;
	struct gev_list node;
	struct gev_callback callback;
	gev_hub *hub;
};

static struct gev__lock *lock_of(gev_thread_event *e)
{
	return (struct gev__lock *)&e->lock;
}

static int arrive(void *ticket)
{
	gev__wake(&((struct ticket *)ticket)->waiter, 0);
	return 0;
}

static void woke(struct gev_waiter *w)
{
	struct ticket *t = gev__container(w, struct ticket, waiter);
	gev_thread_event *e = (gev_thread_event *)w->object;

	gev__lock(lock_of(e));
	gev__list_del(&t->node);
	gev__unlock(lock_of(e));
	gev_callback_stop(&t->callback);
}

/* Unless the event is set, which is then known under the lock. */
static bool enqueue(gev_thread_event *e, struct ticket *t)
{
	bool set;

	gev__lock(lock_of(e));
	set = gev_thread_event_is_set(e);
	if (!set) {
		if (!e->waiters.next)
			gev__list_init(&e->waiters);
		gev__list_add_tail(&e->waiters, &t->node);
	}
	gev__unlock(lock_of(e));
	return !set;
}

static int wait_for(gev_thread_event *e, struct ticket *t, gev_time timeout)
{
	int r = 0;

	t->hub = gev__hub_get(&r);
	if (!t->hub)
		return r;
	if (!enqueue(e, t))
		return 0;
	gev__hold(t->hub);
	r = gev__park(&t->waiter, timeout);
	gev__unhold(t->hub);
	if (!t->waiter.woken) /* the wait did not begin */
		woke(&t->waiter);
	return r;
}

void gev_thread_event_init(gev_thread_event *e)
{
	*e = (gev_thread_event)GEV_THREAD_EVENT_INIT;
}

int gev_thread_event_set(gev_thread_event *e)
{
	struct gev_list *node;

	if (!e)
		return (int)gev__ret(-EINVAL);
	gev__lock(lock_of(e));
	__atomic_store_n(&e->set, 1, __ATOMIC_RELEASE);
	while (e->waiters.next && (node = gev__list_pop(&e->waiters))) {
		struct ticket *t = gev__container(node, struct ticket, node);

		gev_loop_run_callback_threadsafe(t->hub->loop, &t->callback,
			arrive, t);
	}
	gev__unlock(lock_of(e));
	return 0;
}

int gev_thread_event_clear(gev_thread_event *e)
{
	if (!e)
		return (int)gev__ret(-EINVAL);
	gev__lock(lock_of(e));
	__atomic_store_n(&e->set, 0, __ATOMIC_RELAXED);
	gev__unlock(lock_of(e));
	return 0;
}

bool gev_thread_event_is_set(const gev_thread_event *e)
{
	return e && __atomic_load_n(&e->set, __ATOMIC_ACQUIRE);
}

int gev_thread_event_wait(gev_thread_event *e, gev_time timeout)
{
	struct ticket t;
	int r = 0;

	/* By parts: for the whole at once clang would call memset(). */
	t.waiter = (struct gev_waiter){ .what = "thread event",
		.object = e,
		.woke = woke };
	t.node = (struct gev_list){ NULL, NULL };
	t.callback = (gev_callback)GEV_CALLBACK_INIT;
	t.hub = NULL;
	if (!e || timeout < GEV_FOREVER)
		r = -EINVAL;
	else if (timeout == 0)
		r = gev_thread_event_is_set(e) ? 0 : -ETIMEDOUT;
	else
		r = wait_for(e, &t, timeout);
	return (int)gev__ret(r);
}
