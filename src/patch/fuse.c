/* SPDX-License-Identifier: MIT */
/*
 * Libraries try again what failed, some for ever; and for a greenlet that was
 * killed all waits fail at once.  So that it does not keep the others from
 * running it is let wait after all, as if it had shielded itself, and that is
 * reported: to the hub, since the greenlet may hold any of libc's locks.
 */
#include "patch/dispatch.h"
#include "base/mem.h"
#include "core/greenlet.h"

struct report {
	gev_callback callback;
	gev_greenlet *g;
	int code;
	const char *call;
};

static void drop(struct report *report)
{
	gev_unref(report->g);
	gev__free(report, sizeof(*report));
}

static void dropped(gev_callback *cb)
{
	drop(gev__container(cb, struct report, callback));
}

static int tell(void *arg)
{
	struct report *report = arg;
	gev_hub *hub = gev__hub_here();
	struct gev_error e = { report->g, report->code,
		"killed, and tries for ever: it waits now", report->call };

	if (hub->error_fn)
		hub->error_fn(hub, &e, hub->error_arg);
	drop(report);
	return 0;
}

static const char *name_of(gev__handler *handler)
{
	for (int nr = 0; nr < GEV__PATCH_CALLS; nr++)
		if (gev__patch_table[nr].handler == handler)
			return gev__patch_table[nr].name;
	return "patched call";
}

void gev__patch_blow_fuse(struct gev_hub *hub, gev__handler *handler)
{
	gev_greenlet *g = hub->thread->current->greenlet;
	struct report *report = gev__alloc(sizeof(*report));

	g->fruitless = 0;
	g->shields++;
	if (!report)
		return;
	report->callback.dropped = dropped;
	report->g = gev_ref(g);
	report->code = g->coro->pending & GEV__PENDING_KILL ? g->kill_code :
							      g->throw_code;
	report->call = name_of(handler);
	gev_loop_run_callback(hub->loop, &report->callback, tell, report);
}
