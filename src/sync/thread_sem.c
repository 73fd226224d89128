/* SPDX-License-Identifier: MIT */
/*
 * While anybody waits there are no free permits; one that is under way to him
 * is nobody else's.
 */
#include <limits.h>
#include "sync/ticket.h"

void gev_thread_sem_init(gev_thread_sem *sem, unsigned n)
{
	*sem = (gev_thread_sem)GEV_THREAD_SEM_INIT(n);
}

void gev_thread_sem_fini(gev_thread_sem *sem)
{
	if (!sem)
		return;
	gev__lock(gev__lock_in(&sem->lock));
	sem->gone = true;
	gev__ticket_serve_all(&sem->permits.waiters, -EINVAL);
	gev__unlock(gev__lock_in(&sem->lock));
}

/* Who fails though it was served gives its permit back. */
static int settle(struct gev__ticket *t, int result)
{
	gev_thread_sem *sem = (gev_thread_sem *)t->waiter.object;

	if (result < 0) {
		sem->permits.free++;
		gev__permits_give(&sem->permits);
	}
	return result;
}

static int try_acquire(gev_thread_sem *sem)
{
	if (sem->gone)
		return -EINVAL;
	if (!sem->permits.free)
		return -EAGAIN;
	sem->permits.free--;
	return 0;
}

static __attribute__((noinline)) int wait_for(gev_thread_sem *sem,
	gev_time timeout)
{
	struct gev__ticket t;

	gev__ticket_init(&t, "thread semaphore", sem, &sem->lock, settle);
	return gev__ticket_wait(&t, &sem->permits.waiters, timeout);
}

static int acquire(gev_thread_sem *sem, gev_time timeout)
{
	int r = sem ? gev__ticket_check(timeout) : -EINVAL;

	if (r < 0)
		return r;
	gev__lock(gev__lock_in(&sem->lock));
	r = try_acquire(sem);
	if (r == -EAGAIN && timeout)
		return wait_for(sem, timeout);
	gev__unlock(gev__lock_in(&sem->lock));
	return r;
}

static int give(gev_thread_sem *sem)
{
	if (sem->gone)
		return -EINVAL;
	if (sem->permits.free == UINT_MAX)
		return -ERANGE;
	sem->permits.free++;
	gev__permits_give(&sem->permits);
	return 0;
}

static int release(gev_thread_sem *sem)
{
	int r;

	if (!sem)
		return -EINVAL;
	gev__lock(gev__lock_in(&sem->lock));
	r = give(sem);
	gev__unlock(gev__lock_in(&sem->lock));
	return r;
}

int gev_thread_sem_acquire(gev_thread_sem *sem, gev_time timeout)
{
	return (int)gev__ret(acquire(sem, timeout));
}

int gev_thread_sem_release(gev_thread_sem *sem)
{
	return (int)gev__ret(release(sem));
}

unsigned gev_thread_sem_value(gev_thread_sem *sem)
{
	size_t value;

	if (!sem)
		return 0;
	gev__lock(gev__lock_in(&sem->lock));
	value = sem->permits.free;
	gev__unlock(gev__lock_in(&sem->lock));
	return (unsigned)value;
}
