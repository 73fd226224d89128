/* SPDX-License-Identifier: MIT */
/* What any thread may use to wake greenlets of other hubs. */
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include "../core/core.h"

static gev_thread_event event;

static void *set_it(void *arg)
{
	t_eq(gev_thread_event_set(&event), 0);
	return arg;
}

static intptr_t wait_for(void *timeout)
{
	return gev_thread_event_wait(&event, *(gev_time *)timeout);
}

/* A thread sets the event while main or a greenlet waits for it. */
static void set_by_a_thread(gev_time timeout, bool in_greenlet)
{
	gev_greenlet *g = NULL;
	pthread_t thread;

	gev_thread_event_init(&event);
	if (in_greenlet) {
		g = gev_spawn(wait_for, &timeout);
		t_eq(gev_yield(), 0);
	}
	t_eq(pthread_create(&thread, NULL, set_it, NULL), 0);
	t_eq(g ? gev_get(g, GEV_FOREVER) : wait_for(&timeout), 0);
	t_ok(gev_thread_event_is_set(&event));
	t_eq(pthread_join(thread, NULL), 0);
	gev_unref(g);
}

static void c54_set_by_a_thread_main_waits(void)
{
	set_by_a_thread(GEV_FOREVER, false);
}

static void c54_set_by_a_thread_main_waits_timed(void)
{
	set_by_a_thread(GEV_SEC(3600), false);
}

static void c54_set_by_a_thread_greenlet_waits(void)
{
	set_by_a_thread(GEV_FOREVER, true);
}

static void c54_set_by_a_thread_greenlet_waits_timed(void)
{
	set_by_a_thread(GEV_SEC(3600), true);
}

static void an_event_that_is_not_set(void)
{
	gev_time forever = GEV_FOREVER;
	gev_greenlet *g;

	gev_thread_event_init(&event);
	t_fails(gev_thread_event_wait(&event, 0), ETIMEDOUT);
	t_fails(gev_thread_event_wait(&event, GEV_US(10)), ETIMEDOUT);
	t_fails(gev_thread_event_wait(&event, -2), EINVAL);
	t_fails(gev_thread_event_wait(NULL, 0), EINVAL);
	t_fails(gev_thread_event_set(NULL), EINVAL);
	t_fails(gev_thread_event_clear(NULL), EINVAL);
	g = gev_spawn(wait_for, &forever);
	t_eq(gev_yield(), 0);
	t_eq(gev_thread_event_set(&event), 0);
	t_eq(gev_thread_event_clear(&event), 0);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	g = gev_spawn(wait_for, &forever);
	t_eq(gev_yield(), 0);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_thread_event_set(&event), 0);
	t_eq(gev_thread_event_wait(&event, 0), 0);
}

#define ROUNDS 300

static gev_thread_event ball[2];

static void *play(void *arg)
{
	int me = *(int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		t_eq(gev_thread_event_wait(&ball[me], GEV_FOREVER), 0);
		t_eq(gev_thread_event_clear(&ball[me]), 0);
		t_eq(gev_thread_event_set(&ball[!me]), 0);
	}
	return NULL;
}

static void hubs_wake_each_other(void)
{
	int sides[2] = { 0, 1 };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		gev_thread_event_init(&ball[i]);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, play, &sides[i]);
	t_eq(gev_thread_event_set(&ball[0]), 0);
	for (int i = 0; i < 2; i++)
		t_eq(pthread_join(threads[i], NULL), 0);
	t_ok(gev_thread_event_is_set(&ball[0]));
}

static void *leave_a_waiter(void *arg)
{
	static gev_time forever = GEV_FOREVER;

	gev_go(wait_for, &forever);
	gev_yield();
	return arg;
}

static void a_hub_ends_that_waits(void)
{
	pthread_t thread;

	gev_thread_event_init(&event);
	pthread_create(&thread, NULL, leave_a_waiter, NULL);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_thread_event_set(&event), 0);
}

static void timeouts_race_with_wakes(void)
{
	gev_time brief = GEV_US(20);

	for (int i = 0; i < 200; i++) {
		pthread_t thread;
		int r;

		gev_thread_event_init(&event);
		pthread_create(&thread, NULL, set_it, NULL);
		r = (int)wait_for(&brief);
		t_ok(r == 0 || errno == ETIMEDOUT);
		pthread_join(thread, NULL);
	}
}

static void *nothing_waits_here(void *arg)
{
	t_fails(gev_thread_sem_acquire(arg, 0), EAGAIN);
	t_eq(gev_thread_sem_release(arg), 0);
	t_eq(gev_thread_sem_release(arg), 0);
	t_eq(gev_thread_sem_acquire(arg, 0), 0);
	t_eq(gev_thread_sem_value(arg), 1);
	return NULL;
}

