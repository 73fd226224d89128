/* SPDX-License-Identifier: MIT */
/*
 * gev/loop.h - the event loop, usable without greenlets.
 *
 *	static int tick(gev_watcher *w, int revents, void *arg);
 *
 *	gev_loop *loop = gev_loop_new();
 *	gev_timer_watcher t;
 *	gev_timer_init(&t, loop, GEV_SEC(1), GEV_SEC(1));
 *	gev_timer_start(&t, tick, NULL);
 *	gev_loop_run(loop, 0);
 *
 * Each iteration: callbacks; prepare watchers; the wait for events; then what
 * became pending, by priority and within one priority in the order io, timer,
 * signal, child, async, stat, idle; check watchers last.
 *
 * All of it belongs to the thread that made the loop, except where "any
 * thread" is said: elsewhere the answer is EPERM.  Mirrors libev as gevent.core
 * shows it.
 */
#ifndef GEV_LOOP_H
#define GEV_LOOP_H

#include <gev/base.h>
#include <gev/watcher.h>

GEV_BEGIN_DECLS

/*
 * gev_loop_new - a loop for the calling thread.
 *
 * Returns   the loop; or NULL with errno ENOMEM, EMFILE, ENFILE; or, if it is
 *           to have a certain backend, EINVAL (there is none of that name),
 *           ENOSYS, EPERM (the system has it not, or does not allow it).
 * Memory    the caller's, until gev_loop_free().
 */
GEV_API gev_loop *gev_loop_new(void);

/*
 * gev_loop_set_default - which backend loops get that are made from now on, in
 * any thread, hubs' loops too.
 *
 * @names are separated by spaces or commas: the first that the system has is
 * taken.  There are "epoll", "io_uring" (Linux 6.1) and, where the library was
 * built with it, "libev".  NULL or "": what GEV_LOOP in the environment says in
 * the same way, or else epoll.
 *
 * Returns   0; or -1 with errno EINVAL (there is none of that name; the list is
 *           longer than 63 bytes).
 * Context   any thread.
 */
GEV_API int gev_loop_set_default(const char *names);

/* gev_loop_backend - the name of the one that @loop has; NULL for NULL. */
GEV_API const char *gev_loop_backend(const gev_loop *loop);

/*
 * gev_loop_free - stop all of its watchers and give the loop back.
 *
 * Returns   0 (also for NULL); or -1 with errno EBUSY (it is running, or is a
 *           hub's), EPERM.
 */
GEV_API int gev_loop_free(gev_loop *loop);

/* Flags of gev_loop_run(). */
#define GEV_RUN_ONCE 1u   /* one iteration, waiting for events if need be */
#define GEV_RUN_NOWAIT 2u /* one iteration, without waiting */

/*
 * gev_loop_run - handle events until nothing is left that counts.
 *
 * Waits     blocks the thread (a hub runs its loop by itself).
 * Returns   1 if something that counts is still active, else 0; or -1 with
 *           errno EINVAL, EPERM, EBUSY (it is running), or the error of the
 *           wait for events (say EBADF: somebody closed our descriptor).
 */
GEV_API int gev_loop_run(gev_loop *loop, unsigned flags);

/*
 * gev_loop_break - make gev_loop_run() return after this iteration.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_loop_break(gev_loop *loop);

/*
 * gev_loop_now - the loop's clock as of its last reading: nanoseconds, from an
 * arbitrary start.  gev_loop_update reads it anew.
 *
 * Returns   the time; 0 for NULL.
 */
GEV_API gev_time gev_loop_now(const gev_loop *loop);
GEV_API gev_time gev_loop_update(gev_loop *loop);

/*
 * gev_loop_set_virtual - from now on, time jumps (for tests).
 *
 * The clock stands still while anything can run; when nothing can, it jumps
 * to the next timer.  Descriptors that are ready come first.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_loop_set_virtual(gev_loop *loop, bool on);

/*
 * gev_loop_fd - a descriptor that is readable when the loop has events.
 *
 * To live in somebody else's loop: wait for it, at most gev_loop_next() long,
 * then gev_loop_run(loop, GEV_RUN_NOWAIT).
 *
 * Returns   the descriptor, the loop's; or -1 with errno EINVAL.
 */
GEV_API int gev_loop_fd(const gev_loop *loop);

/*
 * gev_loop_next - how long the loop would wait for events now.
 *
 * Returns   nanoseconds; 0 if something is due; GEV_FOREVER if nothing is.
 */
GEV_API gev_time gev_loop_next(gev_loop *loop);

typedef void gev_loop_error_fn(gev_loop *loop, int code, const char *where,
	void *arg);

/*
 * gev_loop_set_error_hook - be told of failing callbacks.
 *
 * @code is the errno value, positive; @where is "callback" or the kind of
 * watcher: "io", "timer" and so on.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM, EBUSY (the loop is a hub's: use
 *           gev_hub_set_error_hook()).
 */
GEV_API int gev_loop_set_error_hook(gev_loop *loop, gev_loop_error_fn *fn,
	void *arg);

/* A function to be called once in the next iteration; the caller's memory. */
typedef struct gev_callback {
	/* private */
	struct gev_list link;
	struct gev_callback *next;
	gev_loop *loop;
	int (*fn)(void *arg);
	void *arg;
	void (*dropped)(struct gev_callback *cb); /* at the loop's end */
	int pending;
} gev_callback;

/* @cb must be GEV_CALLBACK_INIT (all zero) before its first use. */
#ifdef __cplusplus
#define GEV_CALLBACK_INIT {}
#else
#define GEV_CALLBACK_INIT { .pending = 0 }
#endif

/*
 * gev_loop_run_callback - call @fn(@arg) before the loop next waits.
 * gev_loop_run_callback_threadsafe - the same, from any thread.
 *
 * Callbacks run in the order in which they were queued; a long queue is cut
 * so that events and timers get their turn.  What @fn returns below 0 goes to
 * the error hook.  @cb is free again when @fn is called.
 *
 * Returns   0; or -1 with errno EINVAL, EALREADY (@cb is queued), EPERM (not
 *           the threadsafe form).
 */
GEV_API int gev_loop_run_callback(gev_loop *loop, gev_callback *cb,
	int (*fn)(void *arg), void *arg);
GEV_API int gev_loop_run_callback_threadsafe(gev_loop *loop, gev_callback *cb,
	int (*fn)(void *arg), void *arg);

/* gev_callback_pending - true until it is called or stopped. */
GEV_API bool gev_callback_pending(const gev_callback *cb);

/*
 * gev_callback_stop - it won't be called.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 * Context   the loop's thread.
 */
GEV_API int gev_callback_stop(gev_callback *cb);

/*
 * gev_loop_forked - to be called in a child of fork(2) that goes on with a loop
 * of its own making (a hub's is looked after).
 *
 * Returns   0; or -1 with errno EINVAL, ENOMEM, EMFILE, ENFILE.
 */
GEV_API int gev_loop_forked(gev_loop *loop);

GEV_END_DECLS

#endif
