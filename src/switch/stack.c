/* SPDX-License-Identifier: MIT */
#include "switch/stack.h"
#include <stdatomic.h>
#include <sys/mman.h>
#include "base/sys.h"
#include "switch/fiber.h"
#include "switch/guard.h"
#include "switch/tcb.h"

#define SLAB_MIN ((size_t)4 << 20)
#define SLAB_MAX ((size_t)4 << 30)
#define COLOURS 32
#define COLOUR_STEP 64
#define TRIM_BATCH 256
#define WORD_BITS 64

struct gev__slab {
	struct gev_list link;    /* in its class */
	struct gev__stack_class *class;
	size_t map_size;
	char *slots;
	uint32_t count;
	uint32_t fresh;          /* from this slot on none was ever used */
	uint32_t taken;          /* slots that are not cold */
	uint32_t first;          /* words before this one have no cold slot */
	uint32_t mapped_guards;  /* guards that cost mappings */
	uint64_t bits[];         /* 1: taken */
};

_Static_assert(sizeof(struct gev__stack) <= COLOUR_STEP,
	"a stack's head fits in one step");
_Static_assert(COLOURS * COLOUR_STEP + GEV__STACK_BLOCK < GEV__PAGE - 1024,
	"the top page leaves room for a parked coroutine's frames");

static char *slot_of(const struct gev__slab *slab, uint32_t index)
{
	return slab->slots + index * slab->class->stride;
}

static struct gev__stack *stack_at(const struct gev__slab *slab, uint32_t index)
{
	return (struct gev__stack *)(slot_of(slab, index) +
		slab->class->stride - (index % COLOURS + 1) * COLOUR_STEP);
}

static char *stack_end(const struct gev__stack *s)
{
	return s->low - GEV__STACK_GUARD + s->class->stride;
}

static uint32_t slots_in(const struct gev__stack_class *class, size_t size)
{
	return size > class->stride ? size / class->stride : 1;
}

static size_t header_size(uint32_t count)
{
	size_t words = (count + WORD_BITS - 1) / WORD_BITS;
	size_t size = sizeof(struct gev__slab) + words * sizeof(uint64_t);

	return (size + GEV__PAGE - 1) & ~(size_t)(GEV__PAGE - 1);
}

static struct gev__slab *slab_map(struct gev__stack_class *class,
	uint32_t count)
{
	size_t header = header_size(count);
	size_t size = header + count * class->stride;
	struct gev__slab *slab = gev__map_sparse(size);

	if (!slab)
		return NULL;
	gev__sys(SYS_madvise, slab, size, MADV_NOHUGEPAGE);
	slab->class = class;
	slab->map_size = size;
	slab->slots = (char *)slab + header;
	slab->count = count;
	gev__list_add_tail(&class->slabs, &slab->link);
	return slab;
}

/* Doubles the class, so that a million stacks take few mappings. */
static struct gev__slab *slab_new(struct gev__stack_class *class)
{
	uint32_t least = slots_in(class, SLAB_MIN);
	uint32_t most = slots_in(class, SLAB_MAX);
	uint32_t count = 0;
	struct gev__slab *slab;
	struct gev_list *node;

	gev__list_for_each(node, &class->slabs)
		count += gev__container(node, struct gev__slab, link)->count;
	if (count < least)
		count = least;
	if (count > most)
		count = most;
	slab = slab_map(class, count);
	return slab || count == least ? slab : slab_map(class, least);
}

static void slab_unmap(struct gev__slab *slab)
{
	gev__list_del(&slab->link);
	gev__guard_unmapped(slab->mapped_guards);
	gev__unmap(slab, slab->map_size);
}

static struct gev__slab *slab_with_cold(struct gev__stack_class *class)
{
	struct gev__slab *slab;
	struct gev_list *node;

	gev__list_for_each(node, &class->slabs) {
		slab = gev__container(node, struct gev__slab, link);
		if (slab->taken < slab->count)
			return slab;
	}
	return slab_new(class);
}

