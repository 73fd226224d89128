/* SPDX-License-Identifier: MIT */
/*
 * Runs underneath libc, on whatever stack and with whatever locks the caller
 * has: no libc call, no vector register.
 */
#include "patch/dispatch.h"
#include <errno.h>
#include "calls/descriptor.h"
#include "core/greenlet.h"

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
 * and one writer: the others look again now and then.
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

static bool is_stubborn(const gev_coro *self)
{
	return __builtin_expect(self->pending, 0) &&
	       self->greenlet->fruitless >= GEV__FRUITLESS_MAX;
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

long gev__patch_handle(gev__handler *handler, bool waits, const long a[6])
{
	struct gev_hub *hub = hub_to_wait_in();
	uint64_t switches = hub ? hub->stats.switches : 0;
	long r = GEV__PASS;

	if (hub && is_stubborn(hub->thread->current))
		gev__patch_blow_fuse(hub, handler);
	if ((hub || !waits) && !gev__patch_in_vfork())
		r = handler(hub, a);
	if (r == -EBUSY && hub && waits)
		r = queue_up(hub, handler, a);
	if (hub && is_light(hub->thread->current) &&
		hub->stats.switches != switches)
		report_light(hub);
	return r;
}

bool gev__patch_can_wait(void)
{
	return hub_to_wait_in() && !gev__patch_in_vfork();
}

struct gev__patch_answer gev__patch_dispatch(const struct gev__patch_call *c)
{
	const struct gev__patch_entry *entry = &gev__patch_table[c->nr];
	long r = gev__patch_handle(entry->handler, entry->waits, c->a);

	return (struct gev__patch_answer){ r, r == GEV__PASS };
}
