/* SPDX-License-Identifier: MIT */
/*
 * Callbacks: functions to be called once, in the next iteration.
 *
 * The loop's own thread appends to a list.  Other threads push onto a stack
 * without locks (posted), which the loop takes as a whole and turns round.
 * Whoever sets `pending` owns the rest of the callback until it is called.
 */
#include "base/clock.h"
#include "loop/watch.h"

/* One iteration calls at most so many, and stops after so long. */
#define SLICE 1000
#define SLICE_TIME GEV_MS(10)
#define CLOCK_EVERY 16

static bool claim(gev_callback *cb)
{
	int idle = 0;

	return __atomic_compare_exchange_n(&cb->pending, &idle, 1, false,
		__ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void release(gev_callback *cb)
{
	__atomic_store_n(&cb->pending, 0, __ATOMIC_RELEASE);
}

static void fill(gev_callback *cb, gev_loop *loop, int (*fn)(void *arg),
	void *arg)
{
	cb->loop = loop;
	cb->fn = fn;
	cb->arg = arg;
}

static bool posted_any(const gev_loop *loop)
{
	return atomic_load_explicit(&loop->posted, memory_order_relaxed);
}

/* Moves what other threads posted to the end of the list. */
static void take_posted(gev_loop *loop)
{
	gev_callback *cb, *next, *in_order = NULL;

	if (!posted_any(loop))
		return;
	cb = atomic_exchange_explicit(&loop->posted, NULL,
		memory_order_acquire);
	for (; cb; cb = next) {
		next = cb->next;
		cb->next = in_order;
		in_order = cb;
	}
	for (; in_order; in_order = in_order->next)
		gev__list_add_tail(&loop->callbacks, &in_order->link);
}

static gev_callback *pop(gev_loop *loop)
{
	struct gev_list *node = gev__list_pop(&loop->callbacks);

	return gev__container(node, gev_callback, link);
}

static void call(gev_callback *cb)
{
	gev_loop *loop = cb->loop;
	int (*fn)(void *arg) = cb->fn;
	void *arg = cb->arg;
	int r;

	release(cb);
	r = fn(arg);
	if (r < 0)
		gev__loop_error(loop, r, "callback");
}

/* The time is up: looked at now and then, since looking costs something. */
static bool is_late(int calls, gev_time *end)
{
	if (calls == 0 || calls % CLOCK_EVERY)
		return false;
	if (*end == 0)
		*end = gev__clock() + SLICE_TIME;
	return gev__clock() > *end;
}

bool gev__callbacks_waiting(const gev_loop *loop)
{
	return !gev__list_empty(&loop->callbacks) || posted_any(loop);
}

void gev__callbacks_run(gev_loop *loop)
{
	gev_time end = 0;

	take_posted(loop);
	gev__list_del(&loop->mark);
	gev__list_add_tail(&loop->callbacks, &loop->mark);
	for (int n = 0; loop->callbacks.next != &loop->mark; n++) {
		if (n == SLICE || is_late(n, &end))
			break;
		call(pop(loop));
	}
	gev__list_del(&loop->mark);
}

void gev__callbacks_drop(gev_loop *loop)
{
	take_posted(loop);
	gev__list_del(&loop->mark); /* a forked child left it there */
	while (!gev__list_empty(&loop->callbacks)) {
		gev_callback *cb = pop(loop);

		release(cb);
		if (cb->dropped)
			cb->dropped(cb);
	}
}

int gev_loop_run_callback(gev_loop *loop, gev_callback *cb,
	int (*fn)(void *arg), void *arg)
{
	if (!loop || !cb || !fn)
		return gev__ret(-EINVAL);
	if (!gev__loop_mine(loop))
		return gev__ret(-EPERM);
	if (!claim(cb))
		return gev__ret(-EALREADY);
	fill(cb, loop, fn, arg);
	gev__list_add_tail(&loop->callbacks, &cb->link);
	return 0;
}

int gev_loop_run_callback_threadsafe(gev_loop *loop, gev_callback *cb,
	int (*fn)(void *arg), void *arg)
{
	gev_callback *last;

	if (!loop || !cb || !fn)
		return gev__ret(-EINVAL);
	if (!claim(cb))
		return gev__ret(-EALREADY);
	fill(cb, loop, fn, arg);
	last = atomic_load_explicit(&loop->posted, memory_order_relaxed);
	do
		cb->next = last;
	while (!atomic_compare_exchange_weak_explicit(&loop->posted, &last, cb,
		memory_order_release, memory_order_relaxed));
	gev__wakeup(loop);
	return 0;
}

bool gev_callback_pending(const gev_callback *cb)
{
	return cb && __atomic_load_n(&cb->pending, __ATOMIC_ACQUIRE);
}

int gev_callback_stop(gev_callback *cb)
{
	if (!cb)
		return gev__ret(-EINVAL);
	if (!gev_callback_pending(cb))
		return 0;
	if (!gev__loop_mine(cb->loop))
		return gev__ret(-EPERM);
	take_posted(cb->loop);
	gev__list_del(&cb->link);
	release(cb);
	return 0;
}
