/* SPDX-License-Identifier: MIT */
/* libc's locks between greenlets, and between greenlets and threads. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>
#include <gev/timeout.h>
#include "patch/patch.h"

#define ROUNDS 200

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int turn, count;

/* Until there is another thread libc wakes nobody when it unlocks. */
static pthread_t companion;
static sem_t over;

static void *idle_along(void *arg)
{
	(void)arg;
	while (sem_wait(&over) < 0)
		;
	return NULL;
}

static bool set_up(void)
{
	if (!patch(GEV_PATCH_ALL))
		return false;
	sem_init(&sem, 0, 0);
	sem_init(&over, 0, 0);
	t_eq(pthread_create(&companion, NULL, idle_along, NULL), 0);
	turn = count = 0;
	return true;
}

static void tear_down(void)
{
	t_eq(sem_post(&over), 0);
	t_eq(pthread_join(companion, NULL), 0);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t count_slowly(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++) {
		int seen;

		t_eq(pthread_mutex_lock(&mutex), 0);
		seen = count;
		gev_sleep(0);
		count = seen + 1;
		t_eq(pthread_mutex_unlock(&mutex), 0);
	}
	return 0;
}

static void mutexes_exclude_greenlets(void)
{
	gev_greenlet *g[N];

	if (!set_up())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(count_slowly, 0);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(count, 10 * N);
	tear_down();
}

static void *count_in_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int seen;

		pthread_mutex_lock(&mutex);
		seen = count;
		sched_yield();
		count = seen + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void mutexes_exclude_threads(void)
{
	gev_greenlet *g[N];
	pthread_t t[2];

	if (!set_up())
		return;
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, count_in_thread, NULL);
	for (int i = 0; i < N; i++)
		g[i] = start(count_slowly, 0);
	for (int i = 0; i < N; i++)
		join(g[i]);
	for (int i = 0; i < 2; i++)
		t_eq(pthread_join(t[i], NULL), 0);
	t_eq(count, 10 * N + 2 * ROUNDS);
	tear_down();
}

static void take_turns(int mine)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != mine)
			pthread_cond_wait(&cond, &mutex);
		turn = !mine;
		count++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
}

static intptr_t ping(void *mine)
{
	take_turns((int)(intptr_t)mine);
	return 0;
}

static void *pong(void *mine)
{
	take_turns((int)(intptr_t)mine);
	return NULL;
}

static void conditions_hand_over_between_greenlets(void)
{
	gev_greenlet *a, *b;

	if (!set_up())
		return;
	a = start(ping, 0);
	b = start(ping, 1);
	join(a);
	join(b);
	t_eq(count, 2 * ROUNDS);
	tear_down();
}

static void conditions_hand_over_to_threads_and_back(void)
{
	gev_greenlet *g;
	pthread_t t;

	if (!set_up())
		return;
	g = start(ping, 0);
	pthread_create(&t, NULL, pong, (void *)1);
	join(g);
	t_eq(pthread_join(t, NULL), 0);
	t_eq(count, 2 * ROUNDS);
	tear_down();
}

static void *post_slowly(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		sem_post(&sem);
		if (i % 16 == 0)
			usleep(100);
	}
	return NULL;
}

static intptr_t take_some(void *n)
{
	for (int i = 0; i < (int)(intptr_t)n; i++) {
		t_eq(sem_wait(&sem), 0);
		count++;
	}
	return 0;
}

