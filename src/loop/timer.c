/* SPDX-License-Identifier: MIT */
/*
 * Timers: one heap for the timer watchers and for core's own timer nodes.
 *
 * What has expired leaves the heap at once, after the wait for events.  A
 * watcher queues up with the others; core's nodes fire after all of those, so
 * that a descriptor that became ready in the same iteration wins over the
 * timeout.
 */
#include "loop/watch.h"

static gev_time later(gev_time from, gev_time after)
{
	gev_time due;

	return __builtin_add_overflow(from, after, &due) ? INT64_MAX : due;
}

int gev__timer_arm(gev_loop *loop, struct gev_timer_node *node, gev_time after)
{
	gev__timer_disarm(loop, node);
	gev__loop_clock(loop);
	gev__list_init(&node->link);
	node->due = later(loop->now, after);
	return gev__heap_insert(&loop->timers, node);
}

void gev__timer_disarm(gev_loop *loop, struct gev_timer_node *node)
{
	gev__heap_remove(&loop->timers, node);
	if (node->link.next)
		gev__list_del(&node->link);
}

static gev_timer_watcher *watcher_of(struct gev_timer_node *node)
{
	return gev__container(node, gev_timer_watcher, node);
}

/*
 * The next one is due at a multiple of the period: a callback that is called
 * late does not shift those to come, and those missed meanwhile are one.
 */
static void watcher_expired(struct gev_timer_node *node)
{
	gev_timer_watcher *w = watcher_of(node);
	gev_loop *loop = w->w.loop;

	gev__watcher_pend(&w->w);
	if (w->repeat == 0)
		return;
	node->due = later(node->due,
		((loop->now - node->due) / w->repeat + 1) * w->repeat);
	gev__heap_insert(&loop->timers, node); /* there was room before */
}

void gev__timers_collect(gev_loop *loop)
{
	struct gev_timer_node *node;

	while ((node = gev__heap_first(&loop->timers)) &&
		node->due <= loop->now) {
		gev__heap_remove(&loop->timers, node);
		if (node->fire == watcher_expired)
			watcher_expired(node);
		else
			gev__list_add_tail(&loop->expired, &node->link);
	}
}

void gev__timers_fire(gev_loop *loop)
{
	struct gev_list *at;

	while ((at = gev__list_pop(&loop->expired))) {
		struct gev_timer_node *node;

		node = gev__container(at, struct gev_timer_node, link);
		node->fire(node);
	}
}

void gev__timers_stop(gev_loop *loop)
{
	struct gev_timer_node *node;

	while ((node = gev__heap_first(&loop->timers))) {
		gev__heap_remove(&loop->timers, node);
		if (node->fire == watcher_expired)
			gev__watcher_end(&watcher_of(node)->w);
	}
}

void gev__timer_stop(gev_watcher *w)
{
	gev__timer_disarm(w->loop, &((gev_timer_watcher *)w)->node);
}

bool gev__timer_ready(gev_watcher *w)
{
	if (((gev_timer_watcher *)w)->repeat == 0)
		gev__watcher_end(w);
	return true;
}

int gev_timer_init(gev_timer_watcher *w, gev_loop *loop, gev_time after,
	gev_time repeat)
{
	int r = gev__watcher_init((gev_watcher *)w, loop, GEV__TIMER,
		after < 0 || repeat < 0 ? -EINVAL : 0);

	if (r < 0)
		return gev__ret(r);
	w->after = after;
	w->repeat = repeat;
	w->node = (struct gev_timer_node){ .fire = watcher_expired };
	return 0;
}

static int start(gev_timer_watcher *w, gev_time after, gev_watcher_fn *fn,
	void *arg)
{
	int r = gev__watcher_startable((gev_watcher *)w, fn);

	if (r == 0)
		r = gev__timer_arm(w->w.loop, &w->node, after);
	if (r == 0)
		gev__watcher_begin(&w->w, fn, arg);
	return r;
}

int gev__timer_start(gev_timer_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return start(w, w ? w->after : 0, fn, arg);
}

int gev_timer_start(gev_timer_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return gev__ret(gev__timer_start(w, fn, arg));
}

int gev_timer_again(gev_timer_watcher *w, gev_watcher_fn *fn, void *arg)
{
	if (!w || !fn)
		return gev__ret(-EINVAL);
	if (gev_watcher_stop(&w->w) < 0)
		return -1;
	return w->repeat ? gev__ret(start(w, w->repeat, fn, arg)) : 0;
}
