/* SPDX-License-Identifier: MIT */
/*
 * gev/lock.h - locks between the greenlets of a hub: semaphores.
 *
 *	gev_sem slots = GEV_SEM_INIT(10);
 *
 *	if (gev_sem_acquire(&slots, GEV_SEC(1)) < 0)
 *		return -1;
 *	...					(ten at a time)
 *	gev_sem_release(&slots);
 *
 * All are first come, first served.  Who releases hands over to the one that
 * waited longest, so who releases and acquires again queues up behind those
 * who wait.  A wait that fails leaves nothing behind; one that was served owns
 * what it waited for, even if a kill or timeout strikes before it goes on.
 *
 * Where @timeout is 0, to have to wait is EAGAIN instead; loop callbacks may do
 * that.  Each lock belongs to the hub of the thread that first uses it, is the
 * caller's memory and must outlive its waiters.  X_fini() is its end: those who
 * wait fail with EINVAL, and so does every use from then on; NULL is ignored.
 */
#ifndef GEV_LOCK_H
#define GEV_LOCK_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * A number of permits.  Mirrors gevent.lock.Semaphore and, where there may
 * never be more permits than at first, BoundedSemaphore.
 */
typedef struct gev_sem {
	/* private */
	gev_hub *hub;
	struct gev_list waiters;
	unsigned value;
	unsigned limit;
} gev_sem;

#define GEV_SEM_INIT(n) { 0, { 0, 0 }, (n), ~0u }
#define GEV_BOUNDED_SEM_INIT(n) { 0, { 0, 0 }, (n), (n) }

/* gev_sem_init, gev_sem_init_bounded - what those do, at run time. */
GEV_API void gev_sem_init(gev_sem *sem, unsigned n);
GEV_API void gev_sem_init_bounded(gev_sem *sem, unsigned n);
GEV_API void gev_sem_fini(gev_sem *sem);

/*
 * gev_sem_acquire - take a permit.
 *
 * Waits     at most @timeout, and not at all if there is one.
 * Returns   0; or -1 with errno ETIMEDOUT, EAGAIN (@timeout is 0), ECANCELED,
 *           a thrown code, EDEADLK, EINVAL (NULL, a bad @timeout, or taken
 *           down), EPERM.  Then no permit was taken.
 * Context   any greenlet of the hub; with @timeout 0 loop callbacks too.
 */
GEV_API int gev_sem_acquire(gev_sem *sem, gev_time timeout);

/*
 * gev_sem_release - give a permit, to the first who waits for one.
 *
 * Returns   0; or -1 with errno ERANGE (a bounded one has all of its permits,
 *           or there are UINT_MAX), EINVAL (NULL, or taken down), EPERM.
 * Context   greenlets and loop callbacks, whoever acquired.
 */
GEV_API int gev_sem_release(gev_sem *sem);

/* gev_sem_value - how many permits there are.  NULL: 0. */
GEV_API unsigned gev_sem_value(const gev_sem *sem);
/* gev_sem_locked - whether there is none.  NULL: false. */
GEV_API bool gev_sem_locked(const gev_sem *sem);

GEV_END_DECLS

#endif
