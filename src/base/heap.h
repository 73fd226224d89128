/* SPDX-License-Identifier: MIT */
/*
 * 4-ary min-heap of timer nodes with cached keys.
 *
 * The four children of an entry share a cache line, and comparing them does
 * not touch the nodes unless two keys are equal: then the node that was
 * inserted first wins (seq).  Insert can fail for want of memory, nothing else
 * can.
 */
#ifndef GEV_BASE_HEAP_H
#define GEV_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>
#include <gev/base.h>

struct gev__heap_entry {
	gev_time key;
	struct gev_timer_node *node;
};

struct gev__heap {
	struct gev__heap_entry *entries; /* entries[1] is the least */
	void *map;                       /* what entries lies in */
	uint32_t count;
	uint32_t room;
	uint64_t seq;
};

/* 0 or -ENOMEM.  @node->due is the key; @node must not be in a heap. */
int gev__heap_insert(struct gev__heap *heap, struct gev_timer_node *node);

/* Harmless if @node is in no heap (index 0). */
void gev__heap_remove(struct gev__heap *heap, struct gev_timer_node *node);

/*
 * Removes every node for which @unwanted(node, arg) is true, which may forget
 * the node's owner.  Returns how many are left.
 */
uint32_t gev__heap_purge(struct gev__heap *heap,
	bool (*unwanted)(struct gev_timer_node *node, void *arg), void *arg);

void gev__heap_fini(struct gev__heap *heap);

/* The node that is due first, or NULL. */
static inline struct gev_timer_node *gev__heap_first(
	const struct gev__heap *heap)
{
	return heap->count ? heap->entries[1].node : NULL;
}

#endif
