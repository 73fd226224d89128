/* SPDX-License-Identifier: MIT */
/* Raw coroutines among greenlets: they may wait like one. */
#include "core.h"

/* Yields each number of a row, a tick apart. */
static void *slow_numbers(void *arg)
{
	gev_coro *reader = gev_coro_parent(gev_coro_current());

	for (intptr_t i = 1; i <= (intptr_t)arg; i++) {
		t_ok(gev_current() == NULL);
		t_eq(gev_sleep(TICK), 0);
		gev_coro_switch(reader, num(i));
	}
	return NULL;
}

static intptr_t sum(void *count)
{
	gev_coro *c = gev_coro_new(slow_numbers, NULL);
	intptr_t total = 0, n;

	while ((n = (intptr_t)gev_coro_switch(c, count)))
		total += n;
	t_ok(gev_coro_dead(c));
	t_eq(gev_coro_free(c), 0);
	return total;
}

static void a_generator_that_sleeps(void)
{
	gev_greenlet *gs[] = { gev_spawn(sum, num(4)), gev_spawn(sum, num(5)) };
	gev_time start;

	t_virtual();
	start = now();
	t_eq(gev_joinall(gs, 2, GEV_FOREVER), 2);
	t_eq(now() - start, 5 * TICK);
	t_eq(gev_get(gs[0], 0), 10);
	t_eq(gev_get(gs[1], 0), 15);
	gev_unref(gs[0]);
	gev_unref(gs[1]);
}

static void one_of_main(void)
{
	gev_time start;

	t_virtual();
	start = now();
	t_eq(sum(num(3)), 6);
	t_eq(now() - start, 3 * TICK);
}

static void *yield_often(void *arg)
{
	for (int i = 0; i < 100; i++)
		t_eq(gev_yield(), 0);
	return arg;
}

static intptr_t yield_within(void *arg)
{
	gev_coro *c = gev_coro_new(yield_often, NULL);

	t_ok(gev_coro_switch(c, arg) == arg);
	return gev_coro_free(c);
}

static void it_may_yield(void)
{
	for (int i = 0; i < 3; i++)
		t_eq(gev_go(yield_within, num(i)), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

static void *time_out(void *arg)
{
	gev_timeout t;
	gev_waiter w = GEV_WAITER_INIT("test");

	gev_timeout_start_with(&t, TICK, EPROTO);
	t_fails(gev_waiter_get(&w, NULL, GEV_FOREVER), EPROTO);
	t_ok(gev_timeout_cancel(&t));
	t_fails(gev_sleep(-2), EINVAL);
	return arg;
}

static void it_may_have_timeouts(void)
{
	gev_coro *c = gev_coro_new(time_out, NULL);

	t_virtual();
	t_ok(gev_coro_switch(c, num(1)) == num(1));
	t_eq(gev_coro_free(c), 0);
}

static void *get_from(void *w)
{
	void *value = NULL;

	t_eq(gev_waiter_get(w, &value, GEV_FOREVER), 0);
	return value;
}

static intptr_t wake_later(void *w)
{
	gev_sleep(TICK);
	return gev_waiter_wake(w, num(42));
}

static void it_is_resumed_by_what_it_waits_for(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");
	gev_coro *c = gev_coro_new(get_from, NULL);

	t_eq(gev_go(wake_later, &w), 0);
	t_ok(gev_coro_switch(c, &w) == num(42));
	t_eq(gev_coro_free(c), 0);
}

static gev_coro *parked;

static void *park(void *arg)
{
	t_eq(gev_sleep(TICK), 0);
	return arg;
}

static intptr_t disturb(void *arg)
{
	(void)arg;
	t_fails(gev_coro_switch(parked, NULL), EBUSY);
	t_fails(gev_coro_throw(parked, EIO), EBUSY);
	t_fails(gev_coro_free(parked), EBUSY);
	return 0;
}

static void nobody_else_may_resume_it(void)
{
	parked = gev_coro_new(park, NULL);
	t_eq(gev_go(disturb, NULL), 0);
	t_ok(gev_coro_switch(parked, num(3)) == num(3));
	t_eq(gev_coro_free(parked), 0);
}

static void *wait_in_vain(void *arg)
{
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	return arg;
}

/* Main waits in a coroutine; others come and go meanwhile. */
static void a_deadlock_in_a_raw_coroutine(void)
{
	gev_coro *c = gev_coro_new(wait_in_vain, NULL);

	t_virtual();
	gev_go(sleep_for, num(TICK));
	gev_go(sleep_for, num(2 * TICK));
	t_ok(gev_coro_switch(c, num(7)) == num(7));
	t_eq(gev_coro_free(c), 0);
}

static void *sleep_on(void *arg)
{
	gev_sleep(GEV_FOREVER);
	return arg;
}

static intptr_t switch_to_sleeper(void *arg)
{
	(void)arg;
	gev_coro_switch(parked, NULL);
	return 0;
}

/* The hub goes, the coroutine can be given back. */
static void parked_in_a_hub_that_is_destroyed(void)
{
	gev_greenlet *g;

	parked = gev_coro_new(sleep_on, NULL);
	g = gev_spawn(switch_to_sleeper, NULL);
	gev_yield();
	t_ok(gev_coro_started(parked));
	t_eq(gev_hub_destroy(0), 0);
	t_ok(gev_coro_dead(parked));
	t_eq(gev_coro_free(parked), 0);
	gev_unref(g);
	t_eq(gev_yield(), 0);
}

static intptr_t make_child(void *arg)
{
	(void)arg;
	parked = gev_coro_new(sleep_on, NULL);
	return 0;
}

/* A child of a greenlet that is given back after its hub. */
static void an_orphan(void)
{
	gev_greenlet *g = gev_spawn(make_child, NULL);

	gev_join(g, GEV_FOREVER);
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	gev_unref(g);
	t_ok(gev_coro_parent(parked) == gev_coro_current());
	t_eq(gev_coro_free(parked), 0);
}

static int results[3];

static void *try_to_wait(void *arg)
{
	results[0] = gev_sleep(GEV_MS(1)) < 0 ? errno : 0;
	results[1] = gev_yield() < 0 ? errno : 0;
	results[2] = gev_idle() < 0 ? errno : 0;
	return arg;
}

static int run_coroutine(void *arg)
{
	gev_coro *c = gev_coro_new(try_to_wait, NULL);

	(void)arg;
	gev_coro_switch(c, NULL);
	return gev_coro_free(c);
}

/* It stands on the hub's ground, and the hub can't wait. */
static void one_that_a_callback_switched_to(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb, run_coroutine,
		NULL);
	t_eq(gev_sleep(GEV_MS(1)), 0);
	for (int i = 0; i < 3; i++)
		t_eq(results[i], EDEADLK);
}

int main(void)
{
	T_RUN(a_generator_that_sleeps);
	T_RUN(one_that_a_callback_switched_to);
	T_RUN(one_of_main);
	T_RUN(it_may_yield);
	T_RUN(it_may_have_timeouts);
	T_RUN(it_is_resumed_by_what_it_waits_for);
	T_RUN(nobody_else_may_resume_it);
	T_RUN(a_deadlock_in_a_raw_coroutine);
	T_RUN(parked_in_a_hub_that_is_destroyed);
	T_RUN(an_orphan);
	return t_done();
}
