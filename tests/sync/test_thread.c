/* SPDX-License-Identifier: MIT */
/* What any thread may use to wake greenlets of other hubs. */
#include <pthread.h>
#include <gev.h>
#include "t.h"

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
	return t_done();
}
