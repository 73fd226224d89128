/* SPDX-License-Identifier: MIT */
/* gev_assert_switches: whether code lets others run. */
#include <gev/greenlet.h>
#include <gev/switches.h>
#include <gev/timeout.h>
#include <pthread.h>
#include <time.h>
#include "t.h"

static gev_assert_switches a;

static intptr_t nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void block(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

static void c80_without_a_switch_it_fails(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_fails(gev_assert_switches_end(&a, GEV_FOREVER), EBUSY);
}

static void c80_fast_code_need_not_switch(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_assert_switches_end(&a, GEV_SEC(3600)), 0);
}

static void slow_code_fails(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	block(3);
	t_fails(gev_assert_switches_end(&a, GEV_MS(2)), ETIME);
	/* That it switches later is no excuse. */
	t_eq(gev_assert_switches_begin(&a), 0);
	block(3);
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_fails(gev_assert_switches_end(&a, GEV_MS(2)), ETIME);
}

static void a_wait_is_a_switch(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_eq(gev_assert_switches_end(&a, GEV_FOREVER), 0);
}

static void another_greenlet_is_enough(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_go(nothing, NULL), 0);
	t_eq(gev_sleep(0), 0);
	t_eq(gev_assert_switches_end(&a, GEV_FOREVER), 0);
	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_go(nothing, NULL), 0);
	t_fails(gev_assert_switches_end(&a, GEV_FOREVER), EBUSY);
	t_eq(gev_sleep(0), 0);
}

/* Time in the kernel's poll is nobody's fault. */
static void waits_do_not_block(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_sleep(GEV_MS(600)), 0);
	t_eq(gev_assert_switches_end(&a, GEV_MS(500)), 0);
}

static intptr_t block_for_long(void *arg)
{
	(void)arg;
	block(3);
	return 0;
}

static void others_may_not_block_either(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_go(block_for_long, NULL), 0);
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_fails(gev_assert_switches_end(&a, GEV_MS(2)), ETIME);
}

static void they_nest(void)
{
	gev_assert_switches inner;

	t_eq(gev_assert_switches_begin(&a), 0);
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_eq(gev_assert_switches_begin(&inner), 0);
	t_fails(gev_assert_switches_end(&inner, GEV_FOREVER), EBUSY);
	t_eq(gev_assert_switches_end(&a, GEV_FOREVER), 0);
}

/* It does not keep the loop from seeing that nobody can go on. */
static void deadlocks_are_seen(void)
{
	t_eq(gev_assert_switches_begin(&a), 0);
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	gev_assert_switches_end(&a, GEV_FOREVER);
}

static int begin_in_callback(void *arg)
{
	(void)arg;
	t_fails(gev_assert_switches_begin(&a), EDEADLK);
	return 0;
}

static void *end_in_thread(void *arg)
{
	(void)arg;
	t_fails(gev_assert_switches_end(&a, 0), EPERM);
	return NULL;
}

static void wrong_use(void)
{
	gev_assert_switches zero = { .hub = NULL };
	pthread_t thread;

	t_fails(gev_assert_switches_begin(NULL), EINVAL);
	t_fails(gev_assert_switches_end(NULL, 0), EINVAL);
	t_fails(gev_assert_switches_end(&zero, 0), EINVAL);
	t_eq(gev_hub_post(gev_hub_get(), begin_in_callback, NULL), 0);
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_eq(gev_assert_switches_begin(&a), 0);
	t_fails(gev_assert_switches_end(&a, -2), EINVAL);
	t_eq(pthread_create(&thread, NULL, end_in_thread, NULL), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_assert_switches_end(&a, GEV_SEC(3600)), 0);
	t_fails(gev_assert_switches_end(&a, 0), EINVAL);
}

int main(void)
{
	T_RUN(c80_without_a_switch_it_fails);
	T_RUN(c80_fast_code_need_not_switch);
	T_RUN(slow_code_fails);
	T_RUN(a_wait_is_a_switch);
	T_RUN(another_greenlet_is_enough);
	T_RUN(waits_do_not_block);
	T_RUN(others_may_not_block_either);
	T_RUN(they_nest);
	T_RUN(deadlocks_are_seen);
	T_RUN(wrong_use);
	return t_done();
}
