/* SPDX-License-Identifier: MIT */
/* What threads wait for each other with, as POSIX has it. */
#include <semaphore.h>
#include <signal.h>
#include "program.h"

#define N 8
#define ROUNDS 2000

static pthread_mutex_t mutex;
static int counter;

static void *count(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int seen;

		pthread_mutex_lock(&mutex);
		seen = counter;
		if (i % 64 == 0)
			sched_yield();
		counter = seen + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static bool counts(int type, int protocol)
{
	pthread_mutexattr_t attr;
	pthread_t t[N];

	counter = 0;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutex_init(&mutex, &attr);
	for (int i = 0; i < N; i++)
		t[i] = begin(count, NULL);
	for (int i = 0; i < N; i++)
		finish(t[i]);
	pthread_mutex_destroy(&mutex);
	return counter == N * ROUNDS;
}

static void *try_lock(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)pthread_mutex_trylock(&mutex);
}

static void owners(void)
{
	pthread_mutexattr_t attr;
	struct timespec t;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attr);
	pthread_mutex_lock(&mutex);
	say(pthread_mutex_lock(&mutex) == EDEADLK, "an owner is told so");
	say(finish(begin(try_lock, NULL)) == (void *)(intptr_t)EBUSY,
		"another thread is not the owner");
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	pthread_mutex_unlock(&mutex);
	say(pthread_mutex_unlock(&mutex) == EPERM, "unlocked is not one's own");
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_NORMAL);
	pthread_mutex_init(&mutex, &attr);
	pthread_mutex_lock(&mutex);
	say(pthread_mutex_timedlock(&mutex, &t) == ETIMEDOUT, "timed lock");
	pthread_mutex_unlock(&mutex);
}

static void *die_with_it(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void robust(int protocol, const char *what)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutex_init(&mutex, &attr);
	finish(begin(die_with_it, &mutex));
	say(pthread_mutex_lock(&mutex) == EOWNERDEAD, what);
	say(pthread_mutex_consistent(&mutex) == 0, "which is made good");
	pthread_mutex_unlock(&mutex);
	say(pthread_mutex_lock(&mutex) == 0, "and taken again");
	pthread_mutex_unlock(&mutex);
}

static volatile bool held;

static void *take_held(void *arg)
{
	int r = pthread_mutex_lock(&mutex);
	bool too_early = held;

	(void)arg;
	pthread_mutex_unlock(&mutex);
	return (void *)(intptr_t)(r == 0 && !too_early);
}

static void on_signal(int signum)
{
	(void)signum;
}

static void disturbed(int protocol, const char *what)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_mutexattr_t attr;
	pthread_t t;

	sigaction(SIGUSR1, &sa, NULL);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutex_init(&mutex, &attr);
	pthread_mutex_lock(&mutex);
	held = true;
	t = begin(take_held, NULL);
	for (int i = 0; i < 3; i++) {
		pause_ms(5);
		pthread_kill(t, SIGUSR1);
	}
	pause_ms(5);
	held = false;
	pthread_mutex_unlock(&mutex);
	say(finish(t) != NULL, what);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

static void *ping(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		while (turn != me)
			pthread_cond_wait(&cond, &lock);
		turn = !me;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void conds(void)
{
	pthread_t a = begin(ping, (void *)0), b = begin(ping, (void *)1);
	struct timespec t;

	finish(a);
	finish(b);
	say(turn == 0, "two threads take turns by a condition");
	clock_gettime(CLOCK_MONOTONIC, &t);
	pthread_mutex_lock(&lock);
	say(pthread_cond_clockwait(&cond, &lock, CLOCK_MONOTONIC, &t) ==
			ETIMEDOUT,
		"a condition nobody signals times out");
	pthread_mutex_unlock(&lock);
}

static pthread_barrier_t barrier;

static void *meet(void *arg)
{
	int serial = 0;

	(void)arg;
	for (int i = 0; i < 100; i++)
		serial += pthread_barrier_wait(&barrier) ==
			  PTHREAD_BARRIER_SERIAL_THREAD;
	return (void *)(intptr_t)serial;
}

static void barriers(void)
{
	pthread_t t[N];
	intptr_t serial = 0;

	pthread_barrier_init(&barrier, NULL, N);
	for (int i = 0; i < N; i++)
		t[i] = begin(meet, NULL);
	for (int i = 0; i < N; i++)
		serial += (intptr_t)finish(t[i]);
	say(serial == 100, "a barrier lets all pass, one of them serial");
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int readers, writers, violations;

static void *read_write(void *arg)
{
	for (int i = 0; i < 200; i++) {
		if ((i + (intptr_t)arg) % 4) {
			pthread_rwlock_rdlock(&rwlock);
			__atomic_fetch_add(&readers, 1, __ATOMIC_SEQ_CST);
			violations += writers != 0;
			sched_yield();
			__atomic_fetch_sub(&readers, 1, __ATOMIC_SEQ_CST);
		} else {
			pthread_rwlock_wrlock(&rwlock);
			violations += ++writers != 1 || readers;
			sched_yield();
			writers--;
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void rwlocks(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		t[i] = begin(read_write, (void *)i);
	for (int i = 0; i < N; i++)
		finish(t[i]);
	say(violations == 0, "readers together, writers alone");
}

static sem_t sem;

static void *post(void *arg)
{
	(void)arg;
	pause_ms(10);
	sem_post(&sem);
	return NULL;
}

static void sems(void)
{
	pthread_t t;
	struct timespec at;

	sem_init(&sem, 0, 0);
	t = begin(post, NULL);
	say(sem_wait(&sem) == 0, "a semaphore is waited for");
	finish(t);
	clock_gettime(CLOCK_REALTIME, &at);
	say(sem_timedwait(&sem, &at) < 0 && errno == ETIMEDOUT,
		"and not for ever");
	say(sem_trywait(&sem) < 0 && errno == EAGAIN, "or not at all");
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int onces;

static void slowly(void)
{
	pause_ms(20);
	onces++;
}

static void *do_once(void *arg)
{
	(void)arg;
	pthread_once(&once, slowly);
	return (void *)(intptr_t)onces;
}

static void once_for_all(void)
{
	pthread_t t[N];
	bool ok = true;

	for (int i = 0; i < N; i++)
		t[i] = begin(do_once, NULL);
	for (int i = 0; i < N; i++)
		ok &= finish(t[i]) == (void *)1;
	say(ok, "pthread_once is done once, and waited for");
}

int main(void)
{
	say(counts(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE), "plain mutex");
	say(counts(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE), "recursive");
	say(counts(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE), "checking");
	say(counts(PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE), "adaptive");
	say(counts(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT), "inheriting");
	owners();
	robust(PTHREAD_PRIO_NONE, "a dead owner's mutex");
	robust(PTHREAD_PRIO_INHERIT, "a dead owner's inheriting mutex");
	disturbed(PTHREAD_PRIO_NONE, "a signal does not let one in");
	disturbed(PTHREAD_PRIO_INHERIT, "nor at an inheriting mutex");
	conds();
	barriers();
	rwlocks();
	sems();
	once_for_all();
	return 0;
}
