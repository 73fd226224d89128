/* SPDX-License-Identifier: MIT */
#include "sync/items.h"
#include "base/mem.h"

#define FIRST_ROOM 8u

static size_t size_of(size_t room)
{
	return room * sizeof(void *);
}

int gev__items_grow(gev_queue *q)
{
	size_t room = q->room ? 2 * q->room : FIRST_ROOM;
	void **items = gev__alloc(size_of(room));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < q->count; i++)
		items[i] = *gev__items_slot(q, i);
	gev__items_free(q);
	q->items = items;
	q->room = room;
	q->head = 0;
	return 0;
}

void gev__items_free(gev_queue *q)
{
	gev__free(q->items, size_of(q->room));
	q->items = NULL;
	q->room = 0;
}

static bool less(const gev_queue *q, size_t a, size_t b)
{
	const void *x = q->items[a], *y = q->items[b];

	return q->compare ? q->compare(x, y) < 0 : x < y;
}

static void swap(gev_queue *q, size_t a, size_t b)
{
	void *item = q->items[a];

	q->items[a] = q->items[b];
	q->items[b] = item;
}

void gev__items_rise(gev_queue *q)
{
	size_t at = q->count - 1;

	while (at > 0 && less(q, at, (at - 1) / 2)) {
		swap(q, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

void gev__items_sink(gev_queue *q, size_t at)
{
	size_t child;

	while ((child = 2 * at + 1) < q->count) {
		if (child + 1 < q->count && less(q, child + 1, child))
			child++;
		if (!less(q, child, at))
			return;
		swap(q, child, at);
		at = child;
	}
}
