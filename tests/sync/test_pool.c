/* SPDX-License-Identifier: MIT */
/* Pools, mostly as gevent's test__pool.py has them. */
#include <sys/wait.h>
#include <unistd.h>
#include <gev/pool.h>
#include "base/inject.h"
#include "base/sys.h"
#include "sync/sync.h"
#include "../sync/battery.h"

static gev_pool pool;

static void start(size_t size)
{
	t_eq(gev_pool_init(&pool, size), 0);
}

static void finish(void)
{
	t_eq(gev_pool_kill(&pool, GEV_FOREVER), 0);
	t_eq(gev_pool_count(&pool), 0);
	t_eq(gev_pool_fini(&pool), 0);
}

static intptr_t spawn_three(void *unused)
{
	for (int i = 1; i <= 3; i++) {
		if (gev_pool_go(&pool, sleep_for, num(DELAY), GEV_FOREVER) < 0)
			return -1;
		t_log("%d ", i);
	}
	return (intptr_t)unused;
}

static void c65_third_spawn_blocks(void)
{
	gev_greenlet *g;

	start(2);
	g = gev_spawn(spawn_three, NULL);
	t_eq(gev_yield(), 0);
	t_log_is("1 2 ");
	t_eq(gev_sleep(DELAY + TICK), 0);
	t_log_is("3 ");
	t_eq(gev_pool_count(&pool), 1);
	t_eq(gev_join(g, 0), 0);
	gev_unref(g);
	finish();
}

static void c65_free_count(void)
{
	start(2);
	for (size_t left = 2; left > 0; left--) {
		t_eq(gev_pool_free_count(&pool), left);
		t_ok(!gev_pool_full(&pool));
		t_eq(gev_pool_go(&pool, sleep_for, num(TICK), 0), 0);
	}
	t_eq(gev_pool_free_count(&pool), 0);
	t_ok(gev_pool_full(&pool));
	t_eq(gev_sleep(DELAY), 0);
	t_eq(gev_pool_free_count(&pool), 2);
	finish();
}

static void c65_add_to_a_full_pool(void)
{
	gev_greenlet *g = gev_greenlet_new(sleep_for_ever, NULL, NULL);
	gev_time began;

	start(1);
	t_eq(gev_pool_go(&pool, sleep_for, num(DELAY), 0), 0);
	t_fails(gev_pool_add(&pool, g, 0), EAGAIN);
	t_fails(gev_pool_spawn(&pool, give, NULL, 0), EAGAIN);
	began = now();
	t_fails(gev_pool_add(&pool, g, TICK), ETIMEDOUT);
	t_eq(now() - began, TICK);
	t_fails(gev_pool_start(&pool, g, TICK), ETIMEDOUT);
	t_eq(gev_pool_start(&pool, g, GEV_FOREVER), 0);
	t_eq(now() - began, DELAY);
	t_ok(gev_pool_contains(&pool, g));
	finish();
	t_ok(gev_dead(g));
	gev_unref(g);
}

static void c65_size_zero_blocks(void)
{
	start(0);
	t_eq(gev_pool_free_count(&pool), 0);
	t_fails(gev_pool_go(&pool, give, NULL, 0), EAGAIN);
	t_fails(gev_pool_go(&pool, give, NULL, TICK), ETIMEDOUT);
	t_fails(gev_pool_wait_available(&pool, TICK), ETIMEDOUT);
	t_fails(gev_pool_go(&pool, give, NULL, GEV_FOREVER), EDEADLK);
	finish();
}

static intptr_t look(void *name)
{
	if (gev_pool_wait_available(&pool, GEV_FOREVER) < 0)
		return -1;
	t_log("%s ", (char *)name);
	return 0;
}

static intptr_t come(void *name)
{
	if (gev_pool_go(&pool, sleep_for, num(DELAY), GEV_FOREVER) < 0)
		return -1;
	t_log("%s ", (char *)name);
	return 0;
}

static void c65_wait_available(void)
{
	start(1);
	t_eq(gev_pool_wait_available(&pool, 0), 0);
	t_eq(gev_pool_go(&pool, sleep_for, num(DELAY), 0), 0);
	t_fails(gev_pool_wait_available(&pool, 0), ETIMEDOUT);
	t_eq(gev_go(look, "a"), 0);
	t_eq(gev_go(come, "b"), 0);
	t_eq(gev_go(look, "c"), 0);
	t_eq(gev_sleep(DELAY + TICK), 0);
	t_log_is("a b ");
	t_eq(gev_sleep(DELAY), 0);
	t_log_is("c ");
	t_eq(gev_pool_count(&pool), 0);
	finish();
}

