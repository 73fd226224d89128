/* SPDX-License-Identifier: MIT */
/* Async results: a value or an error for all who wait. */
#include "battery.h"
#include "sync/sync.h"

static gev_async_result result;

static void *make(void)
{
	gev_async_result_init(&result);
	return &result;
}

static void drop(void *ar)
{
	gev_async_result_fini(ar);
}

static int get(void *ar, gev_time timeout)
{
	intptr_t r = gev_async_result_get(ar, timeout);

	return r == 7 ? 0 : (int)r;
}

static int wait_for(void *ar, gev_time timeout)
{
	return gev_async_result_wait(ar, timeout);
}

static int set(void *ar)
{
	return gev_async_result_set(ar, 7);
}

static bool has_waiters(void *ar)
{
	return gev__sync_first(&((gev_async_result *)ar)->waiters) != NULL;
}

static const struct battery result_get = {
	.name = "result_get",
	.make = make,
	.drop = drop,
	.block = get,
	.unblock = set,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
	.kept = true,
};

static const struct battery result_wait = {
	.name = "result_wait",
	.make = make,
	.drop = drop,
	.block = wait_for,
	.unblock = set,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
	.kept = true,
};

static void is_pending(const gev_async_result *ar)
{
	t_ok(!gev_async_result_ready(ar));
	t_ok(!gev_async_result_successful(ar));
	t_eq(gev_async_result_value(ar), 0);
	t_eq(gev_async_result_exception(ar), 0);
}

static void c53_set_before_get(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	is_pending(&ar);
	t_eq(gev_async_result_set(&ar, 42), 0);
	t_ok(gev_async_result_ready(&ar));
	t_ok(gev_async_result_successful(&ar));
	t_eq(gev_async_result_value(&ar), 42);
	t_eq(gev_async_result_exception(&ar), 0);
	t_eq(gev_async_result_get(&ar, GEV_FOREVER), 42);
	t_eq(gev_async_result_get_nowait(&ar), 42);
	t_eq(gev_async_result_wait(&ar, 0), 0);
	gev_async_result_fini(&ar);
}

static intptr_t get_and_log(void *ar)
{
	intptr_t r = gev_async_result_get(ar, GEV_FOREVER);

	t_log("%d ", r < 0 ? errno : (int)r);
	return 0;
}

static intptr_t wait_and_log(void *ar)
{
	t_eq(gev_async_result_wait(ar, GEV_FOREVER), 0);
	t_log("ready ");
	return 0;
}

static void waiters_of(gev_async_result *ar)
{
	t_eq(gev_go(get_and_log, ar), 0);
	t_eq(gev_go(wait_and_log, ar), 0);
	t_eq(gev_go(get_and_log, ar), 0);
	settle();
	t_log_is("");
}

static void c53_get_before_set(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	waiters_of(&ar);
	t_eq(gev_async_result_set(&ar, 5), 0);
	settle();
	t_log_is("5 ready 5 ");
	gev_async_result_fini(&ar);
}

static void c53_exception_to_all_getters(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	waiters_of(&ar);
	t_eq(gev_async_result_set_error(&ar, EIO), 0);
	settle();
	t_log_is("5 ready 5 ");
	t_ok(gev_async_result_ready(&ar));
	t_ok(!gev_async_result_successful(&ar));
	t_eq(gev_async_result_value(&ar), 0);
	t_eq(gev_async_result_exception(&ar), EIO);
	t_fails(gev_async_result_get(&ar, GEV_FOREVER), EIO);
	t_fails(gev_async_result_get_nowait(&ar), EIO);
	t_eq(gev_async_result_wait(&ar, GEV_FOREVER), 0);
	gev_async_result_fini(&ar);
}

static int get_nowait(void *ar)
{
	t_fails(gev_async_result_get_nowait(ar), ETIMEDOUT);
	t_log("called ");
	return 0;
}

static void c53_nonblocking_is_a_timeout(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;
	gev_callback cb = GEV_CALLBACK_INIT;

	t_fails(gev_async_result_get_nowait(&ar), ETIMEDOUT);
	t_fails(gev_async_result_wait(&ar, 0), ETIMEDOUT);
	gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb, get_nowait,
		&ar);
	settle();
	t_log_is("called ");
	gev_async_result_fini(&ar);
}

static void set_once_only(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	t_eq(gev_async_result_set(&ar, 1), 0);
	t_fails(gev_async_result_set(&ar, 2), EALREADY);
	t_fails(gev_async_result_set_error(&ar, EIO), EALREADY);
	t_eq(gev_async_result_get_nowait(&ar), 1);
	gev_async_result_init(&ar);
	t_eq(gev_async_result_set_error(&ar, EIO), 0);
	t_fails(gev_async_result_set(&ar, 2), EALREADY);
	t_fails(gev_async_result_get_nowait(&ar), EIO);
	gev_async_result_fini(&ar);
}

static void any_pointer_is_a_value(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	t_eq(gev_async_result_set(&ar, INTPTR_MIN), 0);
	t_eq(gev_async_result_get_nowait(&ar), INTPTR_MIN);
	t_ok(gev_async_result_successful(&ar));
	gev_async_result_fini(&ar);
}

