/* SPDX-License-Identifier: MIT */
#include "sync/rawlink.h"
#include "base/mem.h"

struct node {
	struct gev_waiter w;
	gev_callback callback;
	struct gev__rawlink link;
};

static struct node *node_of(struct gev_waiter *w)
{
	return gev__container(w, struct node, w);
}

static void drop(struct node *n)
{
	gev__list_del(&n->w.link);
	gev_callback_stop(&n->callback);
	gev__free(n, sizeof(*n));
}

static int call(void *arg)
{
	struct node *n = arg;
	struct gev__rawlink link = n->link;
	int r;

	drop(n);
	r = link.call(link.fn, link.object, link.arg);
	if (r < 0)
		gev__hub_error(gev__hub_here(), NULL, r, "link");
	return 0;
}

static void woke(struct gev_waiter *w)
{
	struct node *n = node_of(w);

	gev__sync_enqueue(n->link.due, w);
	gev_loop_run_callback(gev__hub_here()->loop, &n->callback, call, n);
}

int gev__rawlink_add(const struct gev__rawlink *link, bool ready)
{
	struct node *n;

	if (!link->fn)
		return -EINVAL;
	n = gev__alloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->w.woke = woke;
	n->link = *link;
	gev__sync_enqueue(link->waiters, &n->w);
	if (ready)
		gev__wake(&n->w, 0);
	return 0;
}

static struct node *find(struct gev_list *list,
	const struct gev__rawlink *link)
{
	struct gev_list *at;

	if (!list->next)
		return NULL;
	gev__list_for_each(at, list) {
		struct gev_waiter *w =
			gev__container(at, struct gev_waiter, link);

		if (w->woke == woke && node_of(w)->link.fn == link->fn &&
			node_of(w)->link.arg == link->arg)
			return node_of(w);
	}
	return NULL;
}

int gev__rawlink_del(const struct gev__rawlink *link)
{
	struct node *n = find(link->due, link);

	if (!n)
		n = find(link->waiters, link);
	if (!n)
		return -ENOENT;
	drop(n);
	return 0;
}

void gev__rawlink_drop(struct gev_list *due)
{
	struct gev_waiter *w;

	while ((w = gev__sync_first(due)))
		drop(node_of(w));
}