/* Takes the lowest cold slot; there is one. */
static uint32_t slab_claim(struct gev__slab *slab)
{
	uint32_t bit;

	while (!~slab->bits[slab->first])
		slab->first++;
	bit = __builtin_ctzll(~slab->bits[slab->first]);
	slab->bits[slab->first] |= 1ULL << bit;
	slab->taken++;
	return slab->first * WORD_BITS + bit;
}

static void slab_release(struct gev__slab *slab, uint32_t index)
{
	uint32_t word = index / WORD_BITS;

	slab->bits[word] &= ~(1ULL << index % WORD_BITS);
	slab->taken--;
	if (word < slab->first)
		slab->first = word;
}

static bool slab_has(const struct gev__slab *slab, uint32_t index)
{
	return slab->bits[index / WORD_BITS] >> index % WORD_BITS & 1;
}

struct gev__stack *gev__stack_take_cold(struct gev__stack_class *class)
{
	struct gev__slab *slab = slab_with_cold(class);
	struct gev__stack *s;
	uint32_t index;

	if (!slab)
		return NULL;
	index = slab_claim(slab);
	if (index == slab->fresh) {
		slab->fresh++;
		slab->mapped_guards += gev__guard(slot_of(slab, index));
	}
	s = stack_at(slab, index);
	s->class = class;
	s->slab = slab;
	s->low = slot_of(slab, index) + GEV__STACK_GUARD;
	s->trimmed = false;
	s->tcb = NULL;
	gev__fiber_born(s);
	return s;
}

bool gev__stack_end_tcb(struct gev__stack *s)
{
	if (s->tcb && !gev__identity->end(s))
		return false;
	s->tcb = NULL;
	return true;
}

/* Takes the memory of one that is in no list. */
static void chill(struct gev__stack *s)
{
	struct gev__stack_class *class = s->class;
	struct gev__slab *slab = s->slab;
	char *low = s->low;

	gev__stack_end_tcb(s);
	gev__fiber_died(s);
	gev__sys(SYS_madvise, low, stack_end(s) - low, MADV_DONTNEED);
	slab_release(slab, (low - slab->slots) / class->stride);
	if (!slab->taken && class->slabs.next != &slab->link)
		slab_unmap(slab);
}

/* All but the top page, or those from libc's first frame on. */
static void trim_one(struct gev__stack *s)
{
	size_t size = stack_end(s) - GEV__PAGE - s->low;

	if (s->tcb)
		size = (size_t)(s->tcb->top - s->low) &
		       -(size_t)GEV__PAGE;
	gev__sys(SYS_madvise, s->low, size, MADV_DONTNEED);
	s->trimmed = true;
}

/* Returns what is left of @budget, the number of stacks to look at. */
static int trim_class(struct gev__stack_class *class, int budget)
{
	struct gev__stack *s;
	struct gev_list *node;

	for (; class->hot_least && budget; class->hot_least--, budget--) {
		node = class->hot.prev;
		gev__list_del(node);
		class->hot_count--;
		chill(gev__container(node, struct gev__stack, link));
	}
	gev__list_for_each(node, &class->hot) {
		s = gev__container(node, struct gev__stack, link);
		if (s->trimmed || !budget)
			break;
		trim_one(s);
		budget--;
	}
	class->hot_least = class->hot_count;
	return budget;
}

bool gev__stack_trim(struct gev__stack_pool *pool)
{
	int budget = TRIM_BATCH;

	for (int i = 0; i < GEV__STACK_CLASSES; i++)
		budget = trim_class(&pool->classes[i], budget);
	return budget == 0;
}

void gev__stack_end_tcbs(struct gev__stack_pool *pool)
{
	struct gev_list *node;

	for (int i = GEV__STACK_SIZES; i < GEV__STACK_CLASSES; i++)
		gev__list_for_each(node, &pool->classes[i].hot)
			gev__stack_end_tcb(gev__container(node, struct gev__stack, link));
}

