/* SPDX-License-Identifier: MIT */
/* Who waits at a queue, mostly as gevent's test__queue.py has it. */
#include "../sync/queue.h"

static intptr_t get_briefly(void *unused)
{
	void *item = unused;

	t_fails(gev_queue_get(&q, &item, TICK), ETIMEDOUT);
	t_ok(!item);
	return 0;
}

static intptr_t put_briefly(void *item)
{
	t_fails(gev_queue_put(&q, item, TICK), ETIMEDOUT);
	return 0;
}

static void null_is_an_item(void)
{
	void *item = &q;

	start(1);
	t_eq(gev_queue_put(&q, NULL, 0), 0);
	t_ok(gev_queue_full(&q));
	t_eq(gev_queue_get(&q, &item, 0), 0);
	t_ok(!item);
	finish();
}

static void c59_max_size(void)
{
	gev_greenlet *g[3];

	start(2);
	for (intptr_t i = 0; i < 3; i++)
		g[i] = gev_spawn(put, num(i + 1));
	settle();
	t_log_is("1> 1. 2> 2. 3> ");
	t_ok(gev_queue_full(&q));
	t_eq(get_now(), 1);
	t_ok(gev_queue_full(&q));
	t_log_is("");
	settle();
	t_log_is("3. ");
	t_eq(get_now(), 2);
	t_eq(get_now(), 3);
	is_empty();
	for (int i = 0; i < 3; i++)
		drop(g[i], 0);
	finish();
}

static void c59_getters_are_served_in_order(void)
{
	gev_greenlet *a, *b;

	start(0);
	a = gev_spawn(get, "a");
	b = gev_spawn(get, "b");
	settle();
	put_now(1);
	is_empty();
	put_now(2);
	put_now(3);
	settle();
	t_log_is("a1 b2 ");
	t_eq(get_now(), 3);
	drop(a, 0);
	drop(b, 0);
	finish();
}

static void c59_putters_are_served_in_order(void)
{
	start(1);
	put_now(0);
	t_eq(gev_go(put, num(1)), 0);
	t_eq(gev_go(put, num(2)), 0);
	settle();
	for (int i = 0; i < 3; i++)
		t_eq(get_now(), i);
	settle();
	t_log_is("1> 2> 1. 2. ");
	finish();
}

static void c59_nobody_gets_in_between(void)
{
	gev_greenlet *g;

	start(1);
	g = gev_spawn(get, "a");
	settle();
	put_now(1);
	t_fails(gev_queue_get(&q, NULL, 0), EAGAIN);
	drop(g, 0);
	put_now(1);
	t_eq(gev_go(put, num(2)), 0);
	settle();
	t_eq(get_now(), 1);
	t_fails(gev_queue_put(&q, num(3), 0), EAGAIN);
	t_eq(get_now(), 2);
	settle();
	t_log_is("a1 2> 2. ");
	finish();
}

static void c59_waiters_that_cancel(void)
{
	start(1);
	drop(gev_spawn(get_briefly, NULL), 0);
	put_now(1);
	drop(gev_spawn(put_briefly, num(2)), 0);
	t_eq(get_now(), 1);
	is_empty();
	finish();
}

static void c59_two_waiters_one_dies(void)
{
	gev_greenlet *dying, *g;

	start(0);
	dying = gev_spawn(get_briefly, NULL);
	g = gev_spawn(get, "");
	t_eq(gev_sleep(DELAY), 0);
	put_now(7);
	drop(dying, 0);
	drop(g, 0);
	t_log_is("7 ");
	finish();
}

static void c59_two_bogus_waiters(void)
{
	gev_greenlet *a, *b;

	start(0);
	a = gev_spawn(get_briefly, NULL);
	b = gev_spawn(get, "");
	settle();
	end(b);
	drop(a, 0);
	put_now(1);
	t_eq(get_now(), 1);
	t_log_is("");
	finish();
}

static void woken_then_killed_has_the_item(void)
{
	gev_greenlet *g;

	start(0);
	g = gev_spawn(get, "");
	settle();
	put_now(5);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(gev_value(g), 5);
	gev_unref(g);
	t_log_is("5 ");
	finish();
}

/* Loop callbacks. */

static int callback_puts(void *item)
{
	t_log("%d ", gev_queue_put(&q, item, 0) < 0 ? errno : 0);
	return 0;
}

static int callback_gets(void *unused)
{
	void *item;

	(void)unused;
	if (gev_queue_get(&q, &item, 0) < 0)
		t_log("%d ", -errno);
	else
		t_log("got%ld ", (long)(intptr_t)item);
	return 0;
}

