/* SPDX-License-Identifier: MIT */
/*
 * gev/greenlet.h - greenlets: start them, wait for them, end them.
 *
 * A greenlet is a function that runs on a stack of its own and gives way when
 * it waits.  It is scheduled by the hub of the thread it was spawned in and
 * stays in that thread.  Mirrors gevent.Greenlet.
 *
 *	static intptr_t hello(void *name)
 *	{
 *		gev_sleep(GEV_MS(10));
 *		return printf("hello %s\n", (char *)name);
 *	}
 *
 *	gev_greenlet *g = gev_spawn(hello, "world");
 *	intptr_t n = gev_get(g, GEV_FOREVER);
 *	gev_unref(g);
 */
#ifndef GEV_GREENLET_H
#define GEV_GREENLET_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * What a greenlet runs.  It succeeds by returning its value, which is not
 * negative (a pointer is fine).  It fails by returning
 *   -1       as a POSIX call does: the error is errno (EPERM if that is 0);
 *   -code    any other negative errno value (what is none is EINVAL);
 *   gev_fail(code, message), which also records what happened.
 * A greenlet that ends with ECANCELED ended because it was told to: it has no
 * value, but counts as successful, as with gevent's GreenletExit.
 */
typedef intptr_t gev_fn(void *arg);

/* Choices at creation; zero means the default of each. */
struct gev_spawn_options {
	const char *name;  /* copied, cut at 31 bytes; default "greenlet-ID" */
	size_t stack_size; /* bytes, 16 KiB .. 1 GiB; default 64 KiB, or 256 KiB
			    * after gev_patch_all() without GEV_SHARED_TLS */
	unsigned flags;    /* GEV_SHARED_TLS */
};

/*
 * After gev_patch_all() a greenlet is a thread of its own to libc.  With this
 * flag it is the thread it runs in, as before: gev-patch(7).
 */
#define GEV_SHARED_TLS 1u

/*
 * gev_spawn - start @fn(@arg) in a new greenlet.
 *
 * The greenlet is put at the tail of the run queue; nothing runs before the
 * caller waits.  gev_spawn_opt() takes options (NULL: none); gev_spawn_later()
 * schedules the start for @delay from now.
 *
 * Returns   a new reference; or NULL with errno EINVAL (@fn is NULL, option or
 *           delay out of range), ENOMEM, ENOTSUP (CPU shadow stacks are on),
 *           EMFILE, ENFILE (the thread's hub could not be made).
 * Context   any greenlet, loop callbacks too; makes the thread's hub.
 * Memory    the reference is dropped with gev_unref(); @arg stays the caller's.
 */
GEV_API gev_greenlet *gev_spawn(gev_fn *fn, void *arg);
GEV_API gev_greenlet *gev_spawn_opt(gev_fn *fn, void *arg,
	const struct gev_spawn_options *options);
GEV_API gev_greenlet *gev_spawn_later(gev_time delay, gev_fn *fn, void *arg);

/*
 * gev_go - start @fn(@arg) and forget it.
 *
 * Returns   0; or -1 with errno as for gev_spawn().
 */
GEV_API int gev_go(gev_fn *fn, void *arg);

/*
 * gev_greenlet_new - make a greenlet that is started later, if at all.
 *
 * Returns   a new reference; or NULL with errno as for gev_spawn_opt().
 */
GEV_API gev_greenlet *gev_greenlet_new(gev_fn *fn, void *arg,
	const struct gev_spawn_options *options);

/*
 * gev_start - schedule a greenlet that was made by gev_greenlet_new().
 * gev_start_later - the same, @delay from now.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM (another thread's), ENOMEM,
 *           EALREADY (it was started before, or has ended; it won't run
 *           twice).
 */
GEV_API int gev_start(gev_greenlet *g);
GEV_API int gev_start_later(gev_greenlet *g, gev_time delay);

/*
 * gev_ref, gev_unref - take and drop a reference.
 *
 * A greenlet that was started runs to its end whether anyone refers to it or
 * not.  NULL is ignored.
 *
 * Returns   gev_ref(): @g.
 * Context   the thread of the greenlet's hub.
 */