static void a_group_is_never_full(void)
{
	pool = (gev_group)GEV_GROUP_INIT;
	for (int i = 0; i < 100; i++)
		t_eq(gev_pool_go(&pool, sleep_for, num(TICK), 0), 0);
	t_eq(gev_pool_free_count(&pool), GEV_UNLIMITED);
	t_eq(gev_pool_count(&pool), 100);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_eq(gev_pool_count(&pool), 0);
	finish();
}

static void join_waits_for_all(void)
{
	gev_time began = now();

	start(2);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_eq(gev_pool_go(&pool, sleep_for, num(TICK), 0), 0);
	t_eq(gev_pool_go(&pool, sleep_for, num(DELAY), 0), 0);
	t_fails(gev_pool_join(&pool, 2 * TICK), ETIMEDOUT);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_eq(now() - began, DELAY);
	finish();
}

static intptr_t ignore_kills(void *arg)
{
	gev_shield_begin();
	gev_sleep((intptr_t)arg);
	gev_shield_end();
	return 0;
}

static void kill_ends_all(void)
{
	gev_greenlet *g[3];

	start(2);
	g[0] = gev_pool_spawn(&pool, sleep_for_ever, NULL, 0);
	t_eq(gev_yield(), 0);
	g[1] = gev_pool_spawn(&pool, sleep_for_ever, NULL, 0);
	g[2] = gev_spawn(come, "comer");
	t_eq(gev_yield(), 0);
	t_eq(gev_pool_kill(&pool, GEV_FOREVER), 0);
	for (int i = 0; i < 3; i++) {
		t_eq(gev_join(g[i], GEV_FOREVER), 0);
		gev_unref(g[i]);
	}
	t_eq(gev_pool_kill(&pool, 0), 0);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_log_is("comer ");
	finish();
}

static intptr_t add_a_sleeper(void *unused)
{
	(void)unused;
	return gev_pool_go(&pool, sleep_for_ever, NULL, GEV_FOREVER);
}

static void who_comes_during_the_kill_is_killed(void)
{
	start(1);
	t_eq(gev_pool_go(&pool, sleep_for_ever, NULL, 0), 0);
	t_eq(gev_go(add_a_sleeper, NULL), 0);
	t_eq(gev_yield(), 0);
	t_eq(gev_pool_kill(&pool, GEV_FOREVER), 0);
	settle();
	t_eq(gev_pool_count(&pool), 0);
	finish();
}

static void kill_may_take_too_long(void)
{
	start(2);
	t_eq(gev_pool_go(&pool, ignore_kills, num(DELAY), 0), 0);
	t_eq(gev_yield(), 0);
	t_fails(gev_pool_kill(&pool, TICK), ETIMEDOUT);
	t_eq(gev_pool_count(&pool), 1);
	t_eq(gev_pool_kill(&pool, GEV_FOREVER), 0);
	finish();
}

static intptr_t kill_own_pool(void *unused)
{
	t_fails(gev_pool_kill(&pool, GEV_FOREVER), ECANCELED);
	t_log("told ");
	return (intptr_t)unused;
}

static void member_kills_all(void)
{
	gev_greenlet *g;

	start(2);
	g = gev_pool_spawn(&pool, sleep_for_ever, NULL, 0);
	t_eq(gev_pool_go(&pool, kill_own_pool, NULL, 0), 0);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_ok(gev_dead(g));
	gev_unref(g);
	t_log_is("told ");
	finish();
}

static void add_and_discard(void)
{
	gev_greenlet *g = gev_spawn(sleep_for_ever, NULL);
	gev_greenlet *late;

	start(1);
	t_eq(gev_pool_add(&pool, g, 0), 0);
	t_fails(gev_pool_add(&pool, g, 0), EALREADY);
	t_fails(gev_pool_start(&pool, g, 0), EALREADY);
	late = gev_spawn(come, "late");
	t_eq(gev_yield(), 0);
	t_eq(gev_pool_discard(&pool, g), 0);
	t_fails(gev_pool_discard(&pool, g), ENOENT);
	t_ok(!gev_pool_contains(&pool, g));
	t_eq(gev_join(late, GEV_FOREVER), 0);
	gev_unref(late);
	t_log_is("late ");
	t_ok(!gev_dead(g));
	end(g);
	finish();
}

