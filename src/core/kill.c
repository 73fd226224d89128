/* SPDX-License-Identifier: MIT */
/*
 * Ending greenlets.
 *
 * A kill stays: every wait of the greenlet fails from then on.  A throw is
 * delivered once.  Both only mark the greenlet and end the wait it is in, if
 * it is in one and not shielded.  Main has no function to return from, so
 * there a kill is a throw.
 */
#include "core/wait.h"

/* Fails the wait of @g with what is pending. */
static void interrupt(gev_greenlet *g)
{
	struct gev_waiter *w = g->coro->waiter;

	if (w && !w->shielded && !g->shields)
		gev__wake(w, gev__interrupted(g->hub, g->coro));
}

static int throw_now(gev_greenlet *g, int code)
{
	if (g->phase < GEV__BEGUN) {
		gev__greenlet_cancel(g, code);
		return 0;
	}
	g->throw_code = code;
	g->coro->pending |= GEV__PENDING_THROW;
	interrupt(g);
	return 0;
}

static void kill_now(gev_greenlet *g, int code)
{
	if (g->phase < GEV__BEGUN || g == g->hub->main) {
		throw_now(g, code);
		return;
	}
	if (g->coro->pending & GEV__PENDING_KILL)
		return;
	g->kill_code = code;
	g->coro->pending |= GEV__PENDING_KILL;
	interrupt(g);
}

static bool is_self(const gev_greenlet *g)
{
	return g->coro == g->hub->thread->current;
}

static int kill_one(gev_greenlet *g, int code, gev_time timeout)
{
	int r;

	if (!g)
		return 0;
	r = gev__greenlet_check(g);
	if (r < 0)
		return r;
	if (code <= 0 || timeout < GEV_FOREVER)
		return -EINVAL;
	if (g->phase == GEV__ENDED)
		return 0;
	gev_ref(g);
	if (is_self(g)) {
		kill_now(g, code);
		g->coro->pending &= ~GEV__PENDING_THROW;
		r = -code;
	} else {
		kill_now(g, code);
		r = timeout == 0 || g == g->hub->main ?
			0 : gev__join(g, timeout);
	}
	gev__greenlet_put(g);
	return r;
}

int gev_kill(gev_greenlet *g, gev_time timeout)
{
	return (int)gev__ret(kill_one(g, ECANCELED, timeout));
}

int gev_kill_with(gev_greenlet *g, int code, gev_time timeout)
{
	return (int)gev__ret(kill_one(g, code, timeout));
}

int gev_killall(gev_greenlet *const *gs, int n, gev_time timeout)
{
	int r = n < 0 || (n > 0 && !gs) || timeout < GEV_FOREVER ? -EINVAL : 0;

	for (int i = 0; r == 0 && i < n; i++)
		r = gev__greenlet_check(gs[i]);
	if (r < 0)
		return (int)gev__ret(r);
	for (int i = 0; i < n; i++)
		if (gs[i]->phase < GEV__ENDED)
			kill_now(gs[i], ECANCELED);
	if (timeout == 0)
		return 0;
	if (gev_joinall(gs, n, timeout) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (gs[i]->phase < GEV__ENDED)
			return (int)gev__ret(-ETIMEDOUT);
	return 0;
}

static int throw_one(gev_greenlet *g, int code)
{
	int r = gev__greenlet_check(g);

	if (r < 0)
		return r;
	if (code <= 0)
		return -EINVAL;
	if (g->phase == GEV__ENDED)
		return -ESRCH;
	return is_self(g) ? -code : throw_now(g, code);
}

int gev_throw(gev_greenlet *g, int code)
{
	return (int)gev__ret(throw_one(g, code));
}

int gev_shield_begin(void)
{
	gev_greenlet *g = gev__greenlet_here();

	if (!g)
		return (int)gev__ret(-EPERM);
	g->shields++;
	return 0;
}

int gev_shield_end(void)
{
	gev_greenlet *g = gev__greenlet_here();

	if (!g)
		return (int)gev__ret(-EPERM);
	if (!g->shields)
		return (int)gev__ret(-EINVAL);
	g->shields--;
	return 0;
}

int gev_leave(gev_greenlet *g, int error)
{
	int r = gev__greenlet_check(g);

	if (r == 0 && error < 0)
		r = -EINVAL;
	if (r == 0 && error)
		r = kill_one(g, error, GEV_FOREVER);
	else if (r == 0)
		r = gev__join(g, GEV_FOREVER);
	return (int)gev__ret(r);
}
