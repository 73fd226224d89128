/* SPDX-License-Identifier: MIT */
/*
 * gev/lock.h - locks between the greenlets of a hub.
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
 * what it waited for, even if a kill or timeout strikes before it goes on.  Of
 * its own @timeout and a gev_timeout the one whose time is over first ends a
 * wait, at the same time the one that began first; a gev_timeout that comes too
 * late strikes the next wait.
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

/*
 * A mutex: one greenlet has it and gives it back itself.  It stays held for
 * ever if that ends without doing so; reports of deadlocks say so.
 */
typedef struct gev_mutex {
	/* private */
	gev_hub *hub;
	struct gev_list waiters;
	uint64_t owner; /* 0: free */
} gev_mutex;

#define GEV_MUTEX_INIT { 0, { 0, 0 }, 0 }

GEV_API void gev_mutex_init(gev_mutex *m);
GEV_API void gev_mutex_fini(gev_mutex *m);

/*
 * gev_mutex_acquire - wait until @m is free, and have it.
 *
 * Returns   0; or -1 with errno as for gev_sem_acquire(); EDEADLK too if the
 *           caller has it.
 */
GEV_API int gev_mutex_acquire(gev_mutex *m, gev_time timeout);

/*
 * gev_mutex_release - give @m to the first who waits for it.
 *
 * Returns   0; or -1 with errno EPERM (the caller does not have it, or is of
 *           another thread), EINVAL (NULL, or taken down).
 */
GEV_API int gev_mutex_release(gev_mutex *m);

/* gev_mutex_locked - whether anybody has it.  NULL: false. */
GEV_API bool gev_mutex_locked(const gev_mutex *m);

/*
 * A mutex that who has it can acquire again; it is free when it was released
 * as often.  Mirrors gevent.lock.RLock.
 */
typedef struct gev_rlock {
	/* private */
	gev_mutex mutex;
	unsigned depth;
} gev_rlock;

#define GEV_RLOCK_INIT { GEV_MUTEX_INIT, 0 }

GEV_API void gev_rlock_init(gev_rlock *l);
GEV_API void gev_rlock_fini(gev_rlock *l);

/*
 * As gev_mutex_*(), but the caller may have it already; ERANGE if that is
 * UINT_MAX times.
 */
GEV_API int gev_rlock_acquire(gev_rlock *l, gev_time timeout);
GEV_API int gev_rlock_release(gev_rlock *l);
GEV_API bool gev_rlock_locked(const gev_rlock *l);

/*
 * A condition: to wait, without a mutex, for a change of what it guards.
 * Mirrors threading.Condition.
 *
 *	gev_mutex_acquire(&m, GEV_FOREVER);
 *	while (!changed)
 *		if (gev_cond_wait(&c, &m, GEV_FOREVER) < 0)
 *			break;
 *	gev_mutex_release(&m);
 */
typedef struct gev_cond {
	/* private */
	gev_hub *hub;
	struct gev_list waiters;
} gev_cond;

#define GEV_COND_INIT { 0, { 0, 0 } }

GEV_API void gev_cond_init(gev_cond *c);
GEV_API void gev_cond_fini(gev_cond *c);

/*
 * gev_cond_wait - release @m, wait to be notified, acquire @m again.
 *
 * The caller has @m afterwards whatever ended the wait: a kill, a throw or a
 * gev_timeout that comes while it is acquired strikes the next wait.
 *
 * Waits     at most @timeout to be notified, then for @m.
 * Returns   0; or -1 with errno ETIMEDOUT (@timeout 0 too), ECANCELED, a thrown
 *           code, EDEADLK, EINVAL (NULL, a bad @timeout, or taken down), EPERM
 *           (the caller does not have @m, or is of another thread).  Only where
 *           @m was taken down, or nothing can ever release it, it is not had.
 * Context   any greenlet of the hub.
 */
GEV_API int gev_cond_wait(gev_cond *c, gev_mutex *m, gev_time timeout);

/*
 * gev_cond_notify - let the first @n go on who wait.
 * gev_cond_notify_all - let all of them go on.
 *
 * Who comes later is not concerned.  The mutex need not be had.
 *
 * Returns   0; or -1 with errno EINVAL (NULL, @n is negative, or taken down),
 *           EPERM.
 * Context   greenlets and loop callbacks.
 */
GEV_API int gev_cond_notify(gev_cond *c, int n);
GEV_API int gev_cond_notify_all(gev_cond *c);

/*
 * A lock that many readers have, or one writer.  First come, first served: a
 * reader that comes after a waiting writer waits too, so that neither starves.
 */
typedef struct gev_rwlock {
	/* private */
	gev_hub *hub;
	struct gev_list waiters;
	uint64_t writer;
	unsigned readers;
} gev_rwlock;

#define GEV_RWLOCK_INIT { 0, { 0, 0 }, 0, 0 }

GEV_API void gev_rwlock_init(gev_rwlock *l);
GEV_API void gev_rwlock_fini(gev_rwlock *l);

/*
 * gev_rwlock_acquire_read - have @l along with other readers.
 * gev_rwlock_acquire_write - have it alone.
 *
 * Who has it as a reader must not acquire it again: a writer may wait between.
 *
 * Returns   0; or -1 with errno as for gev_sem_acquire(); EDEADLK too if the
 *           caller has it as the writer, ERANGE if there are UINT_MAX readers.
 */
GEV_API int gev_rwlock_acquire_read(gev_rwlock *l, gev_time timeout);
GEV_API int gev_rwlock_acquire_write(gev_rwlock *l, gev_time timeout);

/*
 * gev_rwlock_release - give back what was acquired, either way.
 *
 * Nobody notices who releases as a reader what another one acquired.
 *
 * Returns   0; or -1 with errno EPERM (nobody has it, another is the writer, or
 *           it is another thread's), EINVAL (NULL, or taken down).
 */
GEV_API int gev_rwlock_release(gev_rwlock *l);

/* Something that is to be done once, by the first who needs it. */
typedef struct gev_once {
	/* private */
	gev_hub *hub;
	struct gev_list waiters;
	uint64_t runner;
	bool done;
} gev_once;

#define GEV_ONCE_INIT { 0, { 0, 0 }, 0, false }

GEV_API void gev_once_init(gev_once *once);
GEV_API void gev_once_fini(gev_once *once);

/*
 * gev_once_call - call @fn(@arg) unless that was done; it may wait.
 *
 * Others who come meanwhile wait until it returns.  If it returns below 0 it is
 * not done: its caller gets -1 with its errno, and the first who waits, or
 * comes next, tries again.
 *
 * Waits     without end.
 * Returns   0: it was done; or -1 with errno that of @fn, ECANCELED, ETIMEDOUT
 *           (a gev_timeout), a thrown code, EDEADLK (called by @fn itself, or
 *           it would wait in a loop callback), EINVAL, EPERM.
 * Context   any greenlet of the hub; loop callbacks if nobody is at it.
 */
GEV_API int gev_once_call(gev_once *once, int (*fn)(void *arg), void *arg);

GEV_END_DECLS

#endif
