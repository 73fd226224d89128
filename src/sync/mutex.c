/* SPDX-License-Identifier: MIT */
/*
 * Mutexes, and those that can be acquired again.  Each waiter brings along who
 * it is, so that a release makes the first of them the owner at once.  The
 * owner is known by its serial number: its memory may be another's once it has
 * ended.
 */
#include "sync/mutex.h"

static uint64_t self(void)
{
	return gev__thread->current->serial;
}

static int enter(gev_mutex *m)
{
	return m ? gev__sync_enter(&m->hub) : -EINVAL;
}

static void describe(const struct gev_waiter *w, void *text)
{
	const gev_mutex *m = w->object;

	gev__sync_text_held(text, m, m->hub, m->owner);
}

/* @w says what the wait is called in reports, and whether it is shielded. */
static int acquire(gev_mutex *m, struct gev_waiter *w, gev_time timeout)
{
	int r = enter(m);

	if (r < 0)
		return r;
	if (!m->owner) {
		m->owner = self();
		return 0;
	}
	if (m->owner == self())
		return -EDEADLK;
	if (timeout == 0)
		return -EAGAIN;
	w->object = m;
	w->describe = describe;
	w->value = gev__thread->current;
	return gev__sync_wait(&m->waiters, w, timeout);
}

static uint64_t serial_of(const struct gev_waiter *w)
{
	return ((const gev_coro *)w->value)->serial;
}

int gev__mutex_check(gev_mutex *m)
{
	int r = enter(m);

	return r < 0 || m->owner == self() ? r : -EPERM;
}

int gev__mutex_acquire_again(gev_mutex *m)
{
	struct gev_waiter w = { .what = "mutex", .shielded = true };

	return acquire(m, &w, GEV_FOREVER);
}

int gev__mutex_release(gev_mutex *m)
{
	int r = gev__mutex_check(m);
	struct gev_waiter *w;

	if (r < 0)
		return r;
	w = gev__sync_first(&m->waiters);
	m->owner = w ? serial_of(w) : 0;
	if (w)
		gev__wake(w, 0);
	return 0;
}

void gev_mutex_init(gev_mutex *m)
{
	*m = (gev_mutex)GEV_MUTEX_INIT;
}

void gev_mutex_fini(gev_mutex *m)
{
	if (m && gev__sync_leave(&m->hub))
		gev__sync_orphan(&m->waiters, -EINVAL);
}

static __attribute__((noinline)) int acquire_slow(gev_mutex *m,
	gev_time timeout)
{
	struct gev_waiter w = { .what = "mutex" };

	return (int)gev__ret(acquire(m, &w, timeout));
}

int gev_mutex_acquire(gev_mutex *m, gev_time timeout)
{
	if (m && gev__sync_is_mine(m->hub) && !m->owner) {
		m->owner = self();
		return 0;
	}
	return acquire_slow(m, timeout);
}

static __attribute__((noinline)) int release_slow(gev_mutex *m)
{
	return (int)gev__ret(gev__mutex_release(m));
}

int gev_mutex_release(gev_mutex *m)
{
	if (m && gev__sync_is_mine(m->hub) && m->owner == self() &&
		!gev__sync_first(&m->waiters)) {
		m->owner = 0;
		return 0;
	}
	return release_slow(m);
}

bool gev_mutex_locked(const gev_mutex *m)
{
	return m && m->owner;
}

void gev_rlock_init(gev_rlock *l)
{
	*l = (gev_rlock)GEV_RLOCK_INIT;
}

void gev_rlock_fini(gev_rlock *l)
{
	if (l)
		gev_mutex_fini(&l->mutex);
}

static int acquire_again(gev_rlock *l)
{
	if (l->depth == ~0u)
		return -ERANGE;
	l->depth++;
	return 0;
}

int gev_rlock_acquire(gev_rlock *l, gev_time timeout)
{
	struct gev_waiter w = { .what = "rlock" };
	int r = l ? gev__mutex_check(&l->mutex) : -EINVAL;

	if (r == 0)
		return (int)gev__ret(acquire_again(l));
	if (l)
		r = acquire(&l->mutex, &w, timeout);
	if (r == 0)
		l->depth = 1;
	return (int)gev__ret(r);
}

int gev_rlock_release(gev_rlock *l)
{
	int r = l ? gev__mutex_check(&l->mutex) : -EINVAL;

	if (r == 0 && --l->depth == 0)
		r = gev__mutex_release(&l->mutex);
	return (int)gev__ret(r);
}

bool gev_rlock_locked(const gev_rlock *l)
{
	return l && l->mutex.owner;
}
