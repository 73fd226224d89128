/* SPDX-License-Identifier: MIT */
#include "sync/ticket.h"

enum { CLEAR, SET, GONE };

void gev_thread_event_init(gev_thread_event *e)
{
	*e = (gev_thread_event)GEV_THREAD_EVENT_INIT;
}

/* For those who ask without the lock. */
static int state_of(const gev_thread_event *e)
{
	return __atomic_load_n(&e->state, __ATOMIC_ACQUIRE);
}

/* Nothing but fini() brings back one that is gone. */
static int become(gev_thread_event *e, int state, int result)
{
	int r = 0;

	if (!e)
		return -EINVAL;
	gev__lock(gev__lock_in(&e->lock));
	if (e->state == GONE)
		r = -EINVAL;
	else
		__atomic_store_n(&e->state, state, __ATOMIC_RELEASE);
	if (e->state != CLEAR)
		gev__ticket_serve_all(&e->waiters, result);
	gev__unlock(gev__lock_in(&e->lock));
	return r;
}

void gev_thread_event_fini(gev_thread_event *e)
{
	become(e, GONE, -EINVAL);
}

int gev_thread_event_set(gev_thread_event *e)
{
	return (int)gev__ret(become(e, SET, 0));
}

int gev_thread_event_clear(gev_thread_event *e)
{
	return (int)gev__ret(become(e, CLEAR, 0));
}

bool gev_thread_event_is_set(const gev_thread_event *e)
{
	return e && state_of(e) == SET;
}

static int try(const gev_thread_event *e)
{
	int state = state_of(e);

	if (state == GONE)
		return -EINVAL;
	return state == SET ? 0 : -ETIMEDOUT;
}

static int wait_for(gev_thread_event *e, gev_time timeout)
{
	struct gev__ticket t;
	int r;

	gev__ticket_init(&t, "thread event", e, &e->lock, NULL);
	gev__lock(t.lock);
	r = try(e);
	if (r == -ETIMEDOUT)
		return gev__ticket_wait(&t, &e->waiters, timeout);
	gev__unlock(t.lock);
	return r;
}

int gev_thread_event_wait(gev_thread_event *e, gev_time timeout)
{
	int r = e ? gev__ticket_check(timeout) : -EINVAL;

	if (r == 0)
		r = try(e);
	if (r == -ETIMEDOUT && timeout)
		r = wait_for(e, timeout);
	return (int)gev__ret(r);
}
