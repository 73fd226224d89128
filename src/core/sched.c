/* SPDX-License-Identifier: MIT */
/*
 * The run queue's slow side: room, removal, and the callback by which the hub
 * goes on with it.
 */
#include "core/hub.h"
#include "base/mem.h"

static uint32_t ring_size(uint32_t members)
{
	uint32_t size = 64;

	while (size < members + members / 4)
		size *= 2;
	return size;
}

/* Moves the queue to a new ring, without its holes. */
static int rebuild(struct gev__runq *q, uint32_t size)
{
	gev_coro **ring = gev__map(size * sizeof(gev_coro *));
	gev_coro **old = q->ring;
	uint32_t old_size = q->mask + 1;
	uint32_t n = 0;

	if (!ring)
		return -ENOMEM;
	for (; q->head != q->tail; q->head++) {
		gev_coro *c = old[q->head & q->mask];

		if (!c)
			continue;
		ring[n++] = c;
		c->ring = n;
	}
	*q = (struct gev__runq){ ring, size - 1, 0, n, 0 };
	if (old)
		gev__unmap(old, old_size * sizeof(gev_coro *));
	return 0;
}

int gev__runq_reserve(struct gev_hub *hub)
{
	struct gev__runq *q = &hub->runq;
	uint32_t needed = hub->members + 1 + q->holes;

	if (!q->ring || needed > q->mask + 1) {
		int r = rebuild(q, ring_size(hub->members + 1));

		if (r < 0)
			return r;
	}
	hub->members++;
	return 0;
}

void gev__runq_remove(struct gev_hub *hub, gev_coro *c)
{
	if (!c->ring)
		return;
	hub->runq.ring[c->ring - 1] = NULL;
	hub->runq.holes++;
	c->ring = 0;
}

/*
 * How many switches a slice may have: as many as keep the time between two
 * polls around half a millisecond.  The clock is the loop's, read once per
 * iteration anyway.
 */
static void adapt_slice(struct gev_hub *hub)
{
	gev_time took = hub->loop->now - hub->drained;

	if (took < GEV_US(250) && hub->slice_max < GEV__SLICE_MAX)
		hub->slice_max *= 2;
	else if (took > GEV_MS(1) && hub->slice_max > GEV__SLICE_MIN)
		hub->slice_max /= 2;
}

int gev__drain(void *arg)
{
	struct gev_hub *hub = arg;
	struct gev__runq *q = &hub->runq;
	gev_coro *next;

	if (hub->quitting)
		return 0;
	if (hub->slice == 0)
		adapt_slice(hub);
	hub->slice = hub->slice_max;
	hub->drained = hub->loop->now;
	next = gev__runq_pop(hub);
	if (next == hub->coro)
		return 0;
	hub->stats.switches++;
	hub->coro->state = GEV__CORO_SCHEDULED;
	gev__coro_call(hub->thread, next);
	if (q->head != q->tail && !hub->drain.pending)
		gev_loop_run_callback(hub->loop, &hub->drain, gev__drain, hub);
	return 0;
}

/* How long a stack stays hot that nobody needs. */
#define TRIM_AFTER GEV_SEC(1)

static int trim(gev_watcher *w, int revents, void *arg)
{
	struct gev_hub *hub = arg;

	(void)w;
	(void)revents;
	if (gev__stack_trim(&hub->thread->stacks))
		gev__trim_later(hub);
	return 0;
}

void gev__trim_later(struct gev_hub *hub)
{
	if (hub->loop->is_virtual)
		return;
	gev_timer_init(&hub->trimmer, hub->loop, TRIM_AFTER, 0);
	gev_watcher_set_ref(&hub->trimmer.w, false);
	gev_timer_start(&hub->trimmer, trim, hub);
}