static void slab_forget(struct gev__slab *slab)
{
	for (uint32_t i = 0; i < slab->fresh; i++)
		if (slab_has(slab, i))
			stack_at(slab, i)->tcb = NULL;
}

void gev__stack_forget_tcbs(struct gev__stack_pool *pool)
{
	struct gev_list *node;

	for (int i = GEV__STACK_SIZES; i < GEV__STACK_CLASSES; i++)
		gev__list_for_each(node, &pool->classes[i].slabs)
			slab_forget(gev__container(node, struct gev__slab,
				link));
}

size_t gev__stack_used(const struct gev__stack *s)
{
	unsigned char resident[256];
	size_t step = sizeof(resident) * GEV__PAGE;
	char *end = stack_end(s);

	for (char *p = s->low; p < end; p += step) {
		if (step > (size_t)(end - p))
			step = end - p;
		if (gev__sys(SYS_mincore, p, step, resident) < 0)
			break;
		for (size_t i = 0; i < step / GEV__PAGE; i++)
			if (resident[i] & 1)
				return end - p - i * GEV__PAGE;
	}
	return GEV__PAGE;
}

static struct gev__stack *overflown_in(struct gev__slab *slab, const char *p)
{
	size_t stride = slab->class->stride;
	size_t at = p - slab->slots; /* huge if @p is below */
	uint32_t index = at / stride;

	if (at >= slab->count * stride || at % stride >= GEV__STACK_GUARD ||
		!slab_has(slab, index))
		return NULL;
	return stack_at(slab, index);
}

struct gev__stack *gev__stack_overflown(struct gev__stack_pool *pool,
	const void *p)
{
	struct gev__stack *s;
	struct gev_list *node;

	for (int i = 0; i < GEV__STACK_CLASSES; i++) {
		gev__list_for_each(node, &pool->classes[i].slabs) {
			s = overflown_in(gev__container(node, struct gev__slab,
				link), p);
			if (s)
				return s;
		}
	}
	return NULL;
}

void gev__stack_pool_init(struct gev__stack_pool *pool)
{
	for (int i = 0; i < GEV__STACK_CLASSES; i++) {
		struct gev__stack_class *class = &pool->classes[i];
		bool full = i >= GEV__STACK_SIZES;
		int size = full ? i - GEV__STACK_SIZES : i;

		class->size = (size_t)1 << (GEV__STACK_MIN_SHIFT + size);
		class->stride = GEV__STACK_GUARD + class->size + GEV__PAGE;
		if (full)
			class->stride += GEV__STACK_TCB;
		class->hot_count = 0;
		class->hot_least = 0;
		gev__list_init(&class->hot);
		gev__list_init(&class->slabs);
	}
}

/* One whose TCB can't end stays for ever: libc has it in its lists. */
static void slab_fini(struct gev__slab *slab)
{
	bool ended = true;

	for (uint32_t i = 0; i < slab->fresh; i++) {
		if (!slab_has(slab, i))
			continue;
		ended &= gev__stack_end_tcb(stack_at(slab, i));
		gev__fiber_died(stack_at(slab, i));
	}
	if (ended)
		slab_unmap(slab);
	else
		gev__list_del(&slab->link);
}

void gev__stack_pool_fini(struct gev__stack_pool *pool)
{
	for (int i = 0; i < GEV__STACK_CLASSES; i++) {
		struct gev_list *slabs = &pool->classes[i].slabs;

		while (!gev__list_empty(slabs))
			slab_fini(gev__container(slabs->next, struct gev__slab,
				link));
	}
}

size_t gev__stack_mapped(const struct gev__stack_pool *pool)
{
	size_t size = 0;

	for (int i = 0; i < GEV__STACK_CLASSES; i++) {
		const struct gev_list *slabs = &pool->classes[i].slabs;
		const struct gev_list *node;

		gev__list_for_each(node, slabs)
			size += gev__container(node, struct gev__slab, link)
					->map_size;
	}
	return size;
}
