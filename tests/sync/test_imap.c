/* SPDX-License-Identifier: MIT */
/* A function over many arguments. */
#include <gev/imap.h>
#include "../core/core.h"

static gev_pool pool = GEV_POOL_INIT(3);

/* The numbers from *@n down to 1. */
static int count_down(void *n, void **arg)
{
	intptr_t *left = n;

	t_log("<%ld ", (long)*left);
	if (!*left)
		return 0;
	*arg = num((*left)--);
	return 1;
}

static int break_off(void *n, void **arg)
{
	intptr_t *left = n;

	if (*left == 1) {
		errno = EIO;
		return -1;
	}
	*arg = num((*left)--);
	return 1;
}

static int wait_for_ever(void *unused, void **arg)
{
	(void)unused;
	(void)arg;
	t_fails(gev_sleep(GEV_FOREVER), ECANCELED);
	t_log("ended ");
	return -1;
}

/* Takes @n ticks. */
static intptr_t square(void *n)
{
	intptr_t i = (intptr_t)n;

	if (gev_sleep(i * TICK) < 0)
		return -1;
	return i * i;
}

static intptr_t fail_if_two(void *n)
{
	return (intptr_t)n == 2 ? -EPROTO : (intptr_t)n;
}

/* Takes all results: logs their values, or what they failed with. */
static void take_all(gev_imap *it)
{
	struct gev_imap_result r;
	int got;

	while ((got = gev_imap_next(it, &r, GEV_FOREVER)) > 0)
		if (r.error)
			t_log("%ld failed ", (long)(intptr_t)r.arg);
		else
			t_log("%ld=%ld ", (long)(intptr_t)r.arg, (long)r.value);
	t_log("%s ", got < 0 ? strerror(errno) : "end");
}

static void in_the_order_of_arguments(void)
{
	intptr_t n = 5;
	gev_imap *it = gev_imap_new(&pool, square, count_down, &n, 0);

	take_all(it);
	t_log_is("<5 <4 <3 <2 <1 <0 5=25 4=16 3=9 2=4 1=1 end ");
	take_all(it);
	t_log_is("end ");
	t_eq(gev_imap_free(it), 0);
}

static void as_they_come(void)
{
	intptr_t n = 3;
	gev_imap *it = gev_imap_new_unordered(&pool, square, count_down, &n, 0);

	take_all(it);
	t_log_is("<3 <2 <1 <0 1=1 2=4 3=9 end ");
	t_eq(gev_imap_free(it), 0);
}

static void as_many_at_once_as_the_pool_has_slots(void)
{
	intptr_t n = 6;
	gev_imap *it = gev_imap_new(&pool, square, count_down, &n, 0);

	settle();
	t_log_is("<6 <5 <4 <3 ");
	t_eq(gev_pool_count(&pool), 3);
	take_all(it);
	t_eq(gev_imap_free(it), 0);
	t_eq(gev_pool_count(&pool), 0);
}

static void no_more_ahead_than_allowed(void)
{
	intptr_t n = 5;
	gev_imap *it = gev_imap_new(&pool, give, count_down, &n, 2);
	struct gev_imap_result r;

	settle();
	t_log_is("<5 <4 ");
	t_eq(gev_imap_next(it, &r, GEV_FOREVER), 1);
	t_eq(r.value, 5);
	settle();
	t_log_is("<3 ");
	take_all(it);
	t_log_is("4=4 3=3 <2 <1 <0 2=2 1=1 end ");
	t_eq(gev_imap_free(it), 0);
}

static void a_failure_is_a_result(void)
{
	intptr_t n = 3;
	gev_imap *it = gev_imap_new(&pool, fail_if_two, count_down, &n, 0);

	take_all(it);
	t_log_is("<3 <2 <1 <0 3=3 2 failed 1=1 end ");
	t_eq(gev_imap_free(it), 0);
}

static void the_source_fails(void)
{
	intptr_t n = 3;
	gev_imap *it = gev_imap_new(&pool, square, break_off, &n, 0);
	char text[128];

	take_all(it);
	snprintf(text, sizeof(text), "3=9 2=4 %s ", strerror(EIO));
	t_log_is(text);
	t_eq(gev_imap_free(it), 0);
}

static void the_pool_is_killed(void)
{
	intptr_t n = 2;
	gev_imap *it = gev_imap_new(&pool, sleep_for_ever, count_down, &n, 0);

	settle();
	t_eq(gev_pool_kill(&pool, GEV_FOREVER), 0);
	take_all(it);
	t_log_is("<2 <1 <0 2 failed 1 failed end ");
	t_eq(gev_imap_free(it), 0);
}

