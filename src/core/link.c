/* SPDX-License-Identifier: MIT */
/*
 * What is called around a greenlet: links at its end, spawn callbacks at its
 * start.
 *
 * Links never run on the dying stack.  The greenlet joins the hub's list of
 * those to notify, and a callback of the loop runs the links one by one; each
 * is taken off before it is called, so that it may unlink any other.
 */
#include "core/link.h"
#include "base/mem.h"

struct spawn_callback {
	struct gev_list node;
	gev_greenlet_fn *fn; /* NULL: removed while they are being called */
	void *arg;
};

/* The body of the greenlet that a link is called in. */
static intptr_t call_link(void *arg)
{
	struct gev__link *link = arg;
	gev_greenlet *g = link->greenlet;
	int r = link->fn(g, link->arg);

	gev__free(link, sizeof(*link));
	gev__greenlet_put(g);
	return r;
}

static bool wanted(const struct gev__link *link, const gev_greenlet *g)
{
	if (link->kind == GEV__LINK_VALUE)
		return gev_successful(g);
	if (link->kind == GEV__LINK_EXCEPTION)
		return !gev_successful(g);
	return true;
}

/* 0, or the negative error that is to be reported. */
static int run_link(gev_greenlet *g, struct gev__link *link)
{
	int r = 0;

	if (link->kind != GEV__LINK_RAW && wanted(link, g)) {
		link->greenlet = gev_ref(g);
		if (gev_go(call_link, link) == 0)
			return 0;
		r = -*g->hub->thread->errno_at;
		gev__greenlet_put(g);
	} else if (link->kind == GEV__LINK_RAW) {
		gev_greenlet_fn *fn = link->fn;
		void *arg = link->arg;

		gev__link_free(link);
		return fn(g, arg);
	}
	gev__link_free(link);
	return r;
}

static void notify_one(gev_hub *hub, gev_greenlet *g)
{
	struct gev_list *node;

	g->notified = false;
	if (g->unseen) {
		g->unseen = false;
		gev__hub_error(hub, g, -g->error, "greenlet");
	}
	while ((node = gev__list_pop(&g->links))) {
		int r = run_link(g, gev__container(node, struct gev__link,
					    node));

		if (r < 0)
			gev__hub_error(hub, g, r, "link");
	}
	gev__greenlet_put(g);
}

static int notify(void *arg)
{
	gev_hub *hub = arg;
	struct gev_list *node;

	while (!hub->quitting && (node = gev__list_pop(&hub->notified)))
		notify_one(hub, gev__container(node, gev_greenlet, notify));
	return 0;
}

void gev__greenlet_notify(gev_greenlet *g)
{
	gev_hub *hub = g->hub;

	if (g->notified)
		return;
	g->notified = true;
	g->refs++;
	gev__list_add_tail(&hub->notified, &g->notify);
	if (!hub->notify.pending)
		gev_loop_run_callback(hub->loop, &hub->notify, notify, hub);
}

void gev__link_add(gev_greenlet *g, struct gev__link *link, int kind,
	gev_greenlet_fn *fn, void *arg)
{
	link->kind = (uint8_t)kind;
	link->fn = fn;
	link->arg = arg;
	gev__list_add_tail(&g->links, &link->node);
	if (g->phase == GEV__ENDED)
		gev__greenlet_notify(g);
}

void gev__link_del(struct gev__link *link)
{
	if (link->node.next)
		gev__list_del(&link->node);
}

void gev__link_free(struct gev__link *link)
{
	if (link->owned)
		gev__free(link, sizeof(*link));
}

