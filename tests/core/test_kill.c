/* SPDX-License-Identifier: MIT */
/* Kills, throws and shields. */
#include "core.h"

static intptr_t never(void *arg)
{
	(void)arg;
	t_ok(!"it runs");
	return 0;
}

static intptr_t swallow(void *value)
{
	t_fails(gev_sleep(GEV_FOREVER), ECANCELED);
	return (intptr_t)value;
}

static int count_call(gev_greenlet *g, void *calls)
{
	(void)g;
	++*(int *)calls;
	return 0;
}

static gev_greenlet *parked(gev_fn *fn, void *arg)
{
	gev_greenlet *g = gev_spawn(fn, arg);

	t_eq(gev_yield(), 0);
	t_ok(gev_started(g));
	return g;
}

static void c10_kill_with_a_code(void)
{
	gev_greenlet *g = parked(sleep_for_ever, NULL);

	t_eq(gev_kill_with(g, EPROTO, GEV_FOREVER), 0);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	t_ok(!gev_successful(g));
	t_eq(gev_exception(g), EPROTO);
	gev_unref(g);
	g = parked(sleep_for_ever, NULL);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_fails(gev_get(g, GEV_FOREVER), ECANCELED);
	t_ok(gev_successful(g));
	t_eq(gev_exception(g), 0);
	gev_unref(g);
}

static void c11_kill_that_is_swallowed(void)
{
	gev_greenlet *g = parked(swallow, num(7));

	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(gev_get(g, GEV_FOREVER), 7);
	t_eq(gev_exception(g), 0);
	t_ok(gev_successful(g));
	gev_unref(g);
}

static bool stop;

/* Cleans up for as long as it likes. */
static intptr_t take_your_time(void *arg)
{
	(void)arg;
	t_eq(gev_shield_begin(), 0);
	while (!stop)
		t_eq(gev_sleep(TICK), 0);
	t_eq(gev_shield_end(), 0);
	return gev_sleep(TICK);
}

static void c13_killall_of_one_that_ignores_it(void)
{
	gev_greenlet *gs[2];
	int calls = 0;

	t_virtual();
	stop = false;
	gs[0] = parked(take_your_time, NULL);
	gs[1] = parked(sleep_for_ever, NULL);
	t_eq(gev_rawlink(gs[0], count_call, &calls), 0);
	t_fails(gev_killall(gs, 2, DELAY), ETIMEDOUT);
	t_ok(!gev_dead(gs[0]) && gev_dead(gs[1]));
	t_eq(gev_killall(gs, 2, 0), 0);
	t_fails(gev_kill(gs[0], DELAY), ETIMEDOUT);
	t_eq(calls, 0);
	stop = true;
	t_eq(gev_killall(gs, 2, GEV_FOREVER), 0);
	settle();
	t_eq(calls, 1);
	t_fails(gev_get(gs[0], 0), ECANCELED);
	gev_unref(gs[0]);
	gev_unref(gs[1]);
}

static void before_the_start(void)
{
	gev_greenlet *made = gev_greenlet_new(never, NULL, NULL);
	gev_greenlet *ready = gev_spawn(never, NULL);
	int calls = 0;

	gev_rawlink(made, count_call, &calls);
	gev_rawlink(ready, count_call, &calls);
	t_eq(gev_kill(made, 0), 0);
	t_eq(gev_kill(made, GEV_FOREVER), 0);
	t_eq(gev_kill_with(ready, EPROTO, 0), 0);
	t_ok(gev_dead(made) && gev_dead(ready));
	t_ok(gev_successful(made) && !gev_successful(ready));
	t_fails(gev_get(made, 0), ECANCELED);
	t_fails(gev_get(ready, 0), EPROTO);
	t_fails(gev_start(made), EALREADY);
	settle();
	t_eq(calls, 2);
	gev_unref(made);
	gev_unref(ready);
}

static intptr_t yield_once(void *result)
{
	*(int *)result = gev_yield() < 0 ? errno : 0;
	return gev_sleep(GEV_FOREVER);
}

/* Woken already, but not yet running: that wake was first. */
static void while_ready(void)
{
	int result = -1;
	gev_greenlet *g = parked(yield_once, &result);

	t_eq(gev_kill(g, 0), 0);
	t_ok(!gev_dead(g));
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(result, 0);
	t_fails(gev_get(g, 0), ECANCELED);
	gev_unref(g);
}

static void of_the_dead(void)
{
	gev_greenlet *g = gev_spawn(give, num(3));

	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(gev_killall(&g, 1, GEV_FOREVER), 0);
	t_fails(gev_throw(g, EIO), ESRCH);
	t_eq(gev_get(g, 0), 3);
	gev_unref(g);
	t_eq(gev_kill(NULL, GEV_FOREVER), 0);
	t_eq(gev_killall(NULL, 0, GEV_FOREVER), 0);
}

