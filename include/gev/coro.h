/* SPDX-License-Identifier: MIT */
/*
 * gev/coro.h - raw coroutines: what the greenlet package is to gevent.
 *
 * A coroutine is a stack and a place to go on from.  It needs no hub and no
 * loop: control moves only where gev_coro_switch() sends it.  A value travels
 * with every switch.  Coroutines form a tree: each has a parent, to which
 * control goes when it ends.  Good for generators, interpreters, parsers.
 *
 * A greenlet (gev/greenlet.h) is a coroutine whose parent is the hub.  A raw
 * coroutine may block like one: whatever it waits for resumes it.  What is
 * parked in such a wait can be resumed by the hub only.
 *
 * Every thread has a root coroutine, the one it was running before it made
 * any.  Coroutines of one thread can't be resumed by another.
 */
#ifndef GEV_CORO_H
#define GEV_CORO_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * The body of a coroutine.  @value is what the first switch sent; what is
 * returned goes to the parent, as the value of the switch it is waiting in.
 */
typedef void *gev_coro_fn(void *value);

/*
 * gev_coro_new - make a coroutine that will run @fn.
 *
 * It does not run before the first switch to it.  @parent is where control
 * goes when @fn returns; NULL means the calling coroutine.  Mirrors
 * greenlet.greenlet(run, parent).
 *
 * Returns   the coroutine; or NULL with errno EINVAL (@fn is NULL), EPERM
 *           (@parent belongs to another thread), ENOMEM, ENOTSUP (this
 *           process runs with a CPU shadow stack).
 * Context   any thread; needs no hub.
 * Memory    the caller owns it and gives it back with gev_coro_free().
 */
GEV_API gev_coro *gev_coro_new(gev_coro_fn *fn, gev_coro *parent);

/*
 * gev_coro_new_sized - the same with a stack of at least @stack_size bytes.
 *
 * Returns   as gev_coro_new(); EINVAL too if @stack_size is neither 0 (the
 *           default, 64 KiB) nor within 16 KiB .. 1 GiB.
 */
GEV_API gev_coro *gev_coro_new_sized(gev_coro_fn *fn, gev_coro *parent,
	size_t stack_size);

/*
 * gev_coro_switch - go on in @c; come back when something switches here.
 *
 * If @c has not started, its function is called with @value.  If it is
 * waiting in a gev_coro_switch() of its own, that call returns @value.  If it
 * has ended, control goes to its nearest living ancestor.  Mirrors
 * greenlet.switch().
 *
 * Returns   the value that came with the switch back; gev_coro_thrown() is
 *           then 0.  NULL with errno set if the way back was a
 *           gev_coro_throw() (gev_coro_thrown() is then its code), or if no
 *           switch took place: EINVAL (@c is NULL), EPERM (@c belongs to
 *           another thread), EBUSY (@c is parked in a wait, or is the hub:
 *           only what it waits for may resume it).
 * Context   any coroutine of the thread @c belongs to.
 */
GEV_API void *gev_coro_switch(gev_coro *c, void *value);

/*
 * gev_coro_throw - go on in @c, whose pending switch fails with @code.
 *
 * A coroutine that has not started ends without having run, and its parent's
 * pending switch fails with @code instead; with ECANCELED the parent gets
 * NULL and no error, as greenlet does with GreenletExit.  A dead @c passes
 * the code to its nearest living ancestor.  Mirrors greenlet.throw().
 *
 * Returns   as gev_coro_switch(); EINVAL too if @code is not positive.
 */
GEV_API void *gev_coro_throw(gev_coro *c, int code);

/*
 * gev_coro_thrown - how the calling coroutine was last resumed.
 *
 * Returns   0 if by a switch, else the code that was thrown.
 */
GEV_API int gev_coro_thrown(void);

/*
 * gev_coro_current - the running coroutine.
 *
 * Returns   a borrowed pointer; the thread's root coroutine if no other was
 *           switched to; NULL with errno ENOMEM if the root has yet to be
 *           set up and there is no memory for that.
 */
GEV_API gev_coro *gev_coro_current(void);

/*
 * gev_coro_parent - where control goes when @c ends.
 *
 * Returns   a borrowed pointer; NULL for a root coroutine.
 */
GEV_API gev_coro *gev_coro_parent(const gev_coro *c);

/*
 * gev_coro_set_parent - change where control goes when @c ends.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, or @parent descends from @c),
 *           EPERM (another thread's).
 */
GEV_API int gev_coro_set_parent(gev_coro *c, gev_coro *parent);

/* gev_coro_started - whether @c was switched to and has not ended. */
GEV_API bool gev_coro_started(const gev_coro *c);

/* gev_coro_dead - whether @c has ended. */
GEV_API bool gev_coro_dead(const gev_coro *c);

/*
 * gev_coro_free - give @c back, ending it first if it is suspended.
 *
 * A suspended coroutine is resumed once with ECANCELED thrown, so that it can
 * clean up and return; the caller is its parent for that purpose.  Mirrors
 * what greenlet does when the last reference to one goes.
 *
 * Returns   0 (also for NULL); or -1 with errno EBUSY (@c is a root, is running
 *           or an ancestor of who is, is parked, or did not end when told to),
 *           EPERM (another thread's).  On error @c is still the caller's.
 */
GEV_API int gev_coro_free(gev_coro *c);

/* What a trace hook is told.  Mirrors greenlet.settrace(). */
enum gev_coro_event { GEV_CORO_SWITCH, GEV_CORO_THROW };

typedef void gev_coro_trace_fn(enum gev_coro_event event, gev_coro *origin,
	gev_coro *target, void *arg);

/*
 * gev_coro_settrace - call @fn at every switch of this thread.
 *
 * It runs at the moment of the switch, on the stack that is left;
 * gev_coro_current() is already the target.  Every switch counts: of
 * coroutines, greenlets and the hub.  NULL ends tracing.
 *
 * Returns   0; or -1 with errno ENOMEM.
 * Context   any thread; @fn must not switch.
 */
GEV_API int gev_coro_settrace(gev_coro_trace_fn *fn, void *arg);

/*
 * gev_coro_stack_used - high-water mark of @c's stack, in bytes.
 *
 * Counts whole pages that were ever touched and not trimmed since.
 *
 * Returns   bytes; 0 for a root coroutine, whose stack is not ours.
 */
GEV_API size_t gev_coro_stack_used(const gev_coro *c);

/* gev_coro_stack_size - bytes usable on @c's stack; 0 for a root coroutine. */
GEV_API size_t gev_coro_stack_size(const gev_coro *c);

GEV_END_DECLS

#endif