/* The result of @g by way of an async result. */
static intptr_t result_of(gev_greenlet *g)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;
	intptr_t r;

	t_eq(gev_async_result_link(g, &ar), 0);
	r = gev_async_result_get(&ar, GEV_FOREVER);
	gev_unref(g);
	gev_async_result_fini(&ar);
	return r;
}

static void linked_to_greenlets(void)
{
	gev_greenlet *g = gev_spawn(sleep_for_ever, NULL);
	gev_greenlet *dead = gev_spawn(give, num(3));

	t_eq(result_of(gev_spawn(give, num(42))), 42);
	t_fails(result_of(gev_spawn(fail_with, num(EPROTO))), EPROTO);
	gev_kill(g, 0);
	t_fails(result_of(g), ECANCELED);
	t_eq(gev_join(dead, GEV_FOREVER), 0);
	t_eq(result_of(dead), 3);
}

static void unlinked_from_a_greenlet(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;
	gev_greenlet *g = gev_spawn(give, num(1));

	t_eq(gev_async_result_link(g, &ar), 0);
	t_eq(gev_unlink(g, gev_async_result_take, &ar), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	settle();
	is_pending(&ar);
	t_eq(gev_async_result_take(g, &ar), 0);
	t_fails(gev_async_result_take(g, &ar), EALREADY);
	t_eq(gev_async_result_value(&ar), 1);
	gev_unref(g);
	gev_async_result_fini(&ar);
}

static int log_link(gev_async_result *ar, void *arg)
{
	t_log("%s%d ", (char *)arg, (int)gev_async_result_value(ar));
	return 0;
}

static void links(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;
	static char taken_back[] = "x";

	t_eq(gev_async_result_rawlink(&ar, log_link, "a"), 0);
	t_eq(gev_async_result_rawlink(&ar, log_link, taken_back), 0);
	t_eq(gev_async_result_unlink(&ar, log_link, taken_back), 0);
	t_eq(gev_async_result_set(&ar, 1), 0);
	t_eq(gev_async_result_rawlink(&ar, log_link, "late"), 0);
	t_log_is("");
	settle();
	t_log_is("a1 late1 ");
	gev_async_result_fini(&ar);
}

static void c53_unlinking_null_is_harmless(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	t_eq(gev_async_result_unlink(NULL, log_link, NULL), 0);
	t_fails(gev_async_result_unlink(&ar, NULL, NULL), ENOENT);
	t_fails(gev_async_result_unlink(&ar, log_link, NULL), ENOENT);
	gev_async_result_fini(&ar);
}

static void taken_down_with_links(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;

	t_eq(gev_async_result_rawlink(&ar, log_link, "gone"), 0);
	gev_async_result_fini(&ar);
	settle();
	t_log_is("");
	t_fails(gev_async_result_set(&ar, 1), EINVAL);
	t_fails(gev_async_result_set_error(&ar, EIO), EINVAL);
	t_fails(gev_async_result_rawlink(&ar, log_link, ""), EINVAL);
	t_fails(gev_async_result_unlink(&ar, log_link, "gone"), EINVAL);
}

static void what_makes_no_sense(void)
{
	gev_async_result ar = GEV_ASYNC_RESULT_INIT;
	gev_greenlet *g = gev_spawn(give, NULL);

	t_fails(gev_async_result_set(&ar, -1), EINVAL);
	t_fails(gev_async_result_set(&ar, -4095), EINVAL);
	t_fails(gev_async_result_set_error(&ar, 0), EINVAL);
	t_fails(gev_async_result_set_error(&ar, -EIO), EINVAL);
	t_fails(gev_async_result_set_error(&ar, 4096), EINVAL);
	is_pending(&ar);
	is_pending(NULL);
	t_fails(gev_async_result_set(NULL, 1), EINVAL);
	t_fails(gev_async_result_get(NULL, 0), EINVAL);
	t_fails(gev_async_result_wait(NULL, 0), EINVAL);
	t_fails(gev_async_result_rawlink(&ar, NULL, NULL), EINVAL);
	t_fails(gev_async_result_link(NULL, &ar), EINVAL);
	t_fails(gev_async_result_link(g, NULL), EINVAL);
	t_fails(gev_async_result_take(NULL, &ar), EINVAL);
	gev_async_result_fini(NULL);
	gev_async_result_fini(&ar);
	end(g);
}

int main(void)
{
	battery_run(&result_get);
	battery_run(&result_wait);
	T_RUN(c53_set_before_get);
	T_RUN(c53_get_before_set);
	T_RUN(c53_exception_to_all_getters);
	T_RUN(c53_nonblocking_is_a_timeout);
	T_RUN(c53_unlinking_null_is_harmless);
	T_RUN(set_once_only);
	T_RUN(any_pointer_is_a_value);
	T_RUN(linked_to_greenlets);
	T_RUN(unlinked_from_a_greenlet);
	T_RUN(links);
	T_RUN(taken_down_with_links);
	T_RUN(what_makes_no_sense);
	return t_done();
}