static void what_makes_no_sense(void)
{
	gev_greenlet *g = parked(sleep_for_ever, NULL);

	t_fails(gev_kill(g, -2), EINVAL);
	t_fails(gev_kill_with(g, 0, 0), EINVAL);
	t_fails(gev_kill_with(g, -EIO, 0), EINVAL);
	t_fails(gev_killall(NULL, 1, 0), EINVAL);
	t_fails(gev_killall(&g, -1, 0), EINVAL);
	t_fails(gev_killall(&g, 1, -2), EINVAL);
	t_fails(gev_throw(NULL, EIO), EINVAL);
	t_fails(gev_throw(g, 0), EINVAL);
	settle();
	t_ok(!gev_dead(g));
	end(g);
}

/* Answers how often in a row a wait failed. */
static intptr_t ignore_errors(void *arg)
{
	intptr_t failed = 0;

	(void)arg;
	while (!stop)
		failed += gev_sleep(TICK) < 0 && errno == ECANCELED;
	return failed;
}

static intptr_t stop_it(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++)
		gev_yield();
	stop = true;
	return 0;
}

static void sticky_and_harmless_to_others(void)
{
	gev_greenlet *g;

	stop = false;
	g = parked(ignore_errors, NULL);
	t_eq(gev_go(stop_it, NULL), 0);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_ok(gev_value(g) >= 100);
	gev_unref(g);
}

static intptr_t ignore_in_yield(void *arg)
{
	(void)arg;
	while (!stop)
		gev_yield();
	return 0;
}

static void sticky_in_yield(void)
{
	gev_greenlet *g;

	stop = false;
	g = parked(ignore_in_yield, NULL);
	t_eq(gev_kill(g, 0), 0);
	t_eq(gev_go(stop_it, NULL), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static intptr_t every_wait_fails(void *other)
{
	gev_greenlet *g = other;
	gev_waiter w = GEV_WAITER_INIT("test");
	gev_greenlet *gs[] = { g };

	t_fails(gev_sleep(GEV_FOREVER), EPROTO);
	t_fails(gev_sleep(0), EPROTO);
	t_fails(gev_yield(), EPROTO);
	t_fails(gev_idle(), EPROTO);
	t_fails(gev_join(g, GEV_FOREVER), EPROTO);
	t_fails(gev_get(g, TICK), EPROTO);
	t_fails(gev_joinall(gs, 1, GEV_FOREVER), EPROTO);
	t_fails(gev_waiter_get(&w, NULL, GEV_FOREVER), EPROTO);
	t_fails(gev_hub_join(GEV_FOREVER), EPROTO);
	t_fails(gev_kill(g, GEV_FOREVER), EPROTO);
	return 0;
}

static void every_wait_of_the_killed_fails(void)
{
	gev_greenlet *other = parked(take_your_time, NULL);
	gev_greenlet *g = parked(every_wait_fails, other);

	stop = false;
	t_eq(gev_kill_with(g, EPROTO, GEV_FOREVER), 0);
	t_eq(gev_get(g, 0), 0);
	gev_unref(g);
	stop = true;
	end(other);
}

static intptr_t kill_self(void *code)
{
	gev_greenlet *self = gev_current();

	t_fails(gev_kill_with(self, (int)(intptr_t)code, GEV_FOREVER),
		(int)(intptr_t)code);
	t_fails(gev_yield(), (int)(intptr_t)code);
	return gev_sleep(TICK);
}

static void oneself(void)
{
	gev_greenlet *g = gev_spawn(kill_self, num(ECANCELED));

	t_fails(gev_get(g, GEV_FOREVER), ECANCELED);
	t_ok(gev_successful(g));
	gev_unref(g);
	g = gev_spawn(kill_self, num(EPROTO));
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	gev_unref(g);
}

static intptr_t killall_with_self(void *other)
{
	gev_greenlet *gs[] = { other, gev_current() };

	t_fails(gev_killall(gs, 2, GEV_FOREVER), ECANCELED);
	return 0;
}

static void killall_that_includes_oneself(void)
{
	gev_greenlet *other = parked(sleep_for_ever, NULL);
	gev_greenlet *g = gev_spawn(killall_with_self, other);

	t_eq(gev_get(g, GEV_FOREVER), 0);
	t_eq(gev_join(other, GEV_FOREVER), 0);
	gev_unref(g);
	gev_unref(other);
}

static intptr_t kill_main(void *timeout)
{
	gev_greenlet *main = gev_hub_main(gev_hub_get());

	return gev_kill(main, (intptr_t)timeout);
}

/* Main has no function to return from: it is told once. */
static void killing_main(void)
{
	gev_greenlet *g = gev_spawn(kill_main, num(GEV_FOREVER));

	t_fails(gev_sleep(GEV_FOREVER), ECANCELED);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_get(g, 0), 0);
	gev_unref(g);
	t_fails(gev_kill(gev_current(), GEV_FOREVER), ECANCELED);
	t_eq(gev_yield(), 0);
}

static void the_first_kill_counts(void)
{
	gev_greenlet *g = parked(sleep_for_ever, NULL);
	int calls = 0;

	gev_rawlink(g, count_call, &calls);
	t_eq(gev_kill_with(g, EPROTO, 0), 0);
	t_eq(gev_kill_with(g, EIO, 0), 0);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	settle();
	t_eq(calls, 1);
	gev_unref(g);
}

static intptr_t behind_shields(void *arg)
{
	(void)arg;
	t_fails(gev_shield_end(), EINVAL);
	gev_shield_begin();
	gev_shield_begin();
	t_eq(gev_sleep(TICK), 0);
	t_eq(gev_shield_end(), 0);
	t_eq(gev_sleep(TICK), 0);
	t_eq(gev_yield(), 0);
	t_eq(gev_shield_end(), 0);
	t_log("shielded ");
	return gev_sleep(TICK);
}

static void shielded_from_a_kill(void)
{
	gev_greenlet *g;
	gev_time start;

	t_virtual();
	start = now();
	g = parked(behind_shields, NULL);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(now() - start, 2 * TICK);
	t_log_is("shielded ");
	t_fails(gev_get(g, 0), ECANCELED);
	gev_unref(g);
}

static void shielded_from_a_throw(void)
{
	gev_greenlet *g = parked(behind_shields, NULL);

	t_eq(gev_throw(g, EPROTO), 0);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	t_log_is("shielded ");
	gev_unref(g);
}

static intptr_t timeout_behind_shield(void *arg)
{
	gev_timeout t;

	(void)arg;
	gev_shield_begin();
	gev_timeout_start(&t, TICK);
	t_fails(gev_sleep(GEV_FOREVER), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&t));
	gev_shield_end();
	return 0;
}

