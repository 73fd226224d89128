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