static void semaphores_are_posted_by_threads(void)
{
	gev_greenlet *g[N];
	pthread_t t;

	if (!set_up())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(take_some, ROUNDS / N);
	pthread_create(&t, NULL, post_slowly, NULL);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(pthread_join(t, NULL), 0);
	t_eq(count, ROUNDS / N * N);
	tear_down();
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static intptr_t read_twice(void *arg)
{
	int seen;

	(void)arg;
	for (int i = 0; i < 10; i++) {
		t_eq(pthread_rwlock_rdlock(&rwlock), 0);
		seen = count;
		gev_sleep(0);
		t_eq(count, seen);
		t_eq(pthread_rwlock_unlock(&rwlock), 0);
		gev_sleep(0);
	}
	return 0;
}

static void *write_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_rwlock_wrlock(&rwlock);
		count++;
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void rwlocks_exclude_writers(void)
{
	gev_greenlet *g[N];
	pthread_t t;

	if (!set_up())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(read_twice, i);
	pthread_create(&t, NULL, write_often, NULL);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(pthread_join(t, NULL), 0);
	t_eq(count, ROUNDS);
	tear_down();
}

static pthread_barrier_t barrier;

static intptr_t meet(void *arg)
{
	int r;

	(void)arg;
	enter();
	r = pthread_barrier_wait(&barrier);
	count += r == PTHREAD_BARRIER_SERIAL_THREAD;
	leave();
	return 0;
}

static void barriers_wait_for_all(void)
{
	gev_greenlet *g[N];

	if (!set_up())
		return;
	most_inside = 0;
	t_eq(pthread_barrier_init(&barrier, NULL, N), 0);
	for (int i = 0; i < N; i++)
		g[i] = start(meet, 0);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(most_inside, N);
	t_eq(count, 1);
	pthread_barrier_destroy(&barrier);
	tear_down();
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialise(void)
{
	gev_sleep(GEV_MS(1));
	count++;
}

static intptr_t see_to_it(void *arg)
{
	(void)arg;
	t_eq(pthread_once(&once, initialise), 0);
	return count == 1 ? 0 : 1;
}

static void once_is_once(void)
{
	gev_greenlet *g[N];

	if (!set_up())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(see_to_it, 0);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(count, 1);
	tear_down();
}

static void *end_when_told(void *arg)
{
	(void)arg;
	while (sem_wait(&sem) < 0)
		;
	return &sem;
}

static intptr_t join_thread(void *t)
{
	void *value = NULL;

	enter();
	t_eq(pthread_join(*(pthread_t *)t, &value), 0);
	leave();
	return value != &sem;
}

static void greenlets_join_threads(void)
{
	pthread_t t[N];
	gev_greenlet *g[N];

	if (!set_up())
		return;
	most_inside = 0;
	for (int i = 0; i < N; i++) {
		pthread_create(&t[i], NULL, end_when_told, NULL);
		g[i] = start(join_thread, (intptr_t)&t[i]);
	}
	gev_yield();
	t_eq(inside, N);
	for (int i = 0; i < N; i++)
		t_eq(sem_post(&sem), 0);
	for (int i = 0; i < N; i++)
		join(g[i]);
	tear_down();
}

static intptr_t hold_mutex(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&mutex);
	t_log("held ");
	pthread_mutex_unlock(&mutex);
	errno = 0;
	if (gev_sleep(0) < 0)
		t_log("%d ", errno);
	return 0;
}

static void a_kill_waits_until_a_mutex_is_had(void)
{
	gev_greenlet *g;

	if (!set_up())
		return;
	pthread_mutex_lock(&mutex);
	g = start(hold_mutex, 0);
	gev_yield();
	gev_kill(g, 0);
	gev_yield();
	t_log_is("");
	pthread_mutex_unlock(&mutex);
	gev_join(g, GEV_SEC(9));
	gev_unref(g);
	t_log_is("held 125 ");
	tear_down();
}

static intptr_t take_one(void *after)
{
	gev_timeout t;

	if (after)
		gev_timeout_start(&t, GEV_MS(1));
	errno = 0;
	t_log("%d:", sem_wait(&sem));
	t_log("%d ", errno);
	if (after)
		t_ok(gev_timeout_cancel(&t));
	return 0;
}

static void semaphores_are_told_of_kill_throw_and_timeout(void)
{
	gev_greenlet *g;

	if (!set_up())
		return;
	g = start(take_one, 0);
	gev_yield();
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	g = start(take_one, 0);
	gev_yield();
	t_eq(gev_throw(g, EPROTO), 0);
	join(g);
	join(start(take_one, 1));
	t_log_is("-1:4 -1:4 -1:110 ");
	sem_post(&sem);
	join(start(take_one, 0));
	t_log_is("0:0 ");
	tear_down();
}

static void timed_waits_end(void)
{
	struct timespec t;

	if (!set_up())
		return;
	t_virtual();
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 5;
	t_fails(sem_timedwait(&sem, &t), ETIMEDOUT);
	t_eq(pthread_mutex_lock(&mutex), 0);
	t_eq(pthread_cond_timedwait(&cond, &mutex, &t), ETIMEDOUT);
	t_eq(pthread_mutex_timedlock(&mutex, &t), ETIMEDOUT);
	t_eq(pthread_mutex_unlock(&mutex), 0);
	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
	tear_down();
}

static int reports;

/* What nobody will ever do is done here, for the test's sake. */
static int on_deadlock_post(void *arg)
{
	(void)arg;
	sem_post(&sem);
	return 0;
}

static void on_deadlock(gev_hub *hub, const char *report, void *arg)
{
	(void)arg;
	reports++;
	t_ok(strstr(report, "futex") != NULL);
	t_eq(gev_hub_post(hub, on_deadlock_post, NULL), 0);
}

static void a_deadlock_of_main_is_reported(void)
{
	gev_hub *hub = gev_hub_get();

	if (t_under("qemu")) {
		t_skip("qemu has a thread of its own, which might wake");
		return;
	}
	if (!patch(GEV_PATCH_ALL))
		return;
	sem_init(&sem, 0, 0);
	gev_hub_set_deadlock_hook(hub, on_deadlock, NULL);
	t_eq(sem_wait(&sem), 0);
	t_eq(reports, 1);
	gev_hub_set_deadlock_hook(hub, NULL, NULL);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(a_deadlock_of_main_is_reported);
	T_RUN(mutexes_exclude_greenlets);
	T_RUN(mutexes_exclude_threads);
	T_RUN(conditions_hand_over_between_greenlets);
	T_RUN(conditions_hand_over_to_threads_and_back);
	T_RUN(semaphores_are_posted_by_threads);
	T_RUN(rwlocks_exclude_writers);
	T_RUN(barriers_wait_for_all);
	T_RUN(once_is_once);
	T_RUN(greenlets_join_threads);
	T_RUN(a_kill_waits_until_a_mutex_is_had);
	T_RUN(semaphores_are_told_of_kill_throw_and_timeout);
	T_RUN(timed_waits_end);
	return t_done();
}
