/* SPDX-License-Identifier: MIT */
/*
 * Stacks: mapped in slabs, guarded, pooled.  One pool a thread, no locks.
 *
 * A slab is one mapping: a header, then equal slots.  A slot:
 *
 *	low                                                          high
 *	| guard | ............... stack | block | struct gev__stack | gap |
 *	                                  `--- within the top page ---'
 *
 * The block is the owner's (a coroutine lies there), so a parked one costs
 * the top page only.  The gap is one of 32 colours: equal offsets in all tops
 * would have them compete for the same few lines of the first-level cache.
 * With two guard pages and the top page added to a power of two, slots lie an
 * odd number of pages apart, which spreads them over the other caches and the
 * TLB.
 *
 * A free stack is hot or cold.  Hot: in a LIFO list, its memory kept; taking
 * one costs nanoseconds.  Cold: no memory behind it, a bit in its slab.
 * gev__stack_trim() makes cold what was hot for too long.
 *
 * Guards are MADV_GUARD_INSTALL where the kernel has it (no mapping each);
 * else mprotect, as long as that leaves the program most of the mappings it
 * may have; else there is none.
 */
#ifndef GEV_SWITCH_STACK_H
#define GEV_SWITCH_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/list.h"
#include "base/mem.h"

#define GEV__STACK_MIN_SHIFT 14 /* 16 KiB */
#define GEV__STACK_MAX_SHIFT 30 /* 1 GiB */
#define GEV__STACK_SIZES (GEV__STACK_MAX_SHIFT - GEV__STACK_MIN_SHIFT + 1)
#define GEV__STACK_CLASSES (2 * GEV__STACK_SIZES)
#define GEV__STACK_DEFAULT ((size_t)64 << 10)
#define GEV__STACK_DEFAULT_FULL ((size_t)256 << 10) /* foreign code needs it */
#define GEV__STACK_TCB (4 * GEV__PAGE) /* what libc may put at the top */
#define GEV__STACK_GUARD (2 * GEV__PAGE)
#define GEV__STACK_BLOCK 768 /* bytes for the owner */

/* One size, for stacks with a TCB or for those without. */
struct gev__stack_class {
	size_t size;             /* bytes of stack, at least */
	size_t stride;           /* from slot to slot */
	struct gev_list hot;     /* last given, first taken */
	uint32_t hot_count;
	uint32_t hot_least;      /* since the last trim */
	struct gev_list slabs;   /* struct gev__slab, oldest first */
};

struct gev__stack_pool {
	struct gev__stack_class classes[GEV__STACK_CLASSES]; /* full: 2nd half */
};

struct gev__stack {
	struct gev_list link;    /* in the hot list */
	struct gev__stack_class *class;
	struct gev__slab *slab;
	char *low;               /* the lowest byte above the guard */
	void *fiber;             /* fiber.c: what a tool calls it, or NULL */
	bool trimmed;            /* and not taken since */
	struct gev__tcb *tcb;    /* at its top; NULL: none */
};

void gev__stack_pool_init(struct gev__stack_pool *pool);

/* Unmaps all stacks, those in use too, after their TCBs' end. */
void gev__stack_pool_fini(struct gev__stack_pool *pool);

/*
 * Gives back the memory of what was not needed since the last call, and of
 * the rest all but the top page, or what holds the TCB; a bounded number of
 * them.  True if that left something to do.
 */
bool gev__stack_trim(struct gev__stack_pool *pool);

/* Ends the TCB of one on which nobody will run any more, if there is one.
 * False: it can't, and libc has it in its lists: the stack has to stay. */
bool gev__stack_end_tcb(struct gev__stack *s);

/* Those of all that are not in use. */
void gev__stack_end_tcbs(struct gev__stack_pool *pool);

/* In a child of fork(): there are none any more. */
void gev__stack_forget_tcbs(struct gev__stack_pool *pool);

/* The stack in whose guard @p lies, or NULL.  Safe in a signal handler. */
struct gev__stack *gev__stack_overflown(struct gev__stack_pool *pool,
	const void *p);

/* Bytes of address space that all stacks take. */
size_t gev__stack_mapped(const struct gev__stack_pool *pool);

/* From the lowest page that has memory to the top of the slot, in bytes. */
size_t gev__stack_used(const struct gev__stack *s);

/* NULL: no memory. */
struct gev__stack *gev__stack_take_cold(struct gev__stack_class *class);

/* The owner's memory, and where the stack begins to grow down from. */
static inline void *gev__stack_block(const struct gev__stack *s)
{
	return (char *)s - GEV__STACK_BLOCK;
}

/* The class for @size bytes (0: the default), NULL if out of range. */
static inline struct gev__stack_class *gev__stack_class_of(
	struct gev__stack_pool *pool, size_t size, bool full)
{
	if (size == 0)
		size = full ? GEV__STACK_DEFAULT_FULL : GEV__STACK_DEFAULT;
	if (size < (size_t)1 << GEV__STACK_MIN_SHIFT ||
		size > (size_t)1 << GEV__STACK_MAX_SHIFT)
		return NULL;
	return &pool->classes[64 - __builtin_clzll(size - 1) -
		GEV__STACK_MIN_SHIFT + (full ? GEV__STACK_SIZES : 0)];
}

/* NULL: no memory. */
static inline struct gev__stack *gev__stack_take(struct gev__stack_class *class)
{
	struct gev_list *node = gev__list_pop(&class->hot);
	struct gev__stack *s;

	if (__builtin_expect(!node, 0))
		return gev__stack_take_cold(class);
	if (--class->hot_count < class->hot_least)
		class->hot_least = class->hot_count;
	s = gev__container(node, struct gev__stack, link);
	s->trimmed = false;
	return s;
}

/* Not while running on it. */
static inline void gev__stack_give(struct gev__stack *s)
{
	gev__list_add(&s->class->hot, &s->link);
	s->class->hot_count++;
}

#endif
