/* SPDX-License-Identifier: MIT */
#include "switch/fiber.h"
#include "switch/switch.h"

#if GEV__ASAN

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

/* The root's stack, which ASan knows and tells at the first switch from it. */
static _Thread_local struct {
	const gev_coro *left;
	const void *low;
	size_t size;
} root;

static void unpoison(struct gev__stack *s)
{
	size_t size = GEV__STACK_GUARD + s->class->size + GEV__PAGE;

	ASAN_UNPOISON_MEMORY_REGION(s->low - GEV__STACK_GUARD, size);
}

/* Any value but NULL has gev__fiber_reused() called. */
void gev__fiber_born(struct gev__stack *s)
{
	s->fiber = s;
}

/* Frames that never returned have left their red zones. */
void gev__fiber_reused(struct gev__stack *s)
{
	unpoison(s);
}

void gev__fiber_died(struct gev__stack *s)
{
	unpoison(s);
}

void gev__fiber_root(struct gev__thread *t)
{
	(void)t;
}

static void arrive(void *fake)
{
	const void *low;
	size_t size;

	__sanitizer_finish_switch_fiber(fake, &low, &size);
	if (!root.left->stack) {
		root.low = low;
		root.size = size;
	}
}

/* Without a slot to save it in, ASan frees the fake stack of @from. */
void *gev__fiber_switch(gev_coro *from, gev_coro *to)
{
	void *fake = NULL;
	void **slot = from->state == GEV__CORO_DEAD ? NULL : &fake;
	void *value;

	root.left = from;
	if (to->stack)
		__sanitizer_start_switch_fiber(slot, to->stack->low,
			gev_coro_stack_size(to));
	else
		__sanitizer_start_switch_fiber(slot, root.low, root.size);
	value = gev__switch(&from->sp, to->sp, to->value);
	arrive(fake);
	return value;
}

void gev__fiber_entry(gev_coro *self)
{
	arrive(NULL);
	self->entry(self);
}

#elif GEV__TSAN

#include <sanitizer/tsan_interface.h>

void gev__fiber_born(struct gev__stack *s)
{
	s->fiber = __tsan_create_fiber(0);
}

/* TSan counts calls and returns by fiber, and functions that never returned
 * would add up.  At its end a fiber is current: it can only go now. */
void gev__fiber_reused(struct gev__stack *s)
{
	gev__fiber_died(s);
	gev__fiber_born(s);
}

void gev__fiber_died(struct gev__stack *s)
{
	__tsan_destroy_fiber(s->fiber);
}

void gev__fiber_root(struct gev__thread *t)
{
	t->fiber = __tsan_get_current_fiber();
}

void *gev__fiber_switch(gev_coro *from, gev_coro *to)
{
	void *value;

	__tsan_switch_to_fiber(to->stack ? to->stack->fiber : to->thread->fiber,
		0);
	value = gev__switch(&from->sp, to->sp, to->value);
	__asm__ volatile("" : : : "memory"); /* the call above is no jump */
	return value;
}

void gev__fiber_entry(gev_coro *self)
{
	self->entry(self);
}

#elif __has_include(<valgrind/memcheck.h>)

#include <valgrind/memcheck.h>

/* valgrind's number for the stack; 0 (nobody counts) without valgrind. */
void gev__fiber_born(struct gev__stack *s)
{
	s->fiber = (void *)(uintptr_t)VALGRIND_STACK_REGISTER(s->low,
		gev__stack_block(s));
}

/* What was below an old frame's stack pointer can't be accessed. */
void gev__fiber_reused(struct gev__stack *s)
{
	VALGRIND_MAKE_MEM_UNDEFINED(s->low,
		(char *)gev__stack_block(s) - s->low);
}

void gev__fiber_died(struct gev__stack *s)
{
	if (!s->fiber)
		return;
	gev__fiber_reused(s);
	VALGRIND_STACK_DEREGISTER((uintptr_t)s->fiber);
}

#else

void gev__fiber_born(struct gev__stack *s)
{
	s->fiber = NULL;
}

void gev__fiber_reused(struct gev__stack *s)
{
	(void)s;
}

void gev__fiber_died(struct gev__stack *s)
{
	(void)s;
}

#endif