GEV_API gev_greenlet *gev_ref(gev_greenlet *g);
GEV_API void gev_unref(gev_greenlet *g);

/*
 * gev_current - the running greenlet.
 *
 * Returns   a borrowed pointer; NULL in the hub (loop callbacks) and in raw
 *           coroutines; NULL with errno set if there is no hub and none can
 *           be made.
 */
GEV_API gev_greenlet *gev_current(void);

/*
 * gev_sleep - let others run for @duration; 0 is gev_yield().
 *
 * Waits     parks the caller; the thread's other greenlets run.
 * Returns   0; or -1 with errno EINVAL (a negative duration other than
 *           GEV_FOREVER), ETIMEDOUT (a gev_timeout fired), ECANCELED (killed),
 *           the code of a gev_throw(), EDEADLK (called in a loop callback, or
 *           main sleeps for ever and nothing can wake it).
 */
GEV_API int gev_sleep(gev_time duration);

/*
 * gev_yield - go to the tail of the run queue.  gevent.sleep(0).
 *
 * Returns   0; or -1 with errno ECANCELED, ETIMEDOUT, a thrown code (all of
 *           them set before the call), EDEADLK (called in a loop callback),
 *           ENOMEM (called in a raw coroutine).
 */
GEV_API int gev_yield(void);

/*
 * gev_idle - wait until the loop has nothing else to do.  gevent.idle().
 *
 * Returns   0; or -1 with errno as for gev_sleep().
 */
GEV_API int gev_idle(void);

/*
 * gev_join - wait until @g has ended.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno ETIMEDOUT (@timeout, or a gev_timeout),
 *           EDEADLK (@g is the caller, or nothing can end it), EINVAL, EPERM,
 *           ECANCELED, a thrown code.
 */
GEV_API int gev_join(gev_greenlet *g, gev_time timeout);

/*
 * gev_get - wait until @g has ended and get its value.
 *
 * Returns   the value; or -1 with errno set to @g's error, ECANCELED if it
 *           ended by a kill, or one of gev_join()'s errors.  Where it matters
 *           whose error it is, ask gev_dead().
 */
GEV_API intptr_t gev_get(gev_greenlet *g, gev_time timeout);

/* Flags of gev_joinall_first(). */
#define GEV_RAISE_ERROR 1u /* stop waiting at the first failed greenlet */

/*
 * gev_joinall - wait until all of @n greenlets have ended.
 * gev_joinall_first - wait until @count of them have, or one has failed.
 *
 * Repeated and ended greenlets count once each; @count 0 means all.  Mirrors
 * gevent.joinall().
 *
 * Waits     at most @timeout; when it ends, what has ended so far counts.
 * Returns   how many have ended, with those in @done (unless NULL) in the
 *           order in which they did; or -1 with errno set to the error of the
 *           first that failed (GEV_RAISE_ERROR only), EINVAL, EPERM, ENOMEM,
 *           ETIMEDOUT (an outer gev_timeout), ECANCELED, EDEADLK, a thrown
 *           code.
 * Memory    @gs and @done (room for @n) stay the caller's; no references are
 *           taken or given.
 */
GEV_API int gev_joinall(gev_greenlet *const *gs, int n, gev_time timeout);
GEV_API int gev_joinall_first(gev_greenlet *const *gs, int n, int count,
	unsigned flags, gev_time timeout, gev_greenlet **done);

/*
 * gev_kill - end @g: it is told once and for all.
 *
 * A greenlet that has not begun never will.  One that waits fails in that
 * wait with ECANCELED, and so does every wait after it until the function
 * returns (unless shielded).  gev_kill_with() uses @code instead of ECANCELED;
 * then @g counts as failed if it ends with that code.  Killing the dead or
 * NULL is harmless.  To kill oneself fails with the code at once.  Main has no
 * function to return from: there it is a gev_throw(), and nobody waits.
 *
 * Waits     at most @timeout for @g to end; 0 does not wait.
 * Returns   0 (with @timeout 0: it was told); or -1 with errno ETIMEDOUT (it
 *           has not ended in time), EINVAL (a bad @timeout or @code), EPERM,
 *           ECANCELED or a thrown code (the caller itself was told to end),
 *           EDEADLK.
 * Context   loop callbacks too, with @timeout 0.
 */
