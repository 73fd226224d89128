/* SPDX-License-Identifier: MIT */
/*
 * Runs underneath libc, on whatever stack and with whatever locks the caller
 * has: no libc call, no vector register.
 */
#include "patch/dispatch.h"
#include "calls/descriptor.h"

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

struct gev__patch_answer gev__patch_dispatch(const struct gev__patch_call *c)
{
	const struct gev__patch_entry *entry = &gev__patch_table[c->nr];
	struct gev_hub *hub = hub_to_wait_in();
	long r = GEV__PASS;

	if ((hub || !entry->waits) && !gev__patch_in_vfork())
		r = entry->handler(hub, c->a);
	if (r == -EBUSY && hub && entry->waits)
		r = queue_up(hub, entry->handler, c->a);
	return (struct gev__patch_answer){ r, r == GEV__PASS };
}
