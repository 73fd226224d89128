/* SPDX-License-Identifier: MIT */
/* Waiting for greenlets: join, get, joinall. */
#include "core.h"

static gev_greenlet *sleeper(gev_time duration)
{
	return gev_spawn(sleep_for, num(duration));
}

static void drop(gev_greenlet **gs, int n)
{
	t_eq(gev_killall(gs, n, GEV_FOREVER), 0);
	for (int i = 0; i < n; i++)
		gev_unref(gs[i]);
}

static void c15_joinall_of_one(void)
{
	gev_greenlet *gs[] = { sleeper(DELAY), sleeper(TICK) };
	gev_greenlet *done[2] = { NULL };
	gev_time start;

	t_virtual();
	start = now();
	t_eq(gev_joinall_first(gs, 2, 1, 0, GEV_FOREVER, done), 1);
	t_eq(now() - start, TICK);
	t_ok(done[0] == gs[1] && !done[1]);
	t_ok(!gev_dead(gs[0]));
	drop(gs, 2);
}

static void c15_joinall_of_one_that_fails(void)
{
	gev_greenlet *gs[] = { sleeper(DELAY), gev_spawn(fail_with, num(EIO)) };
	gev_greenlet *done[2];

	t_eq(gev_joinall_first(gs, 2, 1, 0, GEV_FOREVER, done), 1);
	t_ok(done[0] == gs[1]);
	t_ok(gev_started(gs[0]));
	drop(gs, 2);
}

static void join_says_when(void)
{
	gev_greenlet *g = sleeper(DELAY);
	gev_time start;

	t_virtual();
	start = now();
	t_fails(gev_join(g, 0), ETIMEDOUT);
	t_fails(gev_join(g, TICK), ETIMEDOUT);
	t_eq(now() - start, TICK);
	t_fails(gev_get(g, TICK), ETIMEDOUT);
	t_ok(!gev_dead(g));
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_join(g, 0), 0);
	t_fails(gev_join(gev_current(), GEV_FOREVER), EDEADLK);
	gev_unref(g);
}

static void a_negative_time(void)
{
	gev_greenlet *g = sleeper(TICK);

	t_fails(gev_join(g, -2), EINVAL);
	t_fails(gev_get(g, -2), EINVAL);
	t_fails(gev_joinall(&g, 1, -2), EINVAL);
	t_fails(gev_sleep(-2), EINVAL);
	t_fails(gev_hub_join(-2), EINVAL);
	drop(&g, 1);
}

static intptr_t join_and_note(void *g)
{
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_log("%s ", gev_name(gev_current()));
	return 0;
}

static void joiners_wake_in_order(void)
{
	const char *names[] = { "a", "b", "c", "d" };
	gev_greenlet *g = sleeper(TICK);
	gev_greenlet *gs[4];

	for (int i = 0; i < 4; i++) {
		struct gev_spawn_options o = { .name = names[i] };

		gs[i] = gev_spawn_opt(join_and_note, g, &o);
	}
	t_eq(gev_joinall(gs, 4, GEV_FOREVER), 4);
	t_log_is("a b c d ");
	drop(gs, 4);
	gev_unref(g);
}

static intptr_t join_for(void *g)
{
	return gev_join(g, TICK) < 0 ? -errno : 0;
}

/* One that gave up is not in the others' way. */
static void a_joiner_gives_up(void)
{
	gev_greenlet *g = sleeper(DELAY);
	gev_greenlet *gs[] = { gev_spawn(join_for, g), gev_spawn(join_for, g),
		gev_spawn(join_and_note, g) };

	gev_set_name(gs[2], "patient");
	t_virtual();
	gev_yield();
	t_eq(gev_kill(gs[0], GEV_FOREVER), 0);
	t_fails(gev_get(gs[1], GEV_FOREVER), ETIMEDOUT);
	t_eq(gev_get(gs[2], GEV_FOREVER), 0);
	t_log_is("patient ");
	drop(gs, 3);
	gev_unref(g);
}

static void each_counts_once(void)
{
	gev_greenlet *a = gev_spawn(give, NULL);
	gev_greenlet *b = sleeper(TICK);
	gev_greenlet *gs[] = { b, a, b, a, a };
	gev_greenlet *done[5] = { NULL };

	t_eq(gev_join(a, GEV_FOREVER), 0);
	t_eq(gev_joinall(gs, 5, GEV_FOREVER), 2);
	t_eq(gev_joinall_first(gs, 5, 5, 0, GEV_FOREVER, done), 2);
	t_ok(done[0] == b && done[1] == a && !done[2]);
	t_eq(gev_joinall_first(gs, 5, 1, 0, GEV_FOREVER, NULL), 1);
	gev_unref(a);
	gev_unref(b);
}

static void done_in_the_order_of_their_ends(void)
{
	gev_greenlet *gs[] = { sleeper(3 * TICK), sleeper(TICK),
		sleeper(2 * TICK) };
	gev_greenlet *done[3];

	t_virtual();
	t_eq(gev_joinall_first(gs, 3, 0, 0, GEV_FOREVER, done), 3);
	t_ok(done[0] == gs[1] && done[1] == gs[2] && done[2] == gs[0]);
	drop(gs, 3);
}

static void as_many_as_are_asked_for(void)
{
	gev_greenlet *gs[5];

	t_virtual();
	for (int i = 0; i < 5; i++)
		gs[i] = sleeper((i + 1) * TICK);
	for (int count = 1; count <= 5; count++) {
		t_eq(gev_joinall_first(gs, 5, count, 0, GEV_FOREVER, NULL),
			count);
		t_ok(gev_dead(gs[count - 1]));
		t_ok(count == 5 || !gev_dead(gs[count]));
	}
	drop(gs, 5);
}

