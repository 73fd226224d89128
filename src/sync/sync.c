/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

int gev__sync_adopt(gev_hub **owner)
{
	int r = 0;
	gev_hub *hub;

	if (*owner)
		return *owner == GEV__SYNC_GONE ? -EINVAL : -EPERM;
	hub = gev__hub_get(&r);
	if (!hub)
		return r;
	*owner = hub;
	return 0;
}

int gev__sync_wait(struct gev_list *waiters, struct gev_waiter *w,
	gev_time timeout)
{
	if (timeout == 0)
		return -ETIMEDOUT;
	gev__sync_enqueue(waiters, w);
	return gev__park(w, timeout);
}

bool gev__sync_leave(gev_hub **owner)
{
	if (*owner && *owner != gev__hub_here())
		return false;
	*owner = GEV__SYNC_GONE;
	return true;
}

void gev__sync_orphan(struct gev_list *waiters, int result)
{
	struct gev_waiter *w;

	while ((w = gev__sync_first(waiters))) {
		w->object = NULL;
		gev__wake(w, result);
	}
}

static const gev_coro *find_greenlet(gev_hub *hub, uint64_t serial)
{
	struct gev_list *node;

	gev__list_for_each(node, &hub->greenlets) {
		gev_coro *c = gev__container(node, gev_greenlet, all)->coro;

		if (c->serial == serial)
			return c;
	}
	return NULL;
}

void gev__sync_text_held(struct gev__text *t, const void *object, gev_hub *hub,
	uint64_t serial)
{
	const gev_coro *holder = find_greenlet(hub, serial);

	gev__text_add(t, "on ");
	gev__text_ptr(t, object);
	gev__text_add(t, " (held by ");
	if (holder)
		gev__text_coro(t, holder);
	else if (serial == hub->coro->serial)
		gev__text_add(t, "the hub");
	else
		gev__text_add(t, "a greenlet that has ended, or none");
	gev__text_char(t, ')');
}
