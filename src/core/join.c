/* SPDX-License-Identifier: MIT */
/*
 * Waiting for greenlets to end.
 */
#include "base/mem.h"
#include "core/link.h"
#include "core/report.h"

static void describe(const struct gev_waiter *w, void *text)
{
	gev_greenlet *g = (gev_greenlet *)w->object;

	gev__text_add(text, "of ");
	gev__text_coro(text, g->coro);
}

/* @g is this hub's.  0, or why the wait ended. */
int gev__join(gev_greenlet *g, gev_time timeout)
{
	struct gev_waiter w;

	if (g->phase == GEV__ENDED)
		return 0;
	if (g->coro == g->hub->thread->current)
		return -EDEADLK;
	w = (struct gev_waiter){ .what = "join", .object = g,
		.describe = describe };
	gev__list_add_tail(&g->waiters, &w.link);
	return gev__park(&w, timeout);
}

static bool can_join_last(const gev_greenlet *g, gev_time timeout)
{
	return timeout == GEV_FOREVER && g->phase != GEV__ENDED &&
	       gev__can_park_last(g->hub) &&
	       g->coro != g->hub->thread->current;
}

int gev_join(gev_greenlet *g, gev_time timeout)
{
	int r = gev__greenlet_check(g);

	if (r < 0)
		return (int)gev__ret(r);
	if (can_join_last(g, timeout))
		return gev__park_last(g->hub, &g->waiters, "join", g, describe,
			NULL);
	return (int)gev__ret(gev__join(g, timeout));
}

intptr_t gev_get(gev_greenlet *g, gev_time timeout)
{
	if (gev_join(g, timeout) < 0)
		return -1;
	return g->error ? gev__ret(-g->error) : g->value;
}

/* The state of one gev_joinall(), on the stack of who waits. */
struct joinall {
	struct gev_waiter waiter;
	gev_greenlet **done;
	int missing;            /* how many more are waited for */
	int ended;
	bool raise_error;
	int error;              /* of the first that failed, if raise_error */
};

static int one_ended(gev_greenlet *g, void *arg)
{
	struct joinall *j = arg;

	if (j->missing == 0)
		return 0;
	if (j->done)
		j->done[j->ended] = g;
	j->ended++;
	if (j->raise_error && gev_exception(g))
		j->error = gev_exception(g);
	if (--j->missing == 0 || j->error) {
		j->missing = 0;
		gev__wake(&j->waiter, 0);
	}
	return 0;
}

static int check_all(gev_greenlet *const *gs, int n)
{
	if (n < 0 || (n > 0 && !gs))
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		int r = gev__greenlet_check(gs[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Counts each greenlet once: leaves a mark on those seen. */
static int count_distinct(gev_greenlet *const *gs, int n)
{
	int distinct = 0;

	for (int i = 0; i < n; i++) {
		distinct += !gs[i]->marked;
		gs[i]->marked = true;
	}
	return distinct;
}

/*
 * Takes the marks off again.  Those that have ended count at once, the others
 * are linked to.
 */
static void link_all(struct joinall *j, gev_greenlet *const *gs,
	struct gev__link *links, int n)
{
	for (int i = 0; i < n; i++) {
		if (!gs[i]->marked)
			continue;
		gs[i]->marked = false;
		if (gs[i]->phase == GEV__ENDED)
			one_ended(gs[i], j);
		else if (j->missing)
			gev__link_add(gs[i], &links[i], GEV__LINK_RAW,
				one_ended, j);
	}
}

static int wait_all(struct joinall *j, gev_greenlet *const *gs, int n,
	int count, gev_time timeout)
{
	size_t size = (size_t)n * sizeof(struct gev__link);
	struct gev__link *links = gev__alloc(size);
	int r = 0;

	if (!links)
		return -ENOMEM;
	j->missing = count_distinct(gs, n);
	if (count > 0 && count < j->missing)
		j->missing = count;
	link_all(j, gs, links, n);
	if (j->missing)
		r = gev__park(&j->waiter, timeout);
	for (int i = 0; i < n; i++)
		gev__link_del(&links[i]);
	gev__free(links, size);
	return j->waiter.expired ? 0 : r;
}

static int joinall(gev_greenlet *const *gs, int n, int count, unsigned flags,
	gev_time timeout, gev_greenlet **done)
{
	struct joinall j = { .waiter.what = "joinall",
		.done = done,
		.raise_error = flags & GEV_RAISE_ERROR };
	int r = check_all(gs, n);

	if (r < 0)
		return r;
	if (count < 0 || (flags & ~GEV_RAISE_ERROR) || timeout < GEV_FOREVER)
		return -EINVAL;
	if (n == 0)
		return 0;
	r = wait_all(&j, gs, n, count, timeout);
	if (j.error)
		return -j.error;
	return r < 0 ? r : j.ended;
}

int gev_joinall(gev_greenlet *const *gs, int n, gev_time timeout)
{
	return (int)gev__ret(joinall(gs, n, 0, 0, timeout, NULL));
}

int gev_joinall_first(gev_greenlet *const *gs, int n, int count, unsigned flags,
	gev_time timeout, gev_greenlet **done)
{
	return (int)gev__ret(joinall(gs, n, count, flags, timeout, done));
}
