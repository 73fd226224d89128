/* SPDX-License-Identifier: MIT */
/* Locks that go by the owner's thread id, between greenlets and threads. */
#include <gev/greenlet.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include "patch/full.h"

#define ROUNDS 200

static pthread_mutex_t mutex;
static int count;

static void make(int type, int protocol, int robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	t_eq(pthread_mutexattr_settype(&attr, type), 0);
	t_eq(pthread_mutexattr_setprotocol(&attr, protocol), 0);
	t_eq(pthread_mutexattr_setrobust(&attr, robust), 0);
	t_eq(pthread_mutex_init(&mutex, &attr), 0);
	pthread_mutexattr_destroy(&attr);
	count = 0;
}

static void make_heir(void)
{
	make(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT,
		PTHREAD_MUTEX_STALLED);
}

static void count_up(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		int seen;

		t_eq(pthread_mutex_lock(&mutex), 0);
		seen = count;
		if (i % 8 == 0)
			sched_yield();
		count = seen + 1;
		t_eq(pthread_mutex_unlock(&mutex), 0);
	}
}

static intptr_t count_here(void *arg)
{
	(void)arg;
	count_up();
	return 0;
}

static void *count_there(void *arg)
{
	count_up();
	return arg;
}

static void heirs_exclude_greenlets(void)
{
	gev_greenlet *g[N];

	if (!patch_full())
		return;
	make_heir();
	for (int i = 0; i < N; i++)
		g[i] = start(count_here, 0);
	count_up();
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(count, (N + 1) * ROUNDS);
	t_eq(pthread_mutex_destroy(&mutex), 0);
	t_eq(gev_unpatch_all(), 0);
}

static void heirs_exclude_threads(void)
{
	gev_greenlet *g[N];
	pthread_t t[3];

	if (!patch_full())
		return;
	make_heir();
	for (int i = 0; i < 3; i++)
		t_eq(pthread_create(&t[i], NULL, count_there, NULL), 0);
	for (int i = 0; i < N; i++)
		g[i] = start(count_here, 0);
	count_up();
	for (int i = 0; i < N; i++)
		join(g[i]);
	for (int i = 0; i < 3; i++)
		t_eq(pthread_join(t[i], NULL), 0);
	t_eq(count, (N + 4) * ROUNDS);
	t_eq(pthread_mutex_destroy(&mutex), 0);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t hold(void *arg)
{
	(void)arg;
	t_eq(pthread_mutex_lock(&mutex), 0);
	gev_sleep(GEV_MS(20));
	return pthread_mutex_unlock(&mutex);
}

static intptr_t wait_shortly(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &t);
	t_eq(pthread_mutex_trylock(&mutex), EBUSY);
	t_eq(pthread_mutex_timedlock(&mutex, &t), ETIMEDOUT);
	t_eq(pthread_mutex_lock(&mutex), 0);
	t_eq(pthread_mutex_lock(&mutex), EDEADLK);
	t_eq(pthread_mutex_unlock(&mutex), 0);
	t_eq(pthread_mutex_unlock(&mutex), EPERM);
	return 0;
}

static void *wait_in_thread(void *arg)
{
	wait_shortly(NULL);
	return arg;
}

static void owners_are_told(void)
{
	gev_greenlet *a, *b;
	pthread_t t;

	if (!patch_full())
		return;
	for (int p = 0; p < 2; p++) {
		make(PTHREAD_MUTEX_ERRORCHECK,
			p ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE,
			PTHREAD_MUTEX_STALLED);
		a = start(hold, 0);
		gev_yield();
		b = start(wait_shortly, 0);
		t_eq(pthread_create(&t, NULL, wait_in_thread, NULL), 0);
		join(a);
		join(b);
		t_eq(pthread_join(t, NULL), 0);
		t_eq(pthread_mutex_destroy(&mutex), 0);
	}
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t end_with_it(void *arg)
{
	t_eq(pthread_mutex_lock(&mutex), 0);
	gev_yield();
	if (arg)
		pthread_exit(NULL);
	return 0;
}

static intptr_t inherit(void *arg)
{
	(void)arg;
	t_eq(pthread_mutex_lock(&mutex), EOWNERDEAD);
	t_eq(pthread_mutex_consistent(&mutex), 0);
	t_eq(pthread_mutex_unlock(&mutex), 0);
	return 0;
}

static void dead_owners_are_told_of(void)
{
	gev_greenlet *a, *b;

	if (!patch_full())
		return;
	for (int i = 0; i < 4; i++) {
		make(PTHREAD_MUTEX_NORMAL,
			i % 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE,
			PTHREAD_MUTEX_ROBUST);
		a = start(end_with_it, i / 2);
		b = start(inherit, 0);
		join(a);
		join(b);
		t_eq(pthread_mutex_lock(&mutex), 0);
		t_eq(pthread_mutex_unlock(&mutex), 0);
		t_eq(pthread_mutex_destroy(&mutex), 0);
	}
	t_eq(gev_unpatch_all(), 0);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int readers, writers;

static intptr_t read_and_write(void *arg)
{
	for (int i = 0; i < 20; i++) {
		bool writes = (i + (intptr_t)arg) % 4 == 0;

		if (writes)
			t_eq(pthread_rwlock_wrlock(&rwlock), 0);
		else
			t_eq(pthread_rwlock_rdlock(&rwlock), 0);
		*(writes ? &writers : &readers) += 1;
		t_ok(writers == 0 || writers + readers == 1);
		gev_yield();
		*(writes ? &writers : &readers) -= 1;
		t_eq(pthread_rwlock_unlock(&rwlock), 0);
	}
	return 0;
}

static void writers_are_alone(void)
{
	gev_greenlet *g[N];

	if (!patch_full())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(read_and_write, i);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t write_twice(void *arg)
{
	(void)arg;
	t_eq(pthread_rwlock_wrlock(&rwlock), 0);
	gev_yield();
	t_eq(pthread_rwlock_wrlock(&rwlock), EDEADLK);
	return pthread_rwlock_unlock(&rwlock);
}

static void writers_are_known(void)
{
	gev_greenlet *a, *b;

	if (!patch_full())
		return;
	a = start(write_twice, 0);
	b = start(write_twice, 0);
	join(a);
	join(b);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(heirs_exclude_greenlets);
	T_RUN(heirs_exclude_threads);
	T_RUN(owners_are_told);
	T_RUN(dead_owners_are_told_of);
	T_RUN(writers_are_alone);
	T_RUN(writers_are_known);
	return t_done();
}
