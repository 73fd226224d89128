/* SPDX-License-Identifier: MIT */
/*
 * Scopes: a pool whose members fail together.
 */
#include <gev/scope.h>
#include "core/wait.h"
#include "sync/pool.h"
#include "sync/sync.h"

static void cancel(gev_scope *scope, int error)
{
	if (!scope->error)
		scope->error = error;
	if (scope->cancelled)
		return;
	scope->cancelled = true;
	gev__pool_tell(&scope->pool);
}

static void child_ended(gev_pool *pool, gev_greenlet *g)
{
	if (gev_exception(g))
		cancel(gev__container(pool, gev_scope, pool),
			gev_exception(g));
}

static int enter(gev_scope *scope)
{
	return scope ? gev__sync_enter(&scope->pool.hub) : -EINVAL;
}

static gev_greenlet *spawn(gev_scope *scope, gev_fn *fn, void *arg, int *error)
{
	*error = enter(scope);
	if (*error == 0 && scope->cancelled)
		*error = -ECANCELED;
	if (*error < 0)
		return NULL;
	scope->pool.ended = child_ended;
	return gev__pool_spawn(&scope->pool, fn, arg, GEV_FOREVER, error);
}

/* Waits for those who were told to end, while nobody tells the caller. */
static int wait_for_rest(gev_scope *scope)
{
	gev_greenlet *self = gev__greenlet_here();
	int r;

	if (self)
		self->shields++;
	do {
		r = gev__pool_join(&scope->pool, GEV_FOREVER);
	} while (r < 0 && r != -EDEADLK && r != -ENOMEM);
	if (self)
		self->shields--;
	return r;
}

/* The hub does not wait, and nobody waits for himself. */
static bool never_can(const gev_scope *scope)
{
	return gev__hub_is_current(scope->pool.hub) ||
	       gev_pool_contains(&scope->pool, gev__greenlet_here());
}

static int leave(gev_scope *scope)
{
	int r = enter(scope);

	if (r < 0)
		return r;
	if (scope->pool.count && never_can(scope))
		return -EDEADLK;
	r = gev__pool_join(&scope->pool, GEV_FOREVER);
	if (r < 0) {
		cancel(scope, -r);
		r = wait_for_rest(scope);
	}
	if (r < 0)
		return r;
	r = -scope->error;
	*scope = (gev_scope)GEV_SCOPE_INIT;
	return r;
}

int gev_scope_init(gev_scope *scope)
{
	if (!scope)
		return (int)gev__ret(-EINVAL);
	*scope = (gev_scope)GEV_SCOPE_INIT;
	return 0;
}

gev_greenlet *gev_scope_spawn(gev_scope *scope, gev_fn *fn, void *arg)
{
	int r;
	gev_greenlet *g = spawn(scope, fn, arg, &r);

	return g ? g : gev__null(-r);
}

int gev_scope_go(gev_scope *scope, gev_fn *fn, void *arg)
{
	int r;
	gev_greenlet *g = spawn(scope, fn, arg, &r);

	if (g)
		gev__greenlet_put(g);
	return (int)gev__ret(r);
}

int gev_scope_cancel(gev_scope *scope)
{
	int r = enter(scope);

	if (r == 0)
		cancel(scope, 0);
	return (int)gev__ret(r);
}

int gev_scope_error(const gev_scope *scope)
{
	return scope ? scope->error : 0;
}

int gev_scope_leave(gev_scope *scope)
{
	return (int)gev__ret(leave(scope));
}
