/* SPDX-License-Identifier: MIT */
/*
 * What must hold of every operation that waits, whatever it waits for.
 *
 * Describe one operation of a primitive and run the whole battery on it:
 *
 *	static struct battery acquire = {
 *		.name = "sem_acquire",
 *		.make = make,		a fresh object on which block() waits
 *		.drop = drop,		frees it; nobody waits any more
 *		.block = block,		the operation; 0, or -1 with errno
 *		.unblock = unblock,	lets the first waiter, or all, go on
 *		.is_blocked = is_blocked,	somebody waits in the object
 *		.fini = fini,		takes it down, whoever waits
 *		.at_once = EAGAIN,	how block() with timeout 0 fails
 *		.ended = EINVAL,	how fini() ends a wait
 *	};
 *
 *	int main(void) { battery_run(&acquire); return t_done(); }
 *
 * make() is called by main, block() by greenlets of the battery, each of them
 * once.  A block() that succeeds sees to it itself that the object is as if it
 * had not (a lock is released again).  unblock() never waits; it is called by
 * main, and where .owned is not set by loop callbacks too.  It is called only
 * while somebody is blocked, or else where .kept is set: then an unblock()
 * that nobody waits for lets the next block() through.  A NULL fini leaves out
 * what needs it.
 */
#ifndef TESTS_SYNC_BATTERY_H
#define TESTS_SYNC_BATTERY_H

#include <pthread.h>
#include <sys/syscall.h>
#include "base/inject.h"
#include "../core/core.h"

struct battery {
	const char *name;
	void *(*make)(void);
	void (*drop)(void *object);
	int (*block)(void *object, gev_time timeout);
	int (*unblock)(void *object);
	bool (*is_blocked)(void *object);
	void (*fini)(void *object);
	int at_once;
	int ended;
	bool owned;   /* only main, who made it, may unblock() */
	bool kept;    /* an unblock() that nobody waits for is kept */
	bool shared;  /* any thread may use it, so that main can't deadlock */
};

/* The one that is being run, and its object. */
static T_UNUSED const struct battery *bat;
static T_UNUSED void *bat_object;

/* A greenlet that calls block() once. */
struct blocked {
	gev_greenlet *g;
	const char *name;
	gev_time timeout;
	int result;    /* 0 or the code; -1: it has not ended */
	gev_time ended_at;
};

static T_UNUSED intptr_t bat_body(void *arg)
{
	struct blocked *b = arg;

	b->result = bat->block(bat_object, b->timeout) < 0 ? errno : 0;
	b->ended_at = now();
	t_log("%s ", b->name);
	return 0;
}

static T_UNUSED void bat_spawn(struct blocked *b, const char *name,
	gev_time timeout)
{
	*b = (struct blocked){ .name = name,
		.timeout = timeout,
		.result = -1 };
	b->g = gev_spawn(bat_body, b);
}

/* It waits in the object when this returns. */
static T_UNUSED void bat_block(struct blocked *b, const char *name,
	gev_time timeout)
{
	bat_spawn(b, name, timeout);
	t_eq(gev_yield(), 0);
	t_eq(b->result, -1);
	t_ok(bat->is_blocked(bat_object));
}

static T_UNUSED void bat_ended(struct blocked *b, int code)
{
	t_eq(gev_join(b->g, GEV_FOREVER), 0);
	t_eq(b->result, code);
	gev_unref(b->g);
}

static T_UNUSED void bat_begin(void)
{
	t_virtual();
	settle();
	bat_object = bat->make();
}

/* Nobody is left behind. */
static T_UNUSED void bat_finish(void)
{
	t_ok(!bat->is_blocked(bat_object));
	bat->drop(bat_object);
}

static T_UNUSED void bat_unblock(void)
{
	t_eq(bat->unblock(bat_object), 0);
}

/* Everybody who is blocked goes on. */
static T_UNUSED void bat_unblock_all(void)
{
	while (bat->is_blocked(bat_object)) {
		bat_unblock();
		settle();
	}
}

/* Whoever waits now gets what the one before it did not. */
static T_UNUSED void bat_nothing_was_lost(void)
{
	struct blocked next;

	bat_block(&next, "next", GEV_FOREVER);
	bat_unblock();
	bat_ended(&next, 0);
}