static void a_shield_lets_timeouts_through(void)
{
	gev_greenlet *g;

	t_virtual();
	g = gev_spawn(timeout_behind_shield, NULL);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static intptr_t fails_once(void *code)
{
	t_fails(gev_sleep(GEV_FOREVER), (int)(intptr_t)code);
	t_eq(gev_yield(), 0);
	t_eq(gev_sleep(TICK), 0);
	return 1;
}

static void a_throw_strikes_once(void)
{
	gev_greenlet *g = parked(fails_once, num(EPROTO));

	t_virtual();
	t_eq(gev_throw(g, EPROTO), 0);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
}

static intptr_t fails_in_the_next(void *arg)
{
	(void)arg;
	t_eq(gev_yield(), 0);
	t_fails(gev_sleep(TICK), EPROTO);
	t_eq(gev_sleep(TICK), 0);
	return 1;
}

static void thrown_at_one_that_is_ready(void)
{
	gev_greenlet *g = parked(fails_in_the_next, NULL);

	t_eq(gev_throw(g, EPROTO), 0);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
}

static void thrown_at_the_unstarted(void)
{
	gev_greenlet *made = gev_greenlet_new(never, NULL, NULL);
	gev_greenlet *ready = gev_spawn(never, NULL);

	t_eq(gev_throw(made, EPROTO), 0);
	t_eq(gev_throw(ready, ECANCELED), 0);
	t_fails(gev_get(made, 0), EPROTO);
	t_ok(gev_successful(ready));
	settle();
	gev_unref(made);
	gev_unref(ready);
}

static void thrown_at_oneself(void)
{
	t_fails(gev_throw(gev_current(), EPROTO), EPROTO);
	t_eq(gev_yield(), 0);
}

static intptr_t throw_at_main(void *code)
{
	return gev_throw(gev_hub_main(gev_hub_get()), (int)(intptr_t)code);
}

static void thrown_at_main(void)
{
	t_eq(gev_go(throw_at_main, num(EPROTO)), 0);
	t_fails(gev_sleep(GEV_FOREVER), EPROTO);
	t_eq(gev_yield(), 0);
}

static void shields_of_main(void)
{
	t_eq(gev_shield_begin(), 0);
	t_eq(gev_go(throw_at_main, num(EPROTO)), 0);
	t_eq(gev_sleep(TICK), 0);
	t_eq(gev_shield_end(), 0);
	t_fails(gev_sleep(TICK), EPROTO);
	t_eq(gev_sleep(TICK), 0);
}

int main(void)
{
	T_RUN(c10_kill_with_a_code);
	T_RUN(c11_kill_that_is_swallowed);
	T_RUN(c13_killall_of_one_that_ignores_it);
	T_RUN(before_the_start);
	T_RUN(while_ready);
	T_RUN(of_the_dead);
	T_RUN(what_makes_no_sense);
	T_RUN(sticky_and_harmless_to_others);
	T_RUN(sticky_in_yield);
	T_RUN(every_wait_of_the_killed_fails);
	T_RUN(oneself);
	T_RUN(killall_that_includes_oneself);
	T_RUN(killing_main);
	T_RUN(the_first_kill_counts);
	T_RUN(shielded_from_a_kill);
	T_RUN(shielded_from_a_throw);
	T_RUN(a_shield_lets_timeouts_through);
	T_RUN(a_throw_strikes_once);
	T_RUN(thrown_at_one_that_is_ready);
	T_RUN(thrown_at_the_unstarted);
	T_RUN(thrown_at_oneself);
	T_RUN(thrown_at_main);
	T_RUN(shields_of_main);
	return t_done();
}
