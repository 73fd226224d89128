/* SPDX-License-Identifier: MIT */
#include "base/heap.h"
#include "base/mem.h"
#include <errno.h>

/*
 * entries[0] is not used.  The map is offset by half a cache line so that
 * entries[2..5], the children of the root, and every group of four after them
 * start one.
 */
#define OFFSET 32

static uint32_t parent(uint32_t i)
{
	return (i + 2) / 4;
}

static uint32_t first_child(uint32_t i)
{
	return 4 * i - 2;
}

static bool before(const struct gev__heap_entry *a,
	const struct gev__heap_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return a->node->seq < b->node->seq;
}

static void place(struct gev__heap *heap, uint32_t i, struct gev__heap_entry e)
{
	heap->entries[i] = e;
	e.node->index = i;
}

static void sift_up(struct gev__heap *heap, uint32_t i,
	struct gev__heap_entry e)
{
	while (i > 1 && before(&e, &heap->entries[parent(i)])) {
		place(heap, i, heap->entries[parent(i)]);
		i = parent(i);
	}
	place(heap, i, e);
}

static uint32_t least_child(const struct gev__heap *heap, uint32_t i)
{
	uint32_t least = first_child(i);
	uint32_t end = least + 4;

	if (end > heap->count + 1)
		end = heap->count + 1;
	for (uint32_t c = least + 1; c < end; c++)
		if (before(&heap->entries[c], &heap->entries[least]))
			least = c;
	return least;
}

static void sift_down(struct gev__heap *heap, uint32_t i,
	struct gev__heap_entry e)
{
	while (first_child(i) <= heap->count) {
		uint32_t c = least_child(heap, i);

		if (!before(&heap->entries[c], &e))
			break;
		place(heap, i, heap->entries[c]);
		i = c;
	}
	place(heap, i, e);
}

static size_t map_size(uint32_t room)
{
	return OFFSET + (room + 1) * sizeof(struct gev__heap_entry);
}

static int grow(struct gev__heap *heap)
{
	uint32_t room = heap->room ? 2 * heap->room : 252;
	void *map = heap->map;

	map = map ? gev__remap(map, map_size(heap->room), map_size(room))
		  : gev__map(map_size(room));
	if (!map)
		return -ENOMEM;
	heap->map = map;
	heap->entries = (struct gev__heap_entry *)((char *)map + OFFSET);
	heap->room = room;
	return 0;
}

int gev__heap_insert(struct gev__heap *heap, struct gev_timer_node *node)
{
	struct gev__heap_entry e = { node->due, node };

	if (heap->count == heap->room && grow(heap) < 0)
		return -ENOMEM;
	node->seq = ++heap->seq;
	sift_up(heap, ++heap->count, e);
	return 0;
}

void gev__heap_remove(struct gev__heap *heap, struct gev_timer_node *node)
{
	uint32_t i = node->index;
	struct gev__heap_entry last;

	if (i == 0)
		return;
	node->index = 0;
	last = heap->entries[heap->count--];
	if (last.node == node)
		return;
	if (i > 1 && before(&last, &heap->entries[parent(i)]))
		sift_up(heap, i, last);
	else
		sift_down(heap, i, last);
}

uint32_t gev__heap_purge(struct gev__heap *heap,
	bool (*unwanted)(struct gev_timer_node *node, void *arg), void *arg)
{
	uint32_t count = heap->count;

	heap->count = 0;
	for (uint32_t i = 1; i <= count; i++) {
		struct gev__heap_entry e = heap->entries[i];

		e.node->index = 0;
		if (!unwanted(e.node, arg))
			sift_up(heap, ++heap->count, e);
	}
	return heap->count;
}

void gev__heap_fini(struct gev__heap *heap)
{
	if (heap->map)
		gev__unmap(heap->map, map_size(heap->room));
	heap->map = NULL;
	heap->entries = NULL;
	heap->count = 0;
	heap->room = 0;
}
