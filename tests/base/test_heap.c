/* SPDX-License-Identifier: MIT */
#include "base/heap.h"
#include "base/inject.h"
#include "t.h"
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#define MANY 5000

static struct gev_timer_node nodes[MANY];

static struct gev_timer_node *pop(struct gev__heap *heap)
{
	struct gev_timer_node *first = gev__heap_first(heap);

	if (first)
		gev__heap_remove(heap, first);
	return first;
}

static void insert(struct gev__heap *heap, struct gev_timer_node *node,
	gev_time due)
{
	node->due = due;
	t_eq(gev__heap_insert(heap, node), 0);
}

/* Every node knows its place, and no child is before its parent. */
static bool is_sound(const struct gev__heap *heap)
{
	for (uint32_t i = 1; i <= heap->count; i++) {
		const struct gev__heap_entry *e = &heap->entries[i];

		if (e->node->index != i || e->key != e->node->due)
			return false;
		if (i > 1 && heap->entries[(i + 2) / 4].key > e->key)
			return false;
	}
	return true;
}

static void an_empty_heap_has_no_first(void)
{
	struct gev__heap heap = { 0 };
	struct gev_timer_node node = { 0 };

	t_ok(gev__heap_first(&heap) == NULL);
	gev__heap_remove(&heap, &node);
	gev__heap_fini(&heap);
}

static void ties_come_out_in_insertion_order(void)
{
	struct gev__heap heap = { 0 };
	bool in_order = true;

	for (int i = 0; i < 1000; i++)
		insert(&heap, &nodes[i], i % 3);
	for (int key = 0; key < 3; key++)
		for (int i = key; i < 1000; i += 3)
			in_order &= pop(&heap) == &nodes[i];
	t_ok(in_order);
	t_ok(gev__heap_first(&heap) == NULL);
	gev__heap_fini(&heap);
}

static void a_node_inserted_anew_goes_behind_its_equals(void)
{
	struct gev__heap heap = { 0 };

	for (int i = 0; i < 3; i++)
		insert(&heap, &nodes[i], 7);
	gev__heap_remove(&heap, &nodes[0]);
	insert(&heap, &nodes[0], 7);
	t_ok(pop(&heap) == &nodes[1]);
	t_ok(pop(&heap) == &nodes[2]);
	t_ok(pop(&heap) == &nodes[0]);
	gev__heap_fini(&heap);
}

static void removing_twice_is_harmless(void)
{
	struct gev__heap heap = { 0 };

	for (int i = 0; i < 3; i++)
		insert(&heap, &nodes[i], i);
	gev__heap_remove(&heap, &nodes[1]);
	gev__heap_remove(&heap, &nodes[1]);
	t_eq(heap.count, 2);
	t_ok(is_sound(&heap));
	gev__heap_fini(&heap);
}

static void stays_sound_at_random(void)
{
	unsigned seed = (unsigned)time(NULL);
	struct gev__heap heap = { 0 };
	bool sound = true, sorted = true;
	struct gev_timer_node *node;
	gev_time last = 0;

	printf("# seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 4 * MANY; i++) {
		node = &nodes[rand() % MANY];
		if (node->index)
			gev__heap_remove(&heap, node);
		else
			insert(&heap, node, rand() % 500);
		if (i % 100 == 0)
			sound &= is_sound(&heap);
	}
	t_ok(sound);
	while ((node = pop(&heap)) != NULL) {
		sorted &= last <= node->due;
		last = node->due;
	}
	t_ok(sorted);
	gev__heap_fini(&heap);
}

static void without_memory_nothing_changes(void)
{
	struct gev__heap heap = { 0 };
	uint32_t full = 0;

	memset(nodes, 0, sizeof(nodes)); /* none is in a heap any more */
	gev__inject = (struct gev__inject){
		.nr = SYS_mmap, .error = -ENOMEM, .times = 1
	};
	t_eq(gev__heap_insert(&heap, &nodes[0]), -ENOMEM);
	t_eq(nodes[0].index, 0);
	gev__inject = (struct gev__inject){
		.nr = SYS_mremap, .error = -ENOMEM, .times = 1
	};
	while (gev__heap_insert(&heap, &nodes[full]) == 0)
		full++;
	t_eq(heap.count, full);
	t_eq(nodes[full].index, 0);
	t_ok(is_sound(&heap));
	t_eq(gev__heap_insert(&heap, &nodes[full]), 0);
	gev__inject.nr = -1;
	gev__heap_fini(&heap);
}

int main(void)
{
	T_RUN(an_empty_heap_has_no_first);
	T_RUN(ties_come_out_in_insertion_order);
	T_RUN(a_node_inserted_anew_goes_behind_its_equals);
	T_RUN(removing_twice_is_harmless);
	T_RUN(stays_sound_at_random);
	T_RUN(without_memory_nothing_changes);
	return t_done();
}
