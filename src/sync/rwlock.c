/* SPDX-License-Identifier: MIT */
/*
 * Readers and writers wait in one list.  Whenever the lock gets freer, or a
 * writer gives up waiting in front of readers, it goes to as many of the first
 * as can have it together.  A writer that waits brings along who it is, a
 * reader nobody: that tells them apart.  Who writes is known by its serial
 * number, as the owner of a mutex is.
 */
#include <gev/lock.h>
#include <limits.h>
#include "sync/sync.h"

static gev_coro *self(void)
{
	return gev__thread->current;
}

static int enter(gev_rwlock *l)
{
	return l ? gev__sync_enter(&l->hub) : -EINVAL;
}

void gev_rwlock_init(gev_rwlock *l)
{
	*l = (gev_rwlock)GEV_RWLOCK_INIT;
}

void gev_rwlock_fini(gev_rwlock *l)
{
	if (l && gev__sync_leave(&l->hub))
		gev__sync_orphan(&l->waiters, -EINVAL);
}

/* Has @writer (NULL: a reader) have the lock, if it can be had now. */
static bool take(gev_rwlock *l, gev_coro *writer)
{
	if (l->writer || (writer ? l->readers : l->readers == UINT_MAX))
		return false;
	if (writer)
		l->writer = writer->serial;
	else
		l->readers++;
	return true;
}

static void hand_over(gev_rwlock *l)
{
	struct gev_waiter *w;

	while ((w = gev__sync_first(&l->waiters)) && take(l, w->value))
		gev__wake(w, 0);
}

static void describe(const struct gev_waiter *w, void *text)
{
	const gev_rwlock *l = w->object;

	if (l->writer) {
		gev__sync_text_held(text, l, l->hub, l->writer);
		return;
	}
	gev__text_add(text, "on ");
	gev__text_ptr(text, l);
	gev__text_add(text, " (held by ");
	gev__text_num(text, l->readers);
	gev__text_add(text, l->readers == 1 ? " reader)" : " readers)");
}

static int acquire(gev_rwlock *l, gev_coro *writer, gev_time timeout)
{
	struct gev_waiter w = { .what = writer ? "rwlock (write)" :
						 "rwlock (read)",
		.object = l,
		.describe = describe,
		.value = writer };
	int r;

	if (l->writer == self()->serial)
		return -EDEADLK;
	if (!writer && l->readers == UINT_MAX)
		return -ERANGE;
	if (!gev__sync_first(&l->waiters) && take(l, writer))
		return 0;
	if (timeout == 0)
		return -EAGAIN;
	r = gev__sync_wait(&l->waiters, &w, timeout);
	if (r < 0 && w.object)
		hand_over(l);
	return r;
}

int gev_rwlock_acquire_read(gev_rwlock *l, gev_time timeout)
{
	int r = enter(l);

	return (int)gev__ret(r < 0 ? r : acquire(l, NULL, timeout));
}

int gev_rwlock_acquire_write(gev_rwlock *l, gev_time timeout)
{
	int r = enter(l);

	return (int)gev__ret(r < 0 ? r : acquire(l, self(), timeout));
}

static int release(gev_rwlock *l)
{
	int r = enter(l);

	if (r < 0)
		return r;
	if (l->writer == self()->serial)
		l->writer = 0;
	else if (l->readers)
		l->readers--;
	else
		return -EPERM;
	hand_over(l);
	return 0;
}

int gev_rwlock_release(gev_rwlock *l)
{
	return (int)gev__ret(release(l));
}
