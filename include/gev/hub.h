/* SPDX-License-Identifier: MIT */
/*
 * gev/hub.h - the hub: runs the loop and schedules a thread's greenlets.
 *
 * A thread gets its hub when it first needs one.  Nothing of one hub is shared
 * with another; gev_hub_post() and gev_async_send() reach across.  Mirrors
 * gevent.hub.
 */
#ifndef GEV_HUB_H
#define GEV_HUB_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * gev_hub_get - the calling thread's hub, made if there is none.
 *
 * Returns   a borrowed pointer; or NULL with errno ENOMEM, EMFILE, ENFILE,
 *           ENOTSUP (CPU shadow stacks are on), or, where GEV_LOOP asks for a
 *           backend, as gev_loop_new().
 */
GEV_API gev_hub *gev_hub_get(void);

/* gev_hub_loop - the hub's loop, borrowed; NULL for NULL. */
GEV_API gev_loop *gev_hub_loop(gev_hub *hub);

/*
 * gev_hub_main - the greenlet that is the thread's own flow of control.
 *
 * Returns   a borrowed pointer; NULL for NULL.
 */
GEV_API gev_greenlet *gev_hub_main(gev_hub *hub);

/*
 * gev_hub_join - wait until the thread's hub has nothing left to do.
 *
 * That is: no greenlet can run, no watcher that counts (see ref in
 * gev/loop.h) is active.  May be called again and again.  gevent.wait()
 * without objects.
 *
 * Waits     at most @timeout; that timer does not count.
 * Returns   0; or -1 with errno ETIMEDOUT, ECANCELED, a thrown code, EDEADLK
 *           (in a loop callback), EINVAL.
 */
GEV_API int gev_hub_join(gev_time timeout);

/* Flags of gev_hub_destroy(). */
#define GEV_DESTROY_LOOP 1u /* the next hub of this thread gets a new loop */

/*
 * gev_hub_destroy - take the thread's hub down.
 *
 * To be called by main.  Greenlets that have not ended are dropped where they
 * are, without running any further: end them first if they hold anything.
 * Main's gev_timeouts are cancelled; with GEV_DESTROY_LOOP posts still under
 * way are never called.
 * Without GEV_DESTROY_LOOP the thread's next hub goes on with the same loop.
 * A thread that ends does this by itself.
 *
 * Returns   0 (also where there is no hub); or -1 with errno EBUSY (not called
 *           by main), EINVAL (unknown flags).
 */
GEV_API int gev_hub_destroy(unsigned flags);

/* What the error hook is told of. */
struct gev_error {
	gev_greenlet *greenlet; /* who failed; NULL: a callback or the loop */
	int code;               /* the errno value, positive */
	const char *message;    /* of gev_fail(), or ""; until the hook returns */
	const char *where;      /* "greenlet", "link", "callback", "loop" ...; a
	                           patched call that is tried for ever */
};

typedef int gev_error_fn(gev_hub *hub, const struct gev_error *error,
	void *arg);

/*
 * gev_hub_set_error_hook - call @fn for every failure nobody is there to see.
 *
 * Greenlets that fail (ECANCELED is no failure), links and loop callbacks that
 * return below 0, and errors of the loop itself, once each.  What @fn returns
 * is ignored: an error in the hook harms nobody.  NULL: nobody is told, which
 * is how a hub begins.  @fn must not wait.
 *
 * Returns   0; or -1 with errno EINVAL (@hub is NULL), EPERM.
 */
GEV_API int gev_hub_set_error_hook(gev_hub *hub, gev_error_fn *fn, void *arg);

/* gev_error_print - a ready-made error hook: one line on standard error. */
GEV_API int gev_error_print(gev_hub *hub, const struct gev_error *error,
	void *arg);

/*
 * gev_hub_describe - who is there, what each waits on, since when.
 *
 * One line per living greenlet.  Writes at most @size bytes, ended by a NUL.
 *
 * Returns   the length of the whole text.
 */
GEV_API size_t gev_hub_describe(gev_hub *hub, char *buf, size_t size);

typedef void gev_deadlock_fn(gev_hub *hub, const char *report, void *arg);

/*
 * gev_hub_set_deadlock_hook - be handed the report when main would never wake.
 *
 * When main waits and nothing can ever wake it, the wait fails with EDEADLK
 * (gevent's LoopExit), and before that @fn gets gev_hub_describe()'s text,
 * which lives until @fn returns.  @fn must not wait.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_hub_set_deadlock_hook(gev_hub *hub, gev_deadlock_fn *fn,
	void *arg);

/*
 * gev_hub_post - have @hub's thread call @fn(@arg), soon.
 *
 * In the hub, where it must not wait; spawn from it.  Posts of one thread run
 * in order.  A hub that is asleep wakes up.  What @fn returns below 0 goes to
 * the error hook.  That a post may come keeps nobody from EDEADLK: main waits
 * for other threads with an async watcher, which counts.  A post that the end
 * of the hub's loop overtakes is not called.
 *
 * Returns   0; or -1 with errno EINVAL, ENOMEM.
 * Context   any thread, as long as @hub exists; not from signal handlers.
 */
GEV_API int gev_hub_post(gev_hub *hub, int (*fn)(void *arg), void *arg);

/*
 * gev_fork - fork(2), and the child's hub is ready for use.
 *
 * The child keeps only the forking greenlet, as POSIX threads do; there it is
 * main: when its function returns, the process exits with 0, or 1 if it
 * failed.  The loop is made anew, its fork watchers run.  A plain fork() does
 * the same.
 *
 * Returns   as fork(2).  If the child has no descriptor left for its loop, its
 *           first wait fails.
 */
GEV_API int gev_fork(void);

/* Figures of a hub, since it was made. */
struct gev_hub_stats {
	uint64_t switches;      /* into greenlets */
	uint64_t spawned;       /* greenlets started */
	uint64_t living;        /* greenlets there now, main not counted */
	uint64_t peak;          /* most of those at one time */
	uint64_t iterations;    /* of the loop */
	uint64_t stacks_mapped; /* bytes of address space for stacks */
};

/*
 * gev_hub_get_stats - read @hub's figures.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_hub_get_stats(gev_hub *hub, struct gev_hub_stats *stats);

GEV_END_DECLS

#endif
