/* SPDX-License-Identifier: MIT */
/* Scopes: what is started in them ends in them. */
#include <gev/scope.h>
#include "../core/core.h"

static gev_scope scope = GEV_SCOPE_INIT;

static intptr_t work(void *ticks)
{
	int r = gev_sleep((intptr_t)ticks * TICK);

	t_log("%ld%s ", (long)(intptr_t)ticks, r < 0 ? "!" : "");
	return r;
}

static intptr_t fail_later(void *code)
{
	gev_sleep(TICK);
	t_log("fail ");
	return -(intptr_t)code;
}

static intptr_t clean_up_slowly(void *unused)
{
	gev_sleep(GEV_FOREVER);
	gev_shield_begin();
	gev_sleep(DELAY);
	gev_shield_end();
	t_log("cleaned ");
	return (intptr_t)unused;
}

static void go(gev_fn *fn, intptr_t n)
{
	t_eq(gev_scope_go(&scope, fn, num(n)), 0);
}

static void leaving_joins(void)
{
	go(work, 3);
	go(work, 1);
	go(work, 2);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("1 2 3 ");
	t_eq(gev_scope_leave(&scope), 0);
}

static void a_failure_cancels_the_others(void)
{
	go(work, 5);
	go(fail_later, EPROTO);
	go(work, 6);
	t_fails(gev_scope_leave(&scope), EPROTO);
	t_log_is("fail 5! 6! ");
}

static void the_first_error_counts(void)
{
	go(fail_later, EPROTO);
	go(fail_later, EIO);
	t_fails(gev_scope_leave(&scope), EPROTO);
	t_log_is("fail fail ");
}

static void failed_before_it_is_left(void)
{
	go(fail_later, EPROTO);
	go(work, 5);
	t_eq(gev_scope_error(&scope), 0);
	t_eq(gev_sleep(2 * TICK), 0);
	t_eq(gev_scope_error(&scope), EPROTO);
	t_log_is("fail 5! ");
	t_fails(gev_scope_go(&scope, work, NULL), ECANCELED);
	t_fails(gev_scope_spawn(&scope, work, NULL), ECANCELED);
	t_fails(gev_scope_leave(&scope), EPROTO);
	go(work, 1);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("1 ");
}

static void those_not_begun_do_not_begin(void)
{
	go(fail_with, EPROTO);
	t_eq(gev_yield(), 0);
	go(work, 1);
	t_eq(gev_idle(), 0);
	t_fails(gev_scope_leave(&scope), EPROTO);
	t_log_is("1! ");
}

static void killed_children_did_not_fail(void)
{
	gev_greenlet *g = gev_scope_spawn(&scope, work, num(5));

	go(work, 1);
	t_eq(gev_yield(), 0);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("5! 1 ");
}

static intptr_t spawn_more(void *n)
{
	intptr_t left = (intptr_t)n;

	t_log("%ld ", (long)left);
	return left ? gev_scope_go(&scope, spawn_more, num(left - 1)) : 0;
}

static void children_start_more(void)
{
	go(spawn_more, 3);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("3 2 1 0 ");
}

static void cancel(void)
{
	go(work, 5);
	t_eq(gev_yield(), 0);
	t_eq(gev_scope_cancel(&scope), 0);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("5! ");
}

static intptr_t leave(void *unused)
{
	t_log("(");
	if (gev_scope_leave(&scope) < 0) {
		t_log("%s) ", strerror(errno));
		return -1;
	}
	t_log(") ");
	return (intptr_t)unused;
}

static void killed_while_leaving(void)
{
	gev_greenlet *g = gev_spawn(leave, NULL);
	char text[128];

	go(clean_up_slowly, 0);
	go(work, 9);
	t_eq(gev_sleep(TICK), 0);
	t_eq(gev_kill(g, 0), 0);
	t_eq(gev_throw(g, EIO), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	snprintf(text, sizeof(text), "(9! cleaned %s) ", strerror(ECANCELED));
	t_log_is(text);
	t_eq(gev_exception(g), 0);
	gev_unref(g);
}

static void timeout_while_leaving(void)
{
	gev_timeout t;

	go(clean_up_slowly, 0);
	gev_timeout_start(&t, TICK);
	t_fails(gev_scope_leave(&scope), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&t));
	t_log_is("cleaned ");
}

static void a_failure_comes_before_the_kill(void)
{
	gev_greenlet *g = gev_spawn(leave, NULL);

	go(fail_with, EPROTO);
	go(clean_up_slowly, 0);
	t_eq(gev_sleep(TICK), 0);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(gev_exception(g), EPROTO);
	gev_unref(g);
	t_log_text[0] = '\0';
}

static void children_that_wait_for_ever_are_killed(void)
{
	go(sleep_for_ever, 0);
	t_fails(gev_scope_leave(&scope), EDEADLK);
	go(work, 1);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("1 ");
}

static intptr_t leave_own(void *unused)
{
	t_fails(gev_scope_leave(&scope), EDEADLK);
	return (intptr_t)unused;
}

static int leave_in_callback(void *unused)
{
	t_fails(gev_scope_leave(&scope), EDEADLK);
	t_log("called ");
	(void)unused;
	return 0;
}

static void who_may_not_leave(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	go(leave_own, 0);
	t_eq(gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		     leave_in_callback, NULL), 0);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("called ");
}

static void nested(void)
{
	gev_scope inner;

	t_eq(gev_scope_init(&inner), 0);
	go(work, 3);
	t_eq(gev_scope_go(&inner, fail_later, num(EIO)), 0);
	t_fails(gev_scope_leave(&inner), EIO);
	t_eq(gev_scope_leave(&scope), 0);
	t_log_is("fail 3 ");
}

static void bad_use(void)
{
	t_fails(gev_scope_init(NULL), EINVAL);
	t_fails(gev_scope_go(NULL, work, NULL), EINVAL);
	t_fails(gev_scope_spawn(&scope, NULL, NULL), EINVAL);
	t_fails(gev_scope_cancel(NULL), EINVAL);
	t_fails(gev_scope_leave(NULL), EINVAL);
	t_eq(gev_scope_error(NULL), 0);
	t_eq(gev_scope_leave(&scope), 0);
}

int main(void)
{
	t_virtual();
	T_RUN(leaving_joins);
	T_RUN(a_failure_cancels_the_others);
	T_RUN(the_first_error_counts);
	T_RUN(failed_before_it_is_left);
	T_RUN(those_not_begun_do_not_begin);
	T_RUN(killed_children_did_not_fail);
	T_RUN(children_start_more);
	T_RUN(cancel);
	T_RUN(killed_while_leaving);
	T_RUN(timeout_while_leaving);
	T_RUN(a_failure_comes_before_the_kill);
	T_RUN(children_that_wait_for_ever_are_killed);
	T_RUN(who_may_not_leave);
	T_RUN(nested);
	T_RUN(bad_use);
	return t_done();
}