static void in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, fn, arg), 0);
	t_eq(pthread_join(thread, NULL), 0);
}

static void a_semaphore_counts(void)
{
	gev_thread_sem s = GEV_THREAD_SEM_INIT(1);

	t_eq(gev_thread_sem_value(&s), 1);
	t_eq(gev_thread_sem_acquire(&s, GEV_FOREVER), 0);
	in_thread(nothing_waits_here, &s);
	t_eq(gev_thread_sem_acquire(&s, GEV_FOREVER), 0);
	t_fails(gev_thread_sem_acquire(&s, GEV_US(10)), ETIMEDOUT);
	t_fails(gev_thread_sem_acquire(&s, -2), EINVAL);
	t_fails(gev_thread_sem_acquire(NULL, 0), EINVAL);
	t_fails(gev_thread_sem_release(NULL), EINVAL);
	t_eq(gev_thread_sem_value(NULL), 0);
	s.permits.free = UINT_MAX;
	t_fails(gev_thread_sem_release(&s), ERANGE);
	gev_thread_sem_fini(&s);
	t_fails(gev_thread_sem_acquire(&s, 0), EINVAL);
	t_fails(gev_thread_sem_release(&s), EINVAL);
	gev_thread_sem_fini(NULL);
}

static gev_thread_sem permits;

static intptr_t acquire(void *name)
{
	int r = gev_thread_sem_acquire(&permits, GEV_FOREVER);

	t_log("%s%d ", (char *)name, r < 0 ? errno : 0);
	return r;
}

static void *release_one(void *arg)
{
	t_eq(gev_thread_sem_release(&permits), 0);
	return arg;
}

/* The permit is on its way to the first when that is struck. */
static void passed_on(int (*strike)(gev_greenlet *g), const char *log)
{
	gev_greenlet *a, *b;

	gev_thread_sem_init(&permits, 0);
	a = gev_spawn(acquire, "a");
	b = gev_spawn(acquire, "b");
	gev_yield();
	in_thread(release_one, NULL);
	t_eq(gev_thread_sem_value(&permits), 0);
	t_eq(strike(a), 0);
	t_eq(gev_join(b, GEV_FOREVER), 0);
	t_eq(gev_join(a, GEV_FOREVER), 0);
	t_log_is(log);
	t_eq(gev_thread_sem_value(&permits), 0);
	gev_unref(a);
	gev_unref(b);
	gev_thread_sem_fini(&permits);
}

static int kill_it(gev_greenlet *g)
{
	return gev_kill(g, 0);
}

static int throw_at_it(gev_greenlet *g)
{
	return gev_throw(g, EPROTO);
}

static void a_permit_is_passed_on_by_the_killed(void)
{
	passed_on(kill_it, "b0 a125 ");
}

static void a_permit_is_passed_on_by_who_is_thrown_at(void)
{
	passed_on(throw_at_it, "b0 a71 ");
}

static void nobody_waits_for_what_is_given_back(void)
{
	gev_greenlet *g;

	gev_thread_sem_init(&permits, 0);
	g = gev_spawn(acquire, "g");
	gev_yield();
	in_thread(release_one, NULL);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(gev_thread_sem_value(&permits), 1);
	gev_unref(g);
	gev_thread_sem_fini(&permits);
}

static sem_t has_begun, may_end;

static void *end_with_two_waiters(void *arg)
{
	gev_go(acquire, "x");
	gev_go(acquire, "y");
	gev_yield();
	sem_post(&has_begun);
	sem_wait(&may_end); /* the loop does not run any more */
	return arg;
}

/* Nor is it passed on to another of those that go with the hub. */
static void a_permit_is_passed_on_by_a_hub_that_ends(void)
{
	pthread_t thread;

	gev_thread_sem_init(&permits, 0);
	sem_init(&has_begun, 0, 0);
	sem_init(&may_end, 0, 0);
	pthread_create(&thread, NULL, end_with_two_waiters, NULL);
	sem_wait(&has_begun);
	t_eq(gev_thread_sem_release(&permits), 0);
	t_fails(gev_thread_sem_acquire(&permits, 0), EAGAIN);
	sem_post(&may_end);
	t_eq(gev_thread_sem_acquire(&permits, GEV_FOREVER), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_thread_sem_value(&permits), 0);
	gev_thread_sem_fini(&permits);
}

static void *take_all_down(void *ar)
{
	gev_thread_event_fini(&event);
	gev_thread_sem_fini(&permits);
	gev_thread_async_result_fini(ar);
	return NULL;
}

static intptr_t get_result(void *ar)
{
	return gev_thread_async_result_get(ar, GEV_FOREVER);
}

