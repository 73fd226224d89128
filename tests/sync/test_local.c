/* SPDX-License-Identifier: MIT */
/* Values that every greenlet has of its own. */
#include <gev/local.h>
#include <pthread.h>
#include "base/inject.h"
#include "base/sys.h"
#include "core/core.h"

static void log_end(void *value)
{
	t_log("~%ld ", (long)(intptr_t)value);
}

static gev_local_key a = GEV_LOCAL_KEY_INIT(log_end);
static gev_local_key b = GEV_LOCAL_KEY_INIT(log_end);
static gev_local_key plain = GEV_LOCAL_KEY_INIT(NULL);

static intptr_t use(void *n)
{
	t_ok(!gev_local_get(&a));
	t_eq(gev_local_set(&a, n), 0);
	t_eq(gev_sleep(TICK), 0);
	t_ok(gev_local_get(&a) == n);
	t_log("%ld ", (long)(intptr_t)n);
	return 0;
}

static void each_has_its_own(void)
{
	t_eq(gev_local_set(&a, num(9)), 0);
	t_eq(gev_go(use, num(1)), 0);
	t_eq(gev_go(use, num(2)), 0);
	t_eq(gev_sleep(DELAY), 0);
	t_log_is("1 ~1 2 ~2 ");
	t_eq((intptr_t)gev_local_get(&a), 9);
	t_eq(gev_local_set(&a, NULL), 0);
	t_ok(!gev_local_get(&a));
}

static intptr_t use_two(void *unused)
{
	gev_local_set(&a, num(1));
	gev_local_set(&plain, num(2));
	gev_local_set(&b, num(3));
	gev_local_set(&a, num(4));
	return (intptr_t)unused;
}

static void newest_key_first(void)
{
	t_eq(gev_go(use_two, NULL), 0);
	settle();
	t_log_is("~3 ~4 ");
}

static intptr_t take_back(void *unused)
{
	gev_local_set(&a, num(1));
	gev_local_set(&a, NULL);
	return (intptr_t)unused;
}

static void no_value_no_destructor(void)
{
	t_eq(gev_go(take_back, NULL), 0);
	t_eq(gev_go(give, NULL), 0);
	settle();
	t_log_is("");
}

static void wait_and_look(void *value)
{
	t_fails(gev_sleep(TICK), ECANCELED);
	gev_shield_begin();
	t_eq(gev_sleep(TICK), 0);
	gev_shield_end();
	t_log("%ld sees %ld ", (long)(intptr_t)value,
		(long)(intptr_t)gev_local_get(&plain));
}

static gev_local_key slow = GEV_LOCAL_KEY_INIT(wait_and_look);

static intptr_t sleep_with_values(void *unused)
{
	gev_local_set(&plain, num(5));
	gev_local_set(&slow, unused);
	return gev_sleep(GEV_FOREVER);
}

static void destructors_may_wait(void)
{
	gev_greenlet *g = gev_spawn(sleep_with_values, num(1));

	t_eq(gev_yield(), 0);
	t_eq(gev_kill(g, 0), 0);
	t_eq(gev_yield(), 0);
	t_ok(!gev_dead(g));
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_log_is("1 sees 5 ");
	gev_unref(g);
}

static void set_again(void *value);

static gev_local_key again = GEV_LOCAL_KEY_INIT(set_again);

static void set_again(void *value)
{
	t_log("%ld ", (long)(intptr_t)value);
	t_eq(gev_local_set(&again, num((intptr_t)value + 1)), 0);
}

static intptr_t begin_again(void *unused)
{
	gev_local_set(&again, num(1));
	return (intptr_t)unused;
}

static void destructors_that_set_values_come_to_an_end(void)
{
	t_eq(gev_go(begin_again, NULL), 0);
	settle();
	t_log_is("1 2 3 4 ");
}

static intptr_t fail_with_values(void *unused)
{
	gev_local_set(&again, num(1));
	errno = EPROTO;
	(void)unused;
	return -1;
}

static void the_error_is_that_of_the_function(void)
{
	gev_greenlet *g = gev_spawn(fail_with_values, NULL);

	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	gev_unref(g);
	t_log_is("1 2 3 4 ");
}

static intptr_t use_many(void *unused)
{
	static gev_local_key many[50];

	for (int i = 0; i < 50; i++) {
		t_eq(gev_local_key_create(&many[i], log_end), 0);
		t_eq(gev_local_set(&many[i], num(i)), 0);
	}
	for (int i = 0; i < 50; i++)
		t_eq((intptr_t)gev_local_get(&many[i]), i);
	for (int i = 0; i < 49; i++)
		t_eq(gev_local_set(&many[i], NULL), 0);
	return (intptr_t)unused;
}

static void many_keys(void)
{
	t_eq(gev_go(use_many, NULL), 0);
	settle();
	t_log_is("~49 ");
}

static int use_in_callback(void *unused)
{
	t_fails(gev_local_set(&a, &a), ENOTSUP);
	t_ok(!gev_local_get(&a));
	t_log("called ");
	(void)unused;
	return 0;
}

static void *use_in_coroutine(void *value)
{
	use_in_callback(NULL);
	return value;
}

static void where_there_are_none(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;
	gev_coro *c = gev_coro_new(use_in_coroutine, NULL);

	t_eq(gev_local_set(&a, &a), 0);
	t_eq(gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		     use_in_callback, NULL), 0);
	settle();
	gev_coro_switch(c, NULL);
	gev_coro_free(c);
	t_ok(gev_local_get(&a) == &a);
	t_eq(gev_local_set(&a, NULL), 0);
	t_log_is("called called ");
}

/* Values that nobody destroys: main's, and an abandoned greenlet's. */
static void *end_a_hub(void *unused)
{
	t_eq(gev_local_set(&a, num(1)), 0);
	t_eq(gev_go(use, num(2)), 0);
	t_eq(gev_yield(), 0);
	t_eq(gev_hub_destroy(0), 0);
	t_ok(!gev_local_get(&a));
	return unused;
}

static void forgotten_with_the_hub(void)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, end_a_hub, NULL), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_log_is("");
}

static intptr_t run_out(void *unused)
{
	static gev_local_key many[4096];
	int n = 0;

	gev__inject = (struct gev__inject){ .nr = SYS_mmap, .error = -ENOMEM,
		.times = -1 };
	while (n < 4096 && gev_local_set(&many[n], &many[n]) == 0)
		n++;
	gev__inject.nr = -1;
	t_ok(n < 4096);
	t_eq(errno, ENOMEM);
	for (int i = 0; i < n; i++)
		t_ok(gev_local_get(&many[i]) == &many[i]);
	return (intptr_t)unused;
}

static void no_memory(void)
{
	t_eq(gev_go(run_out, NULL), 0);
	settle();
}

static void bad_use(void)
{
	t_fails(gev_local_key_create(NULL, NULL), EINVAL);
	t_fails(gev_local_set(NULL, NULL), EINVAL);
	t_ok(!gev_local_get(NULL));
}

int main(void)
{
	t_virtual();
	T_RUN(each_has_its_own);
	T_RUN(newest_key_first);
	T_RUN(no_value_no_destructor);
	T_RUN(destructors_may_wait);
	T_RUN(destructors_that_set_values_come_to_an_end);
	T_RUN(the_error_is_that_of_the_function);
	T_RUN(many_keys);
	T_RUN(where_there_are_none);
	T_RUN(forgotten_with_the_hub);
	T_RUN(no_memory);
	T_RUN(bad_use);
	return t_done();
}