GEV_API int gev_kill(gev_greenlet *g, gev_time timeout);
GEV_API int gev_kill_with(gev_greenlet *g, int code, gev_time timeout);

/*
 * gev_killall - kill @n greenlets, then wait for all of them.
 *
 * Returns   as gev_kill(); EINVAL too if one of them is NULL.
 */
GEV_API int gev_killall(gev_greenlet *const *gs, int n, gev_time timeout);

/*
 * gev_throw - make @g's current or next wait fail with @code, once.
 *
 * A greenlet that has not begun ends with @code without running.  Does not
 * wait.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, @code not positive), EPERM,
 *           ESRCH (@g has ended).  Thrown at oneself: -1 with errno @code.
 */
GEV_API int gev_throw(gev_greenlet *g, int code);

/*
 * gev_shield_begin, gev_shield_end - let clean-up code wait in peace.
 *
 * Between the two neither kills nor throws reach the calling greenlet's
 * waits; they stay pending.  gev_timeouts still fire.  Scopes nest.
 *
 * Returns   0; or -1 with errno EPERM (not in a greenlet), EINVAL (an end
 *           without a begin).
 */
GEV_API int gev_shield_begin(void);
GEV_API int gev_shield_end(void);

/*
 * gev_fail - record why the calling greenlet fails.
 *
 * Use as: return gev_fail(EPROTO, "bad greeting");  @message is copied, cut at
 * 63 bytes; NULL is none.
 *
 * Returns   -1 with errno @code (EINVAL if @code is not positive).
 */
GEV_API intptr_t gev_fail(int code, const char *message);

/* The predicates of gevent.Greenlet.  NULL: false or 0. */

/* gev_started - it was started (or scheduled to) and has not ended. */
GEV_API bool gev_started(const gev_greenlet *g);
/* gev_dead - it has ended. */
GEV_API bool gev_dead(const gev_greenlet *g);
/* gev_ready - it has ended (gevent's word where results are meant). */
GEV_API bool gev_ready(const gev_greenlet *g);
/* gev_successful - it has ended with a value, or by a kill. */
GEV_API bool gev_successful(const gev_greenlet *g);
/* gev_value - its value; 0 if it has none. */
GEV_API intptr_t gev_value(const gev_greenlet *g);
/* gev_exception - the error it failed with; 0 if it did not fail. */
GEV_API int gev_exception(const gev_greenlet *g);
/* gev_exception_message - what gev_fail() recorded, or ""; @g's memory. */
GEV_API const char *gev_exception_message(const gev_greenlet *g);

/*
 * gev_name - the greenlet's name.  gev_id - a small number, unique among the
 * living greenlets of the hub (gevent's minimal_ident).
 */
GEV_API const char *gev_name(const gev_greenlet *g);
GEV_API uint64_t gev_id(const gev_greenlet *g);

/*
 * gev_set_name - name @g; copied, cut at 31 bytes.
 *
 * Returns   0; or -1 with errno EINVAL.
 */
GEV_API int gev_set_name(gev_greenlet *g, const char *name);

/*
 * gev_greenlet_coro - the coroutine that @g is.
 *
 * Returns   a borrowed pointer, for the questions of gev/coro.h.
 */
GEV_API gev_coro *gev_greenlet_coro(gev_greenlet *g);

/*
 * gev_leave - end a block that was @g's: wait for it, or take it down.
 *
 * With @error 0 it is joined; otherwise killed with @error, then joined.
 * Mirrors leaving gevent's "with Greenlet.spawn(...) as g".
 *
 * Returns   0; or -1 with errno as for gev_join().
 */
GEV_API int gev_leave(gev_greenlet *g, int error);

GEV_END_DECLS

#endif