static void another_thread_takes_it_down(void)
{
	static gev_time forever = GEV_FOREVER;
	gev_thread_async_result ar = GEV_THREAD_ASYNC_RESULT_INIT;
	gev_greenlet *gs[3];

	gev_thread_event_init(&event);
	gev_thread_sem_init(&permits, 0);
	gs[0] = gev_spawn(wait_for, &forever);
	gs[1] = gev_spawn(acquire, "");
	gs[2] = gev_spawn(get_result, &ar);
	gev_yield();
	in_thread(take_all_down, &ar);
	for (int i = 0; i < 3; i++) {
		t_fails(gev_get(gs[i], GEV_FOREVER), EINVAL);
		gev_unref(gs[i]);
	}
	t_fails(gev_thread_event_set(&event), EINVAL);
	t_fails(gev_thread_event_clear(&event), EINVAL);
	t_fails(gev_thread_event_wait(&event, 0), EINVAL);
	t_ok(!gev_thread_event_is_set(&event));
	t_fails(gev_thread_async_result_set(&ar, 1), EINVAL);
	t_fails(gev_thread_async_result_get(&ar, 0), EINVAL);
	gev_thread_event_fini(NULL);
	gev_thread_async_result_fini(NULL);
}

static void *set_result(void *ar)
{
	t_fails(gev_thread_async_result_get(ar, 0), ETIMEDOUT);
	t_eq(gev_thread_async_result_set(ar, 42), 0);
	t_fails(gev_thread_async_result_set(ar, 43), EALREADY);
	t_fails(gev_thread_async_result_set_error(ar, EIO), EALREADY);
	t_eq(gev_thread_async_result_get(ar, 0), 42);
	return NULL;
}

static void a_result_is_set_by_a_thread(void)
{
	gev_thread_async_result ar = GEV_THREAD_ASYNC_RESULT_INIT;
	gev_greenlet *gs[2];

	for (int i = 0; i < 2; i++)
		gs[i] = gev_spawn(get_result, &ar);
	gev_yield();
	t_ok(!gev_thread_async_result_ready(&ar));
	in_thread(set_result, &ar);
	for (int i = 0; i < 2; i++) {
		t_eq(gev_get(gs[i], GEV_FOREVER), 42);
		gev_unref(gs[i]);
	}
	t_ok(gev_thread_async_result_ready(&ar));
	t_eq(gev_thread_async_result_wait(&ar, GEV_FOREVER), 0);
	gev_thread_async_result_fini(&ar);
}

static void a_result_is_an_error(void)
{
	gev_thread_async_result ar;

	gev_thread_async_result_init(&ar);
	t_fails(gev_thread_async_result_set(&ar, -5), EINVAL);
	t_fails(gev_thread_async_result_set_error(&ar, 0), EINVAL);
	t_fails(gev_thread_async_result_set_error(&ar, 4096), EINVAL);
	t_fails(gev_thread_async_result_wait(&ar, GEV_US(10)), ETIMEDOUT);
	t_eq(gev_thread_async_result_set_error(&ar, EIO), 0);
	t_fails(gev_thread_async_result_get(&ar, GEV_FOREVER), EIO);
	t_fails(gev_thread_async_result_get(&ar, -2), EINVAL);
	t_fails(gev_thread_async_result_get(NULL, 0), EINVAL);
	t_fails(gev_thread_async_result_wait(NULL, 0), EINVAL);
	t_fails(gev_thread_async_result_set(NULL, 0), EINVAL);
	t_fails(gev_thread_async_result_set_error(NULL, 1), EINVAL);
	t_ok(!gev_thread_async_result_ready(NULL));
	gev_thread_async_result_fini(&ar);
}

int main(void)
{
	T_RUN(c54_set_by_a_thread_main_waits);
	T_RUN(c54_set_by_a_thread_main_waits_timed);
	T_RUN(c54_set_by_a_thread_greenlet_waits);
	T_RUN(c54_set_by_a_thread_greenlet_waits_timed);
	T_RUN(an_event_that_is_not_set);
	T_RUN(hubs_wake_each_other);
	T_RUN(a_hub_ends_that_waits);
	T_RUN(timeouts_race_with_wakes);
	T_RUN(a_semaphore_counts);
	T_RUN(a_permit_is_passed_on_by_the_killed);
	T_RUN(a_permit_is_passed_on_by_who_is_thrown_at);
	T_RUN(nobody_waits_for_what_is_given_back);
	T_RUN(a_permit_is_passed_on_by_a_hub_that_ends);
	T_RUN(another_thread_takes_it_down);
	T_RUN(a_result_is_set_by_a_thread);
	T_RUN(a_result_is_an_error);
	return t_done();
}