static int add(gev_greenlet *g, int kind, gev_greenlet_fn *fn, void *arg)
{
	struct gev__link *link;
	int r = gev__greenlet_check(g);

	if (r < 0)
		return r;
	if (!fn)
		return -EINVAL;
	link = gev__alloc(sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->owned = true;
	gev__link_add(g, link, kind, fn, arg);
	return 0;
}

int gev_link(gev_greenlet *g, gev_greenlet_fn *fn, void *arg)
{
	return (int)gev__ret(add(g, GEV__LINK_SPAWN, fn, arg));
}

int gev_link_value(gev_greenlet *g, gev_greenlet_fn *fn, void *arg)
{
	return (int)gev__ret(add(g, GEV__LINK_VALUE, fn, arg));
}

int gev_link_exception(gev_greenlet *g, gev_greenlet_fn *fn, void *arg)
{
	return (int)gev__ret(add(g, GEV__LINK_EXCEPTION, fn, arg));
}

int gev_rawlink(gev_greenlet *g, gev_greenlet_fn *fn, void *arg)
{
	return (int)gev__ret(add(g, GEV__LINK_RAW, fn, arg));
}

static int unlink_one(gev_greenlet *g, gev_greenlet_fn *fn, void *arg)
{
	struct gev_list *node;

	if (g->hub != gev__hub_here())
		return -EPERM;
	gev__list_for_each(node, &g->links) {
		struct gev__link *link =
			gev__container(node, struct gev__link, node);

		if (!link->owned || link->fn != fn || link->arg != arg)
			continue;
		gev__list_del(node);
		gev__free(link, sizeof(*link));
		return 0;
	}
	return -ENOENT;
}

int gev_unlink(gev_greenlet *g, gev_greenlet_fn *fn, void *arg)
{
	return g ? (int)gev__ret(unlink_one(g, fn, arg)) : 0;
}

static void drop_removed(gev_hub *hub)
{
	struct gev_list *node, *save;

	gev__list_for_each_safe(node, save, &hub->spawn_callbacks) {
		struct spawn_callback *cb =
			gev__container(node, struct spawn_callback, node);

		if (cb->fn)
			continue;
		gev__list_del(node);
		gev__free(cb, sizeof(*cb));
	}
}

void gev__tell_spawned(gev_greenlet *g)
{
	gev_hub *hub = g->hub;
	struct gev_list *node;

	hub->telling++;
	gev__list_for_each(node, &hub->spawn_callbacks) {
		struct spawn_callback *cb =
			gev__container(node, struct spawn_callback, node);

		if (cb->fn)
			cb->fn(g, cb->arg);
	}
	if (--hub->telling == 0)
		drop_removed(hub);
}

int gev_add_spawn_callback(gev_greenlet_fn *fn, void *arg)
{
	int r = 0;
	gev_hub *hub = gev__hub_get(&r);
	struct spawn_callback *cb;

	if (!hub || !fn)
		return (int)gev__ret(hub ? -EINVAL : r);
	cb = gev__alloc(sizeof(*cb));
	if (!cb)
		return (int)gev__ret(-ENOMEM);
	cb->fn = fn;
	cb->arg = arg;
	gev__list_add_tail(&hub->spawn_callbacks, &cb->node);
	return 0;
}

static int remove_callback(gev_hub *hub, gev_greenlet_fn *fn, void *arg)
{
	struct gev_list *node;

	gev__list_for_each(node, &hub->spawn_callbacks) {
		struct spawn_callback *cb =
			gev__container(node, struct spawn_callback, node);

		if (cb->fn != fn || cb->arg != arg)
			continue;
		cb->fn = NULL;
		if (hub->telling == 0)
			drop_removed(hub);
		return 0;
	}
	return -ENOENT;
}

int gev_remove_spawn_callback(gev_greenlet_fn *fn, void *arg)
{
	gev_hub *hub = gev__hub_here();

	return (int)gev__ret(hub && fn ? remove_callback(hub, fn, arg) :
					 -ENOENT);
}

void gev__spawn_callbacks_free(gev_hub *hub)
{
	struct gev_list *node;

	while ((node = gev__list_pop(&hub->spawn_callbacks)))
		gev__free(gev__container(node, struct spawn_callback, node),
			sizeof(struct spawn_callback));
}
