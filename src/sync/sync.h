/* SPDX-License-Identifier: MIT */
/*
 * What the primitives have in common.
 *
 * Each is a small public struct with an owner and lists of waiters.  It belongs
 * to the hub of the thread that first uses it.  Who releases, puts or sets
 * hands over: takes the first waiter and gives it what it waits for with
 * gev__wake(); nobody can get in between, and who is no longer in the list,
 * because its time was over or it was killed, is given nothing.  Who was woken
 * with 0 owns what it was given, whatever strikes it before it runs.
 */
#ifndef GEV_SYNC_SYNC_H
#define GEV_SYNC_SYNC_H

#include "core/report.h"

/* The owner of what was taken down: using it is EINVAL. */
#define GEV__SYNC_GONE ((gev_hub *)1)

/* gev__sync_enter() where the owner isn't this thread's hub, or not yet. */
int gev__sync_adopt(gev_hub **owner);

static inline bool gev__sync_is_mine(const gev_hub *owner)
{
	struct gev__thread *t = gev__thread;

	return __builtin_expect(owner && t && t->hub == owner, 1);
}

/*
 * First of all in every public function: the caller may use what *owner owns.
 * 0; -EPERM (another thread's), -EINVAL (it was taken down), or why the
 * thread has no hub.
 */
static inline int gev__sync_enter(gev_hub **owner)
{
	return gev__sync_is_mine(*owner) ? 0 : gev__sync_adopt(owner);
}

/*
 * Lists of waiters.  Static initialisers leave them zero, so that they are
 * empty before they are initialised; these three know that.
 */
static inline struct gev_waiter *gev__sync_first(const struct gev_list *waiters)
{
	if (!waiters->next || gev__list_empty(waiters))
		return NULL;
	return gev__container(waiters->next, struct gev_waiter, link);
}

static inline void gev__sync_enqueue(struct gev_list *waiters,
	struct gev_waiter *w)
{
	if (!waiters->next)
		gev__list_init(waiters);
	gev__list_add_tail(waiters, &w->link);
}

/* Wakes all who wait now, in order. */
static inline void gev__sync_wake_all(struct gev_list *waiters, int result)
{
	if (waiters->next)
		gev__wake_all(waiters, result);
}

/*
 * Waits in @waiters, at most @timeout, as gev__park(); but not to wait at all
 * (0) is -ETIMEDOUT in loop callbacks too.
 */
int gev__sync_wait(struct gev_list *waiters, struct gev_waiter *w,
	gev_time timeout);

/*
 * The end of an object: whether it is this thread's to take down.  From then
 * on it is EINVAL to use it.
 */
bool gev__sync_leave(gev_hub **owner);

/*
 * The object of @waiters is no more: they are woken with @result, and find
 * their object NULL.
 */
void gev__sync_orphan(struct gev_list *waiters, int result);

/* For reports: "on 0x1234 (held by greenlet "x")", whose coroutine has the
 * serial number. */
void gev__sync_text_held(struct gev__text *t, const void *object, gev_hub *hub,
	uint64_t serial);

#endif