static T_UNUSED void timeout_zero(void)
{
	struct blocked b;

	bat_begin();
	bat_spawn(&b, "b", 0);
	bat_ended(&b, bat->at_once);
	t_ok(!bat->is_blocked(bat_object));
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED void bad_timeout(void)
{
	struct blocked b;

	bat_begin();
	bat_spawn(&b, "b", -2);
	bat_ended(&b, EINVAL);
	t_ok(!bat->is_blocked(bat_object));
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED void timeout_fires(void)
{
	struct blocked b;
	gev_time start;

	bat_begin();
	start = now();
	bat_block(&b, "b", DELAY);
	bat_ended(&b, ETIMEDOUT);
	t_eq(b.ended_at - start, DELAY);
	t_ok(!bat->is_blocked(bat_object));
	bat_nothing_was_lost();
	bat_finish();
}

/* Who timed out is not served, the one behind it is. */
static T_UNUSED void timed_out_among_others(void)
{
	struct blocked a, b, c;

	bat_begin();
	bat_block(&a, "a", GEV_FOREVER);
	bat_block(&b, "b", TICK);
	bat_block(&c, "c", GEV_FOREVER);
	bat_ended(&b, ETIMEDOUT);
	bat_unblock_all();
	bat_ended(&a, 0);
	bat_ended(&c, 0);
	t_log_is("b a c ");
	bat_finish();
}

static T_UNUSED intptr_t outer_is_shorter(void *arg)
{
	gev_timeout outer;

	(void)arg;
	gev_timeout_start(&outer, TICK);
	t_fails(bat->block(bat_object, DELAY), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&outer));
	return 0;
}

static T_UNUSED intptr_t inner_is_shorter(void *arg)
{
	gev_timeout outer;

	(void)arg;
	gev_timeout_start(&outer, DELAY);
	t_fails(bat->block(bat_object, TICK), ETIMEDOUT);
	t_ok(!gev_timeout_fired(&outer));
	t_fails(gev_sleep(GEV_FOREVER), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&outer));
	return 0;
}

static T_UNUSED void of_two_timeouts(gev_fn *fn, gev_time expected)
{
	gev_time start;
	gev_greenlet *g;

	bat_begin();
	start = now();
	g = gev_spawn(fn, NULL);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(now() - start, expected);
	gev_unref(g);
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED void outer_timeout_shorter(void)
{
	of_two_timeouts(outer_is_shorter, TICK);
}

static T_UNUSED void outer_timeout_longer(void)
{
	of_two_timeouts(inner_is_shorter, DELAY);
}

static T_UNUSED void killed_while_waiting(void)
{
	struct blocked b;

	bat_begin();
	bat_block(&b, "b", DELAY);
	t_eq(gev_kill(b.g, 0), 0);
	t_ok(!bat->is_blocked(bat_object));
	bat_ended(&b, ECANCELED);
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED void thrown_at_while_waiting(void)
{
	struct blocked b;

	bat_begin();
	bat_block(&b, "b", GEV_FOREVER);
	t_eq(gev_throw(b.g, EPROTO), 0);
	t_ok(!bat->is_blocked(bat_object));
	bat_ended(&b, EPROTO);
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED void killed_before_start(void)
{
	struct blocked b;

	bat_begin();
	bat_spawn(&b, "b", GEV_FOREVER);
	t_eq(gev_kill(b.g, 0), 0);
	bat_ended(&b, -1);
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED intptr_t kill_self_and_block(void *arg)
{
	gev_kill(gev_current(), 0);
	return bat_body(arg);
}

static T_UNUSED void killed_before_the_wait(void)
{
	struct blocked b = { .name = "b",
		.timeout = GEV_FOREVER,
		.result = -1 };

	bat_begin();
	b.g = gev_spawn(kill_self_and_block, &b);
	bat_ended(&b, ECANCELED);
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED int unblock_in_callback(gev_watcher *w, int revents,
	void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	bat_unblock();
	return 0;
}

/* The timer's callback comes before the timeout of the same time. */
static T_UNUSED void woken_then_timed_out(void)
{
	gev_timer_watcher timer;
	struct blocked b;

	bat_begin();
	bat_block(&b, "b", TICK);
	gev_timer_init(&timer, gev_hub_loop(gev_hub_get()), TICK, 0);
	t_eq(gev_timer_start(&timer, unblock_in_callback, NULL), 0);
	bat_ended(&b, 0);
	t_ok(!gev_watcher_active(&timer.w));
	bat_finish();
}

/* Main sleeps as long as b waits, but began first. */
static T_UNUSED void timed_out_then_woken(void)
{
	struct blocked b, next;

	bat_begin();
	bat_spawn(&b, "b", TICK);
	bat_spawn(&next, "next", GEV_FOREVER);
	t_eq(gev_sleep(TICK), 0);
	t_eq(b.result, -1);
	bat_unblock();
	bat_ended(&b, ETIMEDOUT);
	bat_ended(&next, 0);
	bat_finish();
}

static T_UNUSED void woken_then_killed(void)
{
	struct blocked b;

	bat_begin();
	bat_block(&b, "b", GEV_FOREVER);
	bat_unblock();
	t_eq(gev_kill(b.g, 0), 0);
	bat_ended(&b, 0);
	bat_finish();
}

static T_UNUSED void killed_then_woken(void)
{
	struct blocked b, next;

	bat_begin();
	bat_block(&b, "b", GEV_FOREVER);
	bat_block(&next, "next", GEV_FOREVER);
	t_eq(gev_kill(b.g, 0), 0);
	bat_unblock();
	bat_ended(&b, ECANCELED);
	bat_ended(&next, 0);
	bat_finish();
}

static T_UNUSED void first_come_first_served(void)
{
	struct blocked a, b, c;

	bat_begin();
	bat_block(&a, "a", GEV_FOREVER);
	bat_block(&b, "b", DELAY);
	bat_block(&c, "c", GEV_FOREVER);
	bat_unblock_all();
	bat_ended(&a, 0);
	bat_ended(&b, 0);
	bat_ended(&c, 0);
	t_log_is("a b c ");
	bat_finish();
}

static T_UNUSED void kept_for_the_next(void)
{
	struct blocked b;

	bat_begin();
	bat_unblock();
	bat_spawn(&b, "b", 0);
	bat_ended(&b, 0);
	bat_finish();
}

/* No call for memory can fail a wait: there is none. */
static T_UNUSED void without_memory(void)
{
	struct blocked a, b;

	bat_begin();
	bat_spawn(&a, "a", GEV_FOREVER);
	bat_spawn(&b, "b", TICK);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap,
		.error = -ENOMEM,
		.times = -1 };
	t_eq(gev_sleep(DELAY), 0);
	bat_unblock_all();
	t_eq(gev__inject.calls, 0);
	gev__inject.nr = -1;
	bat_ended(&a, 0);
	bat_ended(&b, ETIMEDOUT);
	bat_finish();
}

static T_UNUSED void taken_down_with_waiters(void)
{
	struct blocked a, b, late;

	bat_begin();
	bat_block(&a, "a", GEV_FOREVER);
	bat_block(&b, "b", DELAY);
	bat->fini(bat_object);
	t_ok(!bat->is_blocked(bat_object));
	bat_ended(&a, bat->ended);
	bat_ended(&b, bat->ended);
	t_log_is("a b ");
	bat_spawn(&late, "late", GEV_FOREVER);
	bat_ended(&late, bat->ended);
	bat_finish();
}

static T_UNUSED void *use_from_afar(void *with_hub)
{
	if (with_hub)
		t_ok(gev_hub_get() != NULL);
	t_fails(bat->block(bat_object, 0), EPERM);
	t_fails(bat->block(bat_object, TICK), EPERM);
	t_fails(bat->block(bat_object, GEV_FOREVER), EPERM);
	t_fails(bat->unblock(bat_object), EPERM);
	if (bat->fini)
		bat->fini(bat_object);
	return NULL;
}

static T_UNUSED void in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, fn, arg), 0);
	t_eq(pthread_join(thread, NULL), 0);
}

static T_UNUSED void foreign_thread(void)
{
	struct blocked b;

	bat_begin();
	bat_block(&b, "b", GEV_FOREVER);
	in_thread(use_from_afar, NULL);
	in_thread(use_from_afar, bat_object);
	t_ok(bat->is_blocked(bat_object));
	bat_unblock();
	bat_ended(&b, 0);
	bat_finish();
}

static T_UNUSED int block_in_callback(void *called)
{
	t_fails(bat->block(bat_object, GEV_FOREVER), EDEADLK);
	t_fails(bat->block(bat_object, TICK), EDEADLK);
	t_fails(bat->block(bat_object, 0), bat->at_once);
	*(bool *)called = true;
	return 0;
}

static T_UNUSED void in_a_loop_callback(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;
	bool called = false;

	bat_begin();
	t_eq(gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		     block_in_callback, &called), 0);
	settle();
	t_ok(called);
	t_ok(!bat->is_blocked(bat_object));
	bat_nothing_was_lost();
	bat_finish();
}

