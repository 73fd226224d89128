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

/* Who ended while he held something may not be looked at any more. */
static const gev_coro *find_living(gev_hub *hub, const gev_coro *c)
{
	struct gev_list *node;

	gev__list_for_each(node, &hub->greenlets)
		if (gev__container(node, gev_greenlet, all)->coro == c)
			return c;
	return NULL;
}

void gev__sync_text_held(struct gev__text *t, const void *object, gev_hub *hub,
	const gev_coro *holder)
{
	gev__text_add(t, "on ");
	gev__text_ptr(t, object);
	gev__text_add(t, " (held by ");
	if (find_living(hub, holder)) {
		gev__text_coro(t, holder);
	} else if (holder == hub->coro) {
		gev__text_add(t, "the hub");
	} else {
		gev__text_add(t, "coroutine ");
		gev__text_ptr(t, holder);
	}
	gev__text_char(t, ')');
}