static void the_dead_do_not_join(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	start(1);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_pool_add(&pool, g, 0), 0);
	t_eq(gev_pool_count(&pool), 0);
	t_fails(gev_pool_start(&pool, g, 0), EALREADY);
	gev_unref(g);
	finish();
}

static void in_two_pools(void)
{
	gev_pool other = GEV_POOL_INIT(1);
	gev_greenlet *g;

	start(1);
	g = gev_pool_spawn(&pool, sleep_for, num(TICK), 0);
	t_eq(gev_pool_add(&other, g, 0), 0);
	gev_unref(g);
	t_eq(gev_pool_join(&other, GEV_FOREVER), 0);
	t_eq(gev_pool_count(&pool), 0);
	t_eq(gev_pool_fini(&other), 0);
	finish();
}

static intptr_t apply_again(void *n)
{
	intptr_t left = (intptr_t)n;

	return left ? 1 + gev_pool_apply(&pool, apply_again, num(left - 1)) : 0;
}

static void apply(void)
{
	start(1);
	t_eq(gev_pool_apply(&pool, give, num(7)), 7);
	t_fails(gev_pool_apply(&pool, fail_with, num(EPROTO)), EPROTO);
	t_eq(gev_pool_apply(&pool, apply_again, num(3)), 3);
	t_fails(gev_pool_apply(&pool, NULL, NULL), EINVAL);
	finish();
}

static void fini_releases_waiters(void)
{
	gev_greenlet *g[3], *member;

	start(1);
	member = gev_pool_spawn(&pool, sleep_for, num(DELAY), 0);
	g[0] = gev_spawn(come, "");
	g[1] = gev_spawn(look, "");
	t_eq(gev_yield(), 0);
	t_eq(gev_pool_fini(&pool), 0);
	for (int i = 0; i < 2; i++) {
		t_eq(gev_join(g[i], GEV_FOREVER), 0);
		t_eq(gev_exception(g[i]), EINVAL);
		gev_unref(g[i]);
	}
	t_eq(gev_join(member, GEV_FOREVER), 0);
	t_eq(gev_exception(member), 0);
	gev_unref(member);
	t_fails(gev_pool_go(&pool, give, NULL, 0), EINVAL);
	t_fails(gev_pool_fini(&pool), EINVAL);
}

/* Promised a slot by a pool that is gone when he gets there. */
static void fini_after_a_promise(void)
{
	gev_greenlet *m, *g;

	start(1);
	m = gev_pool_spawn(&pool, sleep_for_ever, NULL, 0);
	g = gev_spawn(come, "");
	t_eq(gev_yield(), 0);
	t_eq(gev_pool_discard(&pool, m), 0);
	t_eq(gev_pool_free_count(&pool), 0);
	t_eq(gev_pool_fini(&pool), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_exception(g), EINVAL);
	gev_unref(g);
	end(m);
}

static void bad_use(void)
{
	t_fails(gev_pool_init(NULL, 1), EINVAL);
	t_fails(gev_pool_fini(NULL), EINVAL);
	t_fails(gev_pool_spawn(NULL, give, NULL, 0), EINVAL);
	t_fails(gev_pool_add(NULL, gev_current(), 0), EINVAL);
	t_fails(gev_pool_join(NULL, 0), EINVAL);
	t_fails(gev_pool_kill(NULL, 0), EINVAL);
	t_fails(gev_pool_wait_available(NULL, 0), EINVAL);
	t_ok(!gev_pool_full(NULL) && !gev_pool_contains(NULL, NULL));
	t_eq(gev_pool_count(NULL) + gev_pool_free_count(NULL), 0);
	start(1);
	t_fails(gev_pool_spawn(&pool, NULL, NULL, 0), EINVAL);
	t_fails(gev_pool_add(&pool, NULL, 0), EINVAL);
	t_fails(gev_pool_start(&pool, NULL, 0), EINVAL);
	t_fails(gev_pool_discard(&pool, NULL), EINVAL);
	t_eq(gev_pool_free_count(&pool), 1);
	finish();
}

/* A slot is not lost with the greenlet that was to have it. */
static void no_memory(void)
{
	size_t n = 0;

	start(100000);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap, .error = -ENOMEM,
		.times = -1 };
	while (n < 100000 &&
		gev_pool_go(&pool, sleep_for_ever, NULL, GEV_FOREVER) == 0)
		n++;
	t_eq(errno, ENOMEM);
	gev__inject.nr = -1;
	t_eq(gev_pool_count(&pool), n);
	t_eq(gev_pool_free_count(&pool), 100000 - n);
	finish();
}

