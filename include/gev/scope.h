/* SPDX-License-Identifier: MIT */
/*
 * gev/scope.h - greenlets that don't outlive the block they were started in.
 *
 *	gev_scope scope = GEV_SCOPE_INIT;
 *
 *	gev_scope_go(&scope, fetch, "a");
 *	gev_scope_go(&scope, fetch, "b");
 *	if (gev_scope_leave(&scope) < 0)	(both have ended)
 *		perror("fetch");		(what the first to fail said)
 *
 * When one of them fails the others are killed.  So what they use may lie on
 * the stack of the function that leaves the scope.
 */
#ifndef GEV_SCOPE_H
#define GEV_SCOPE_H

#include <gev/pool.h>

GEV_BEGIN_DECLS

typedef struct gev_scope {
	/* private */
	gev_pool pool;
	int error;      /* of the first that failed; positive */
	bool cancelled;
} gev_scope;

#ifdef __cplusplus
#define GEV_SCOPE_INIT { GEV_GROUP_INIT, 0, false }
#else
#define GEV_SCOPE_INIT { .pool = GEV_GROUP_INIT }
#endif

/*
 * gev_scope_init - what GEV_SCOPE_INIT does, at run time.
 *
 * Returns   0; or -1 with errno EINVAL (NULL).
 * Memory    @scope is the caller's, usually on its stack, and is to be left
 *           before it goes away.
 */
GEV_API int gev_scope_init(gev_scope *scope);

/*
 * gev_scope_spawn - start @fn(@arg) in a greenlet of the scope.
 * gev_scope_go - the same, without a reference to it.
 *
 * The greenlets of a scope may start more of them.
 *
 * Returns   a new reference, or 0; or NULL, or -1, with errno ECANCELED (the
 *           scope is cancelled: one has failed, say), EINVAL, EPERM, or as for
 *           gev_spawn().
 * Context   any greenlet, loop callbacks too.
 */
GEV_API gev_greenlet *gev_scope_spawn(gev_scope *scope, gev_fn *fn, void *arg);
GEV_API int gev_scope_go(gev_scope *scope, gev_fn *fn, void *arg);

/*
 * gev_scope_cancel - kill all that are in it, and let no more in.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 * Context   any greenlet, loop callbacks too.
 */
GEV_API int gev_scope_cancel(gev_scope *scope);

/* gev_scope_error - the first failure so far, an errno value; 0 if none. */
GEV_API int gev_scope_error(const gev_scope *scope);

/*
 * gev_scope_leave - wait until all have ended.
 *
 * Whatever ends the caller's wait cancels the scope, and is its error unless
 * one failed before; it then waits on, and neither kills nor throws reach it.
 * A scope that was left can be used anew.
 *
 * Waits     for all of them, however long they take.
 * Returns   0; or -1 with errno the error of the first that failed,
 *           ECANCELED, ETIMEDOUT or a thrown code (the caller was told to
 *           end), EINVAL, EPERM; EDEADLK (called in a loop callback or by one
 *           of them, or not even a kill can end them), ENOMEM (called in a raw
 *           coroutine): then they are still there.
 */
GEV_API int gev_scope_leave(gev_scope *scope);

GEV_END_DECLS

#endif