static void given_up_half_way(void)
{
	intptr_t n = 9;
	gev_imap *it = gev_imap_new_unordered(&pool, square, count_down, &n, 0);
	struct gev_imap_result r;

	t_eq(gev_imap_next(it, &r, GEV_FOREVER), 1);
	t_eq(r.value, 49);
	t_eq(gev_imap_free(it), 0);
	t_log_is("<9 <8 <7 <6 <5 ");
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_log_is("");
	it = gev_imap_new(&pool, give, count_down, &n, 0);
	t_eq(gev_imap_free(it), 0);
	settle();
	t_log_is("");
	t_eq(gev_imap_free(NULL), 0);
}

static void given_up_while_the_source_waits(void)
{
	gev_imap *it = gev_imap_new(&pool, give, wait_for_ever, NULL, 0);

	settle();
	t_eq(gev_imap_free(it), 0);
	t_log_is("ended ");
}

static intptr_t take_one(void *it)
{
	struct gev_imap_result r;

	if (gev_imap_next(it, &r, GEV_FOREVER) <= 0)
		return -1;
	t_log("%ld ", (long)r.value);
	return 0;
}

static void takers_are_served_in_order(void)
{
	intptr_t n = 3;
	gev_imap *it = gev_imap_new_unordered(&pool, square, count_down, &n, 0);
	struct gev_imap_result r;

	for (int i = 0; i < 3; i++)
		t_eq(gev_go(take_one, it), 0);
	t_fails(gev_imap_next(it, &r, 0), ETIMEDOUT);
	t_eq(gev_sleep(DELAY), 0);
	t_log_is("<3 <2 <1 <0 1 4 9 ");
	t_eq(gev_imap_free(it), 0);
}

static void freed_with_takers(void)
{
	gev_imap *it = gev_imap_new(&pool, give, wait_for_ever, NULL, 0);
	gev_greenlet *g = gev_spawn(take_one, it);

	settle();
	t_eq(gev_imap_free(it), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_exception(g), EINVAL);
	gev_unref(g);
	t_log_is("ended ");
}

static void map(void)
{
	void *args[] = { num(4), num(1), num(3), num(1), num(2) };
	intptr_t values[5] = { 0 };

	t_eq(gev_pool_map(&pool, square, args, values, 5), 0);
	t_eq(values[0] + values[1] + values[2] + values[3] + values[4],
		16 + 1 + 9 + 1 + 4);
	t_eq(values[2], 9);
	t_eq(gev_pool_map(&pool, square, NULL, NULL, 0), 0);
	t_fails(gev_pool_map(&pool, fail_if_two, args, values, 5), EPROTO);
	t_fails(gev_pool_map(&pool, give, NULL, values, 1), EINVAL);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
}

static intptr_t map_for_ever(void *unused)
{
	void *args[8] = { unused };
	intptr_t values[8];

	return gev_pool_map(&pool, sleep_for_ever, args, values, 8);
}

static void killed_in_a_map(void)
{
	gev_greenlet *g = gev_spawn(map_for_ever, NULL);

	settle();
	t_eq(gev_pool_count(&pool), 3);
	end(g);
	t_eq(gev_pool_count(&pool), 3);
	t_eq(gev_pool_kill(&pool, GEV_FOREVER), 0);
	settle();
	t_eq(gev_pool_count(&pool), 0);
}

static void bad_use(void)
{
	struct gev_imap_result r;

	t_fails(gev_imap_new(NULL, give, count_down, NULL, 0), EINVAL);
	t_fails(gev_imap_new(&pool, NULL, count_down, NULL, 0), EINVAL);
	t_fails(gev_imap_new(&pool, give, NULL, NULL, 0), EINVAL);
	t_fails(gev_imap_next(NULL, &r, 0), EINVAL);
}

int main(void)
{
	t_virtual();
	T_RUN(in_the_order_of_arguments);
	T_RUN(as_they_come);
	T_RUN(as_many_at_once_as_the_pool_has_slots);
	T_RUN(no_more_ahead_than_allowed);
	T_RUN(a_failure_is_a_result);
	T_RUN(the_source_fails);
	T_RUN(the_pool_is_killed);
	T_RUN(given_up_half_way);
	T_RUN(given_up_while_the_source_waits);
	T_RUN(takers_are_served_in_order);
	T_RUN(freed_with_takers);
	T_RUN(map);
	T_RUN(killed_in_a_map);
	T_RUN(bad_use);
	return t_done();
}