/* Nothing can ever wake main: the wait fails and leaves nothing. */
static T_UNUSED void deadlock(void)
{
	bat_begin();
	t_fails(bat->block(bat_object, GEV_FOREVER), EDEADLK);
	t_ok(!bat->is_blocked(bat_object));
	bat_nothing_was_lost();
	bat_finish();
}

static T_UNUSED void battery_case(void (*fn)(void), const char *name)
{
	char full[96];

	snprintf(full, sizeof(full), "%s_%s", bat->name, name);
	t_run(fn, full);
}

#define BATTERY_CASE(fn) battery_case(fn, #fn)

static T_UNUSED void battery_run(const struct battery *b)
{
	bat = b;
	BATTERY_CASE(timeout_zero);
	BATTERY_CASE(bad_timeout);
	BATTERY_CASE(timeout_fires);
	BATTERY_CASE(timed_out_among_others);
	BATTERY_CASE(outer_timeout_shorter);
	BATTERY_CASE(outer_timeout_longer);
	BATTERY_CASE(killed_while_waiting);
	BATTERY_CASE(thrown_at_while_waiting);
	BATTERY_CASE(killed_before_start);
	BATTERY_CASE(killed_before_the_wait);
	if (!b->owned) /* else only its owner, main, could wake it */
		BATTERY_CASE(woken_then_timed_out);
	BATTERY_CASE(timed_out_then_woken);
	BATTERY_CASE(woken_then_killed);
	BATTERY_CASE(killed_then_woken);
	BATTERY_CASE(first_come_first_served);
	if (b->kept)
		BATTERY_CASE(kept_for_the_next);
	BATTERY_CASE(without_memory);
	if (b->fini)
		BATTERY_CASE(taken_down_with_waiters);
	if (!b->shared)
		BATTERY_CASE(foreign_thread);
	BATTERY_CASE(in_a_loop_callback);
	if (!b->owned && !b->shared)
		BATTERY_CASE(deadlock);
}

#endif