/* The battery: a pool of one, whose member is the one to be discarded. */

static gev_greenlet *member;

static void refill(void)
{
	member = gev_pool_spawn(&pool, sleep_for_ever, NULL, 0);
}

static void *make(void)
{
	start(1);
	refill();
	return &pool;
}

static int empty(void *object)
{
	gev_greenlet *g = member;

	if (gev_pool_discard(object, g) < 0)
		return -1;
	member = NULL;
	gev_kill(g, 0);
	gev_unref(g);
	return 0;
}

static void drop(void *object)
{
	if (member && gev_pool_contains(object, member))
		empty(object);
	t_eq(gev_pool_fini(object), 0);
}

static int spawn(void *object, gev_time timeout)
{
	gev_greenlet *g = gev_pool_spawn(object, sleep_for_ever, NULL, timeout);

	if (!g)
		return -1;
	member = g;
	return 0;
}

static int available(void *object, gev_time timeout)
{
	if (gev_pool_wait_available(object, timeout) < 0)
		return -1;
	if (!gev_pool_full(object))
		refill();
	return 0;
}

static int join(void *object, gev_time timeout)
{
	if (gev_pool_join(object, timeout) < 0)
		return -1;
	if (!gev_pool_full(object))
		refill();
	return 0;
}

static bool comers(void *object)
{
	return gev__sync_first(&((gev_pool *)object)->comers);
}

static bool joiners(void *object)
{
	return gev__sync_first(&((gev_pool *)object)->joiners);
}

static const struct battery batteries[] = {
	{ .name = "pool_spawn", .make = make, .drop = drop, .block = spawn,
		.unblock = empty, .is_blocked = comers, .at_once = EAGAIN,
		.kept = true },
	{ .name = "pool_wait_available", .make = make, .drop = drop,
		.block = available, .unblock = empty, .is_blocked = comers,
		.at_once = ETIMEDOUT, .kept = true },
	{ .name = "pool_join", .make = make, .drop = drop, .block = join,
		.unblock = empty, .is_blocked = joiners, .at_once = ETIMEDOUT,
		.kept = true },
};

static intptr_t join_pool(void *arg)
{
	(void)arg;
	return gev_pool_join(&pool, GEV_FOREVER);
}

/* What the child finds, which has none of the members. */
static void pool_of_the_child(void)
{
	t_eq(gev_pool_count(&pool), 0);
	t_eq(gev_pool_free_count(&pool), 2);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_eq(gev_pool_go(&pool, sleep_for, num(TICK), 0), 0);
	t_eq(gev_pool_count(&pool), 1);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	finish();
}

static void members_are_not_in_a_forked_child(void)
{
	gev_greenlet *joiner;
	int status = 0;
	pid_t pid;

	start(2);
	t_eq(gev_go(spawn_three, NULL), 0); /* the third waits for a slot */
	joiner = gev_spawn(join_pool, NULL);
	t_eq(gev_sleep(TICK), 0);
	t_eq(gev_pool_count(&pool), 2);
	pid = gev_fork();
	if (pid == 0) {
		pool_of_the_child();
		_exit(t_failures != 0);
	}
	t_ok(pid > 0);
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_eq(gev_pool_count(&pool), 2);
	t_eq(gev_get(joiner, GEV_FOREVER), 0);
	gev_unref(joiner);
	finish();
}

int main(void)
{
	t_virtual();
	T_RUN(c65_third_spawn_blocks);
	T_RUN(c65_free_count);
	T_RUN(c65_add_to_a_full_pool);
	T_RUN(c65_size_zero_blocks);
	T_RUN(c65_wait_available);
	T_RUN(a_group_is_never_full);
	T_RUN(join_waits_for_all);
	T_RUN(kill_ends_all);
	T_RUN(who_comes_during_the_kill_is_killed);
	T_RUN(kill_may_take_too_long);
	T_RUN(member_kills_all);
	T_RUN(add_and_discard);
	T_RUN(the_dead_do_not_join);
	T_RUN(in_two_pools);
	T_RUN(members_are_not_in_a_forked_child);
	T_RUN(apply);
	T_RUN(fini_releases_waiters);
	T_RUN(fini_after_a_promise);
	T_RUN(bad_use);
	T_RUN(no_memory);
	for (size_t i = 0; i < sizeof(batteries) / sizeof(batteries[0]); i++)
		battery_run(&batteries[i]);
	return t_done();
}
