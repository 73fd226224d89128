/* SPDX-License-Identifier: MIT */
/*
 * While anybody waits there are no permits: a release goes to the first of
 * them, so that nobody who comes later is faster.
 */
#include "sync/sem.h"

static int enter(gev_sem *sem)
{
	return sem ? gev__sync_enter(&sem->hub) : -EINVAL;
}

void gev_sem_init(gev_sem *sem, unsigned n)
{
	*sem = (gev_sem)GEV_SEM_INIT(n);
}

void gev_sem_init_bounded(gev_sem *sem, unsigned n)
{
	*sem = (gev_sem)GEV_BOUNDED_SEM_INIT(n);
}

void gev_sem_fini(gev_sem *sem)
{
	if (sem && gev__sync_leave(&sem->hub))
		gev__sync_orphan(&sem->waiters, -EINVAL);
}

int gev__sem_try(gev_sem *sem)
{
	int r = enter(sem);

	if (r < 0)
		return r;
	if (sem->value == 0)
		return -EAGAIN;
	sem->value--;
	return 0;
}

static __attribute__((noinline)) int acquire(gev_sem *sem, gev_time timeout)
{
	struct gev_waiter w = { .what = "semaphore", .object = sem };
	int r = gev__sem_try(sem);

	if (r == -EAGAIN && timeout != 0)
		r = gev__sync_wait(&sem->waiters, &w, timeout);
	return (int)gev__ret(r);
}

int gev_sem_acquire(gev_sem *sem, gev_time timeout)
{
	if (sem && gev__sync_is_mine(sem->hub) && sem->value > 0) {
		sem->value--;
		return 0;
	}
	return acquire(sem, timeout);
}

static __attribute__((noinline)) int release(gev_sem *sem)
{
	int r = enter(sem);
	struct gev_waiter *w;

	if (r < 0)
		return (int)gev__ret(r);
	if (sem->value >= sem->limit)
		return (int)gev__ret(-ERANGE);
	w = gev__sync_first(&sem->waiters);
	if (w)
		gev__wake(w, 0);
	else
		sem->value++;
	return 0;
}

int gev_sem_release(gev_sem *sem)
{
	if (sem && gev__sync_is_mine(sem->hub) && sem->value < sem->limit &&
		!gev__sync_first(&sem->waiters)) {
		sem->value++;
		return 0;
	}
	return release(sem);
}

unsigned gev_sem_value(const gev_sem *sem)
{
	return sem ? sem->value : 0;
}

bool gev_sem_locked(const gev_sem *sem)
{
	return sem && sem->value == 0;
}
