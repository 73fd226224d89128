/* SPDX-License-Identifier: MIT */
/*
 * The run queue's slow side: room, and how the hub goes on with it.
 */
#include "core/hub.h"
#include "base/mem.h"

#define FIRST_ROOM 64u

static size_t size_of(uint32_t room)
{
	return room * sizeof(gev_coro *);
}

int gev__runq_grow(struct gev_hub *hub)
{
	struct gev__runq *q = &hub->runq;
	struct gev__runq new = { .room = q->room ? 2 * q->room : FIRST_ROOM };

	new.ring = gev__map(size_of(new.room));
	if (!new.ring)
		return -ENOMEM;
	new.mask = new.room - 1;
	while (q->head != q->tail)
		new.ring[new.tail++] = q->ring[q->head++ & q->mask];
	gev__runq_free(q);
	*q = new;
	return 0;
}

void gev__runq_free(struct gev__runq *q)
{
	if (q->ring)
		gev__unmap(q->ring, size_of(q->room));
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

void gev__drain(void *arg)
{
	struct gev_hub *hub = arg;
	struct gev__runq *q = &hub->runq;
	gev_coro *next;

	hub->loop->turn_due = false;
	if (hub->quitting)
		return;
	if (hub->slice == 0)
		adapt_slice(hub);
	hub->slice = hub->slice_max;
	hub->drained = hub->loop->now;
	next = gev__runq_pop(hub);
	if (next == hub->coro)
		return;
	hub->loop->turn_due = q->head != q->tail; /* for gev_loop_next() */
	hub->stats.switches++;
	hub->coro->state = GEV__CORO_SCHEDULED;
	gev__coro_call(hub->thread, next);
	hub->loop->turn_due = q->head != q->tail;
}

/* How long a stack stays hot that nobody needs; and from then on, since only
 * so many are trimmed at a time. */
#define TRIM_AFTER GEV_SEC(1)
#define TRIM_AGAIN GEV_MS(10)

static void trim_in(struct gev_hub *hub, gev_time after);

static int trim(gev_watcher *w, int revents, void *arg)
{
	struct gev_hub *hub = arg;

	(void)w;
	(void)revents;
	if (gev__stack_trim(&hub->thread->stacks))
		trim_in(hub, TRIM_AGAIN);
	return 0;
}

static void trim_in(struct gev_hub *hub, gev_time after)
{
	gev_timer_init(&hub->trimmer, hub->loop, after, 0);
	gev_watcher_set_ref(&hub->trimmer.w, false);
	gev_timer_start(&hub->trimmer, trim, hub);
}

void gev__trim_later(struct gev_hub *hub)
{
	if (!hub->loop->is_virtual)
		trim_in(hub, TRIM_AFTER);
}