static int callback_waits(void *unused)
{
	(void)unused;
	t_fails(gev_queue_get(&q, NULL, TICK), EDEADLK);
	t_fails(gev_queue_peek(&q, NULL, GEV_FOREVER), EDEADLK);
	return 0;
}

static void call_twice(int (*fn)(void *), void *arg)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_callback a = GEV_CALLBACK_INIT, b = GEV_CALLBACK_INIT;

	t_eq(gev_loop_run_callback(loop, &a, fn, arg), 0);
	t_eq(gev_loop_run_callback(loop, &b, fn, arg), 0);
	settle();
}

static void c60_put_in_callbacks(void)
{
	char text[32];

	start(1);
	call_twice(callback_puts, num(2));
	snprintf(text, sizeof(text), "0 %d ", EAGAIN);
	t_log_is(text);
	t_eq(get_now(), 2);
	t_eq(gev_go(get, "g"), 0);
	settle();
	call_twice(callback_puts, num(3));
	t_log_is("0 0 g3 ");
	finish();
}

static void c60_get_in_callbacks(void)
{
	char text[32];

	start(1);
	put_now(4);
	t_eq(gev_go(put, num(5)), 0);
	settle();
	call_twice(callback_gets, NULL);
	t_log_is("5> got4 got5 5. ");
	call_twice(callback_gets, NULL);
	snprintf(text, sizeof(text), "%d %d ", -EAGAIN, -EAGAIN);
	t_log_is(text);
	finish();
}

static void c60_callbacks_never_wait(void)
{
	start(0);
	call_twice(callback_waits, NULL);
	put_now(1);
	t_eq(get_now(), 1);
	finish();
}

static void c61_peek_leaves_the_item(void)
{
	void *item;

	start(1);
	t_fails(gev_queue_peek(&q, &item, 0), EAGAIN);
	t_fails(gev_queue_peek(&q, &item, TICK), ETIMEDOUT);
	t_fails(gev_queue_peek(&q, &item, GEV_FOREVER), EDEADLK);
	put_now(1);
	t_eq(gev_go(put, num(2)), 0);
	settle();
	t_eq(gev_queue_peek(&q, &item, 0), 0);
	t_eq((intptr_t)item, 1);
	settle();
	t_log_is("2> ");
	t_eq(get_now(), 1);
	settle();
	t_log_is("2. ");
	finish();
}

static void c61_many_peekers(void)
{
	start(0);
	t_eq(gev_go(peek, "a"), 0);
	t_eq(gev_go(peek, "b"), 0);
	settle();
	put_now(1);
	settle();
	t_log_is("a1 b1 ");
	t_eq(get_now(), 1);
	finish();
}

static void c61_peekers_and_getters(void)
{
	start(0);
	t_eq(gev_go(peek, "a"), 0);
	t_eq(gev_go(get, "b"), 0);
	t_eq(gev_go(peek, "c"), 0);
	settle();
	put_now(1);
	settle();
	t_log_is("a1 b1 ");
	put_now(2);
	settle();
	t_log_is("c2 ");
	t_eq(get_now(), 2);
	finish();
}

static intptr_t peek_for_two_ticks(void *unused)
{
	gev_time began = now();

	(void)unused;
	t_fails(gev_queue_peek(&q, NULL, 2 * TICK), ETIMEDOUT);
	t_eq(now() - began, 2 * TICK);
	return 0;
}

static void peekers_see_nothing_that_is_gone(void)
{
	gev_greenlet *g;

	start(0);
	g = gev_spawn(peek_for_two_ticks, NULL);
	t_eq(gev_sleep(TICK), 0);
	put_now(1);
	t_eq(get_now(), 1);
	drop(g, 0);
	finish();
}

int main(void)
{
	t_virtual();
	T_RUN(null_is_an_item);
	T_RUN(c59_max_size);
	T_RUN(c59_getters_are_served_in_order);
	T_RUN(c59_putters_are_served_in_order);
	T_RUN(c59_nobody_gets_in_between);
	T_RUN(c59_waiters_that_cancel);
	T_RUN(c59_two_waiters_one_dies);
	T_RUN(c59_two_bogus_waiters);
	T_RUN(woken_then_killed_has_the_item);
	T_RUN(c60_put_in_callbacks);
	T_RUN(c60_get_in_callbacks);
	T_RUN(c60_callbacks_never_wait);
	T_RUN(c61_peek_leaves_the_item);
	T_RUN(c61_many_peekers);
	T_RUN(c61_peekers_and_getters);
	T_RUN(peekers_see_nothing_that_is_gone);
	return t_done();
}
