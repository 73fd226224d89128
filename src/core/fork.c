/* SPDX-License-Identifier: MIT */
/*
 * fork, and what it shares with the end of a hub: coroutines that are left
 * where they are.
 *
 * The child goes on with the greenlet that forked, which is main there.  The
 * hub's coroutine may have been anywhere in the loop: it is made anew.  If it
 * was the hub that forked, in a callback, that goes on, and main with it.
 */
#include "core/fork.h"
#include "base/mem.h"
#include "core/link.h"
#include "core/timeout.h"
#include "core/wait.h"

void (*gev__fds_forked)(struct gev_hub *hub);

static bool of_another(struct gev_timer_node *node, void *keep)
{
	return gev__is_later(node) || gev__alarm_disown(node, keep) ||
	       gev__timeout_disown(node, keep);
}

/* Removes nothing: counts what is left of core's. */
static bool hold_again(struct gev_timer_node *node, void *hub)
{
	if (gev__is_timeout(node) || gev__is_alarm(node))
		gev__hold(hub);
	return false;
}

/* Nobody may wake it any more. */
static void leave_where_it_is(gev_coro *c)
{
	struct gev_waiter *w = c->waiter;

	c->state = GEV__CORO_DEAD;
	c->waiter = NULL;
	if (!w)
		return;
	w->coro = NULL;
	gev__wake(w, -ECANCELED);
}

/* At the end of a hub whoever linked may be gone already. */
static void drop_links(gev_greenlet *g)
{
	bool forked = g->hub->abandoning == GEV__FORKED;
	struct gev_list *node;

	while ((node = gev__list_pop(&g->links))) {
		struct gev__link *link =
			gev__container(node, struct gev__link, node);

		if (forked && link->forked)
			link->forked(link);
		else
			gev__link_free(link);
	}
}

/* What it left there is not for the next one on that stack. */
static void end_tcb(gev_greenlet *g)
{
	struct gev__stack *s = g->coro->stack;

	if (s && !gev__stack_end_tcb(s))
		g->refs++; /* for ever */
}

static void abandon_one(gev_greenlet *g)
{
	bool begun = g->phase == GEV__BEGUN;
	bool started = g->phase == GEV__STARTED || begun;

	leave_where_it_is(g->coro);
	g->coro->parent = g->coro->thread->main;
	g->phase = GEV__ENDED;
	g->error = ECANCELED;
	g->unseen = false;
	drop_links(g);
	g->hub = NULL;
	if (g->tree)
		gev__tree_put(g->tree);
	g->tree = NULL;
	if (g->locals)
		g->locals->end(g, false);
	gev__list_del(&g->all);
	if (begun)
		end_tcb(g);
	if (started)
		gev__greenlet_put(g);
}

/* Empties the run queue; only tombstones are more than a pointer there. */
static void clear_runq(struct gev__runq *q)
{
	for (; q->head != q->tail; q->head++) {
		gev_coro *c = q->ring[q->head & q->mask];

		if (c->state == GEV__CORO_DEAD)
			gev__greenlet_put(c->greenlet);
		else if (!c->greenlet)
			leave_where_it_is(c);
	}
}

void gev__abandon(struct gev_hub *hub, gev_greenlet *keep)
{
	gev_coro *coro = keep ? keep->coro : NULL;
	struct gev_list *node, *save;

	hub->abandoning = keep ? GEV__FORKED : GEV__DESTROYED;
	hub->loop->refs -= hub->held;
	hub->held = 0;
	gev__heap_purge(&hub->loop->timers, of_another, coro);
	gev__heap_purge(&hub->loop->timers, hold_again, hub);
	gev__timeouts_disown(hub, coro);
	clear_runq(&hub->runq);
	while ((node = gev__list_pop(&hub->strays)))
		leave_where_it_is(
			gev__container(node, struct gev__stray, node)->coro);
	while ((node = gev__list_pop(&hub->notified)))
		gev__greenlet_put(gev__container(node, gev_greenlet, notify));
	gev__list_for_each_safe(node, save, &hub->greenlets) {
		gev_greenlet *g = gev__container(node, gev_greenlet, all);

		if (g != keep && g != hub->main)
			abandon_one(g);
	}
	gev__idle_unwatch(hub);
	hub->members = 1;
	hub->stats.living = 0;
	hub->abandoning = 0;
}

static void become_main(struct gev_hub *hub, gev_greenlet *g)
{
	leave_where_it_is(hub->main->coro);
	gev__greenlet_main_free(hub->main);
	hub->main = g;
	hub->thread->main = g->coro;
	g->coro->parent = NULL;
}

static bool is_ready(const gev_coro *c)
{
	return c->state == GEV__CORO_SCHEDULED && !c->waiter;
}

static void forked(struct gev_hub *hub)
{
	gev_coro *self = hub->thread->current;
	gev_greenlet *g = self->greenlet ? self->greenlet : hub->main;

	gev__abandon(hub, g);
	if (g != hub->main)
		become_main(hub, g);
	if (self != hub->coro)
		gev__hub_restart(hub);
	else if (is_ready(g->coro))
		gev__ready(hub, g->coro);
	gev__loop_forked(hub->loop); /* what fails is tried again by the loop */
}

void gev__forked(void)
{
	struct gev__thread *t = gev__thread;

	gev__mem_forked();
	if (gev__identity)
		gev__identity->forked();
	if (gev__fds_forked)
		gev__fds_forked(t ? t->hub : NULL);
	if (t && t->hub)
		forked(t->hub);
	else if (t && t->loop)
		gev__loop_forked(t->loop);
}

int gev_fork(void)
{
	int r = 0;
	struct gev_hub *hub = gev__hub_get(&r);

	return (int)gev__ret(hub ? gev__host_fork() : r);
}