static void what_has_ended_in_time_counts(void)
{
	gev_greenlet *gs[] = { sleeper(DELAY), sleeper(TICK),
		gev_spawn(give, NULL) };
	gev_greenlet *done[3];
	gev_time start;

	t_virtual();
	start = now();
	t_eq(gev_joinall(gs, 3, 0), 0);
	t_eq(gev_joinall_first(gs, 3, 0, 0, 2 * TICK, done), 2);
	t_ok(done[0] == gs[2] && done[1] == gs[1]);
	t_eq(now() - start, 2 * TICK);
	t_eq(gev_joinall(gs, 3, 0), 2);
	drop(gs, 3);
}

static intptr_t fail_late(void *code)
{
	gev_sleep(TICK);
	return -(intptr_t)code;
}

static void raise_error_stops_at_the_first(void)
{
	gev_greenlet *gs[] = { sleeper(DELAY), gev_spawn(fail_late, num(EIO)),
		gev_spawn(give, NULL) };
	gev_greenlet *done[3] = { NULL };
	gev_time start;

	t_virtual();
	start = now();
	t_fails(gev_joinall_first(gs, 3, 0, GEV_RAISE_ERROR, GEV_FOREVER, done),
		EIO);
	t_eq(now() - start, TICK);
	t_ok(done[0] == gs[2] && done[1] == gs[1] && !done[2]);
	t_fails(gev_joinall_first(gs, 3, 0, GEV_RAISE_ERROR, GEV_FOREVER, NULL),
		EIO);
	t_eq(now() - start, TICK);
	drop(gs, 3);
}

/* One that was told to end has not failed. */
static void raise_error_and_the_killed(void)
{
	gev_greenlet *gs[] = { gev_spawn(sleep_for_ever, NULL),
		gev_spawn(give, NULL) };

	gev_yield();
	gev_kill(gs[0], 0);
	t_eq(gev_joinall_first(gs, 2, 0, GEV_RAISE_ERROR, GEV_FOREVER, NULL),
		2);
	drop(gs, 2);
}

static void of_nobody(void)
{
	gev_greenlet *gs[] = { NULL };

	t_eq(gev_joinall(NULL, 0, GEV_FOREVER), 0);
	t_eq(gev_joinall_first(gs, 0, 1, 0, GEV_FOREVER, NULL), 0);
	t_fails(gev_joinall(NULL, 1, 0), EINVAL);
	t_fails(gev_joinall(gs, 1, 0), EINVAL);
	t_fails(gev_joinall(gs, -1, 0), EINVAL);
	gs[0] = gev_spawn(give, NULL);
	t_fails(gev_joinall_first(gs, 1, -1, 0, 0, NULL), EINVAL);
	t_fails(gev_joinall_first(gs, 1, 0, 2, 0, NULL), EINVAL);
	drop(gs, 1);
}

static intptr_t joinall_two(void *gs)
{
	return gev_joinall(gs, 2, GEV_FOREVER) < 0 ? -errno : 0;
}

static void a_joinall_is_killed(void)
{
	gev_greenlet *gs[] = { sleeper(DELAY), sleeper(TICK) };
	gev_greenlet *g = gev_spawn(joinall_two, gs);
	gev_greenlet *other = gev_spawn(joinall_two, gs);

	gev_yield();
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_fails(gev_get(g, 0), ECANCELED);
	t_eq(gev_get(other, GEV_FOREVER), 0);
	t_ok(gev_dead(gs[0]) && gev_dead(gs[1]));
	gev_unref(g);
	gev_unref(other);
	drop(gs, 2);
}

/* Ended, but its links were not run yet. */
static void between_the_end_and_the_links(void)
{
	gev_greenlet *a = gev_spawn(give, num(1));
	gev_greenlet *b = sleeper(TICK);
	gev_greenlet *gs[] = { a, b };
	gev_greenlet *other = gev_spawn(joinall_two, gs);

	t_eq(gev_join(a, GEV_FOREVER), 0);
	t_eq(gev_joinall(gs, 2, GEV_FOREVER), 2);
	t_eq(gev_get(other, GEV_FOREVER), 0);
	gev_unref(other);
	drop(gs, 2);
}

#define MANY 3000

static void many_at_once(void)
{
	static gev_greenlet *gs[MANY];

	for (int i = 0; i < MANY; i++)
		gs[i] = sleeper(i % 7 * TICK);
	t_eq(gev_joinall(gs, MANY, GEV_FOREVER), MANY);
	for (int i = 0; i < MANY; i++)
		gev_unref(gs[i]);
}

static void never_started(void)
{
	gev_greenlet *g = gev_greenlet_new(give, NULL, NULL);

	t_fails(gev_join(g, TICK), ETIMEDOUT);
	t_fails(gev_join(g, GEV_FOREVER), EDEADLK);
	t_fails(gev_joinall(&g, 1, GEV_FOREVER), EDEADLK);
	t_eq(gev_start(g), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

int main(void)
{
	T_RUN(c15_joinall_of_one);
	T_RUN(c15_joinall_of_one_that_fails);
	T_RUN(join_says_when);
	T_RUN(a_negative_time);
	T_RUN(joiners_wake_in_order);
	T_RUN(a_joiner_gives_up);
	T_RUN(each_counts_once);
	T_RUN(done_in_the_order_of_their_ends);
	T_RUN(as_many_as_are_asked_for);
	T_RUN(what_has_ended_in_time_counts);
	T_RUN(raise_error_stops_at_the_first);
	T_RUN(raise_error_and_the_killed);
	T_RUN(of_nobody);
	T_RUN(a_joinall_is_killed);
	T_RUN(between_the_end_and_the_links);
	T_RUN(many_at_once);
	T_RUN(never_started);
	return t_done();
}
