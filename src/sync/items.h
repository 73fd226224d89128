/* SPDX-License-Identifier: MIT */
/*
 * What a queue keeps its items in: a ring that doubles when it is full.
 *
 *	FIFO      [ . . o o o o . . ]   taken at the head, put at the tail
 *	LIFO      [ . . o o o o . . ]   taken at the tail too
 *	PRIORITY  [ o o o o . . . . ]   a binary heap, its head always 0
 */
#ifndef GEV_SYNC_ITEMS_H
#define GEV_SYNC_ITEMS_H

#include <errno.h>
#include <gev/queue.h>
#include "base/assert.h"

/* Doubles the room.  0, or -ENOMEM with everything as it was. */
int gev__items_grow(gev_queue *q);
void gev__items_free(gev_queue *q);

/* Moves an item of the heap to where it belongs: up from the end, down from
 * @at. */
void gev__items_rise(gev_queue *q);
void gev__items_sink(gev_queue *q, size_t at);

/* The slot @n items behind the head. */
static inline void **gev__items_slot(const gev_queue *q, size_t n)
{
	return &q->items[(q->head + n) & (q->room - 1)];
}

/* 0 or -ENOMEM. */
static inline int gev__items_put(gev_queue *q, void *item)
{
	if (__builtin_expect(q->count == q->room, 0)) {
		int r = gev__items_grow(q);

		if (r < 0)
			return r;
	}
	*gev__items_slot(q, q->count++) = item;
	if (q->order == GEV_PRIORITY)
		gev__items_rise(q);
	return 0;
}

/* The one that is next; there is one. */
static inline void **gev__items_next(const gev_queue *q)
{
	gev__assert(q->count > 0);
	return gev__items_slot(q, q->order == GEV_LIFO ? q->count - 1 : 0);
}

/* Takes that out. */
static inline void *gev__items_get(gev_queue *q)
{
	void **next = gev__items_next(q);
	void *item = *next;

	q->count--;
	if (q->order == GEV_FIFO) {
		q->head++;
	} else if (q->order == GEV_PRIORITY) {
		*next = *gev__items_slot(q, q->count);
		gev__items_sink(q, 0);
	}
	return item;
}

#endif
