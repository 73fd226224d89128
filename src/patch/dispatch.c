/* SPDX-License-Identifier: MIT */
/*
 * Runs underneath libc, on whatever stack and with whatever locks the caller
 * has: no libc call, no vector register.
 */
#include "patch/dispatch.h"
#include <errno.h>
#include "calls/descriptor.h"
#include "core/greenlet.h"
#include "patch/cancel.h"
#include "patch/signals.h"

unsigned char gev__patch_live[GEV__PATCH_CALLS];

/* The thread's hub, if what runs can wait. */
static struct gev_hub *hub_to_wait_in(void)
{
	struct gev_hub *hub = gev__hub_here();

	if (!hub || !hub->thread->current->greenlet || gev__hub_is_current(hub))
		return NULL;
	return hub;
}

/*
 * The kernel lets any number wait for the same descriptor, calls/ one reader
 * and one writer.  Where they wait by request (calls/complete.c) nobody tells
 * the others that it is their turn: they look again now and then.
 */
static long queue_up(struct gev_hub *hub, gev__handler *handler,
	const long a[6])
{
	gev_time pause = GEV__PAUSE;
	long r = -EBUSY;

	while (r == -EBUSY) {
		struct gev_waiter w = { .what = "its turn at a descriptor",
			.object = (void *)a[0] };

		r = gev__park(&w, pause);
		if (!w.expired)
			return r;
		r = handler(hub, a);
		pause = gev__longer_pause(pause);
	}
	return r;
}

static bool is_stubborn(const gev_greenlet *self)
{
	return __builtin_expect(self->coro->pending, 0) &&
	       self->fruitless >= GEV__FRUITLESS_MAX;
}

/* A greenlet that shares its TCB with others. */
static bool is_light(const gev_coro *self)
{
	return self->tcb == &self->thread->own &&
	       self->greenlet != self->thread->hub->main;
}

/* Told once: what it was in the midst of, others can have changed since. */
static void report_light(struct gev_hub *hub)
{
	static atomic_bool told;

	if (!atomic_load_explicit(&told, memory_order_relaxed) &&
		!atomic_exchange(&told, true))
		gev__hub_error(hub, hub->thread->current->greenlet, -ENOTUNIQ,
			"a wait in libc with its thread's TLS");
}

/* In a greenlet. */
static long answer(struct gev_hub *hub, gev__handler *handler, unsigned flags,
	const long a[6])
{
	gev_greenlet *self = hub->thread->current->greenlet;
	uint64_t switches = hub->stats.switches;
	long r;

	gev__cancel_point(hub);
	if (is_stubborn(self))
		gev__patch_blow_fuse(hub, handler);
	self->call = handler;
	r = handler(hub, a);
	if (r == -EBUSY && flags & (GEV__WAITS | GEV__QUEUES))
		r = queue_up(hub, handler, a);
	self->call = NULL;
	gev__cancel_point(hub);
	if (is_light(hub->thread->current) && hub->stats.switches != switches)
		report_light(hub);
	return r;
}

long gev__patch_handle(gev__handler *handler, unsigned flags, const long a[6])
{
	struct gev_hub *hub;

	if (gev__patch_in_vfork())
		return GEV__PASS;
	if (gev__patch_in_handler())
		return flags & GEV__SAFE ? handler(NULL, a) : GEV__PASS;
	if (flags & GEV__ANYWHERE)
		return handler(NULL, a);
	hub = hub_to_wait_in();
	if (hub)
		return answer(hub, handler, flags, a);
	return flags & GEV__WAITS ? GEV__PASS : handler(NULL, a);
}

bool gev__patch_can_wait(void)
{
	return hub_to_wait_in() && !gev__patch_in_vfork() &&
	       !gev__patch_in_handler();
}

struct gev__patch_answer gev__patch_dispatch(const struct gev__patch_call *c)
{
	const struct gev__patch_entry *entry = &gev__patch_table[c->nr];
	long r = gev__patch_handle(entry->handler, entry->flags, c->a);

	return (struct gev__patch_answer){ r, r == GEV__PASS };
}
