/* SPDX-License-Identifier: MIT */
/*
 * A signal watcher that spawns greenlets.  Each of them holds the handler, so
 * that it can find it cancelled; at the end of the hub none of them runs any
 * more.
 */
#include <gev/signal.h>
#include <errno.h>
#include <gev/greenlet.h>
#include <gev/watcher.h>
#include "base/error.h"
#include "base/mem.h"
#include "core/hub.h"

struct gev_handler {
	struct gev__tenant tenant;
	gev_hub *hub;
	gev_signal_watcher watcher;
	gev_signal_fn *fn;
	void *arg;
	unsigned refs;   /* greenlets, and the caller until it is cancelled */
	bool cancelled;
};

static void destroy(gev_handler *h)
{
	gev_watcher_stop(&h->watcher.w);
	gev__list_del(&h->tenant.node);
	gev__free(h, sizeof(*h));
}

static void put(gev_handler *h)
{
	if (--h->refs == 0)
		destroy(h);
}

static void hub_ends(struct gev__tenant *tenant)
{
	destroy(gev__container(tenant, gev_handler, tenant));
}

static intptr_t run(void *arg)
{
	gev_handler *h = arg;
	intptr_t r = h->cancelled ? 0 : h->fn(h->watcher.signum, h->arg);
	int saved = errno;

	put(h);
	errno = saved;
	return r;
}

static int on_signal(gev_watcher *w, int revents, void *arg)
{
	gev_handler *h = arg;

	(void)w;
	(void)revents;
	if (gev_go(run, h) < 0)
		return -errno;
	h->refs++;
	return 0;
}

static gev_handler *make(int signum, int *error)
{
	gev_hub *hub = gev__hub_get(error);
	gev_handler *h;

	if (!hub)
		return NULL;
	h = gev__alloc(sizeof(*h));
	if (!h) {
		*error = -ENOMEM;
		return NULL;
	}
	h->hub = hub;
	h->refs = 1;
	h->tenant.end = hub_ends;
	gev__list_add_tail(&hub->tenants, &h->tenant.node);
	*error = gev_signal_init(&h->watcher, hub->loop, signum);
	return h;
}

gev_handler *gev_signal_handler(int signum, gev_signal_fn *fn, void *arg)
{
	int error = 0;
	gev_handler *h;

	if (!fn)
		return gev__null(EINVAL);
	h = make(signum, &error);
	if (!h)
		return gev__null(-error);
	h->fn = fn;
	h->arg = arg;
	if (error == 0 && gev_signal_start(&h->watcher, on_signal, h) == 0)
		return h;
	error = errno;
	destroy(h);
	return gev__null(error);
}

int gev_handler_cancel(gev_handler *h)
{
	if (!h)
		return 0;
	if (h->hub != gev__hub_here())
		return (int)gev__ret(-EPERM);
	gev_watcher_stop(&h->watcher.w);
	h->cancelled = true;
	put(h);
	return 0;
}

int gev_handler_set_ref(gev_handler *h, bool ref)
{
	return gev_watcher_set_ref(h ? &h->watcher.w : NULL, ref);
}
