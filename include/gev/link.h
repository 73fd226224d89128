/* SPDX-License-Identifier: MIT */
/*
 * gev/link.h - what happens around a greenlet: links at its end, callbacks at
 * its start, values it shares with its descendants.
 */
#ifndef GEV_LINK_H
#define GEV_LINK_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/* Called with a greenlet that ended (links) or is about to start. */
typedef int gev_greenlet_fn(gev_greenlet *g, void *arg);

/*
 * gev_link - call @fn(@g, @arg) in a greenlet of its own once @g has ended.
 * gev_link_value, gev_link_exception - only if it was successful, or failed.
 * gev_rawlink - call it in the hub instead, where it must not wait.
 *
 * Links run after the end, in the order they were made, never on @g's stack.
 * Linking to a dead greenlet runs the link soon.  What a link returns below 0
 * goes to the hub's error hook and stops no other link.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM, ENOMEM.
 */
GEV_API int gev_link(gev_greenlet *g, gev_greenlet_fn *fn, void *arg);
GEV_API int gev_link_value(gev_greenlet *g, gev_greenlet_fn *fn, void *arg);
GEV_API int gev_link_exception(gev_greenlet *g, gev_greenlet_fn *fn,
	void *arg);
GEV_API int gev_rawlink(gev_greenlet *g, gev_greenlet_fn *fn, void *arg);

/*
 * gev_unlink - take back the oldest link of @g with @fn and @arg.
 *
 * Returns   0; or -1 with errno ENOENT (there is none, or it is running),
 *           EPERM.  NULL is harmless.
 */
GEV_API int gev_unlink(gev_greenlet *g, gev_greenlet_fn *fn, void *arg);

/*
 * gev_tree_set, gev_tree_get - values shared by a tree of greenlets.
 *
 * Greenlets spawned by a greenlet share its values; each that main spawns
 * starts a tree of its own.  @key is compared by address.  A NULL @value
 * removes.  Mirrors gevent's spawn_tree_locals.
 *
 * Returns   gev_tree_set(): 0; or -1 with errno ENOTSUP (main and the hub have
 *           no tree), ENOMEM.  gev_tree_get(): the value, or NULL.
 */
GEV_API int gev_tree_set(const void *key, void *value);
GEV_API void *gev_tree_get(const void *key);

/*
 * gev_add_spawn_callback - call @fn(g, @arg) whenever a greenlet is started.
 * gev_remove_spawn_callback - no more.
 *
 * For the calling thread's hub, and every way to start one.  @fn must not
 * wait; what it returns is ignored.
 *
 * Returns   0; or -1 with errno EINVAL, ENOMEM; ENOENT (nothing to remove).
 */
GEV_API int gev_add_spawn_callback(gev_greenlet_fn *fn, void *arg);
GEV_API int gev_remove_spawn_callback(gev_greenlet_fn *fn, void *arg);

GEV_END_DECLS

#endif
