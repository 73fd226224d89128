/* SPDX-License-Identifier: MIT */
/* Timeouts: scoped, nested, never lost, never early. */
#include <sys/time.h>
#include <time.h>
#include "core.h"

static void c44_it_raises_itself(void)
{
	gev_timeout t;
	gev_time start;

	t_virtual();
	start = now();
	t_eq(gev_timeout_start(&t, TICK), 0);
	t_ok(gev_timeout_pending(&t) && !gev_timeout_fired(&t));
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
	t_eq(now() - start, TICK);
	t_ok(!gev_timeout_pending(&t) && gev_timeout_fired(&t));
	t_ok(gev_timeout_cancel(&t));
	t_ok(gev_timeout_cancel(&t));
	t_eq(gev_sleep(DELAY), 0);
}

static void c44_restarted(void)
{
	gev_timeout t;

	t_virtual();
	for (int i = 0; i < 3; i++) {
		t_eq(gev_timeout_start(&t, TICK), 0);
		t_ok(!gev_timeout_fired(&t));
		t_fails(gev_sleep(DELAY), ETIMEDOUT);
	}
	t_eq(gev_timeout_start(&t, TICK), 0);
	t_ok(!gev_timeout_cancel(&t));
	t_eq(gev_timeout_start(&t, 2 * TICK), 0);
	t_eq(gev_sleep(TICK), 0);
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
}

static void c44_cancelled(void)
{
	gev_timeout t;

	t_virtual();
	t_eq(gev_timeout_start(&t, TICK), 0);
	t_ok(!gev_timeout_cancel(&t));
	t_ok(!gev_timeout_pending(&t) && !gev_timeout_fired(&t));
	t_eq(gev_sleep(DELAY), 0);
	t_ok(!gev_timeout_cancel(NULL));
	t_ok(!gev_timeout_fired(NULL) && !gev_timeout_pending(NULL));
}

static void c45_error_of_ones_own(void)
{
	gev_timeout t;

	t_virtual();
	t_eq(gev_timeout_start_with(&t, TICK, EPROTO), 0);
	t_fails(gev_sleep(DELAY), EPROTO);
	t_ok(gev_timeout_cancel(&t));
}

static intptr_t sleep_long(void *arg)
{
	(void)arg;
	return gev_sleep(DELAY);
}

static void c45_silent_in_its_scope(void)
{
	gev_timeout t;

	t_virtual();
	t_eq(gev_timeout_start(&t, TICK), 0);
	t_eq(sleep_long(NULL), -1);
	t_ok(gev_timeout_cancel(&t)); /* that was mine: say nothing */
	t_eq(gev_timeout_start(&t, 2 * DELAY), 0);
	t_eq(sleep_long(NULL), 0);
	t_ok(!gev_timeout_cancel(&t));
	gev_timeout_start(&t, TICK); /* bare */
	t_fails(sleep_long(NULL), ETIMEDOUT);
}

static void c45_none_is_never(void)
{
	gev_timeout t;

	t_virtual();
	t_eq(gev_timeout_start(&t, GEV_FOREVER), 0);
	t_ok(gev_timeout_pending(&t));
	t_eq(gev_sleep(GEV_SEC(1000000)), 0);
	t_ok(!gev_timeout_fired(&t));
	t_ok(!gev_timeout_cancel(&t));
	t_ok(!gev_timeout_pending(&t));
}

static void no_time_at_all(void)
{
	gev_timeout t;
	gev_time start;

	t_virtual();
	start = now();
	t_eq(gev_timeout_start(&t, 0), 0);
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
	t_eq(now() - start, 0);
	t_ok(gev_timeout_cancel(&t));
}

static void what_makes_no_sense(void)
{
	gev_timeout t;

	t_fails(gev_timeout_start(NULL, TICK), EINVAL);
	t_fails(gev_timeout_start(&t, -2), EINVAL);
	t_fails(gev_timeout_start_with(&t, TICK, 0), EINVAL);
	t_fails(gev_timeout_start_with(&t, TICK, -EIO), EINVAL);
	t_fails(gev_with_timeout(TICK, NULL, NULL, 0), EINVAL);
	t_fails(gev_with_timeout(-2, sleep_long, NULL, 0), EINVAL);
}

/* What waits for longer than a tick, each with a timeout of its own. */
static gev_greenlet *endless;
static int pair[2];

static int by_join(void)
{
	return gev_join(endless, DELAY);
}

static int by_get(void)
{
	return (int)gev_get(endless, DELAY);
}

static int by_joinall(void)
{
	return gev_joinall(&endless, 1, DELAY);
}

static int by_waiter(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");

	return gev_waiter_get(&w, NULL, DELAY);
}

static int by_sleep(void)
{
	return gev_sleep(DELAY);
}

static int by_hub_join(void)
{
	return gev_hub_join(DELAY);
}

static int by_kill(void)
{
	return gev_kill(endless, DELAY);
}

static int by_wait_fd(void)
{
	return gev_wait_fd(pair[0], GEV_READ, DELAY);
}

static int by_recv(void)
{
	char c;

	return (int)gev_recv(pair[0], &c, 1, 0);
}

static int by_scope(void)
{
	return (int)gev_with_timeout(DELAY, sleep_long, NULL, 0);
}

static intptr_t shielded(void *arg)
{
	(void)arg;
	gev_shield_begin();
	return gev_sleep(GEV_FOREVER);
}

static int (*const waits[])(void) = { by_join, by_get, by_joinall, by_waiter,
	by_sleep, by_hub_join, by_kill, by_wait_fd, by_recv, by_scope };

#define WAITS (int)(sizeof(waits) / sizeof(waits[0]))

static void open_pair(void)
{
	struct timeval delay = { .tv_usec = DELAY / 1000 };

	t_virtual();
	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	t_eq(gev_setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &delay,
		     sizeof(delay)), 0);
	endless = gev_spawn(shielded, NULL);
	gev_yield();
}

static void close_pair(void)
{
	gev_close(pair[0]);
	gev_close(pair[1]);
	gev_unref(endless);
}

/* The hub's own turn: @endless never ends, so keep the loop busy. */
static int tick_tock(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	return 0;
}

static void under_outer(gev_time after, int code)
{
	gev_timer_watcher busy;

	gev_timer_init(&busy, gev_hub_loop(gev_hub_get()), GEV_SEC(1),
		GEV_SEC(1));
	gev_timer_start(&busy, tick_tock, NULL);
	for (int i = 0; i < WAITS; i++) {
		gev_timeout outer;
		gev_time start = now();

		t_eq(gev_timeout_start_with(&outer, after, code), 0);
		if (!t_fails(waits[i](), code))
			printf("# in wait %d\n", i);
		t_eq(now() - start, after);
		t_ok(gev_timeout_cancel(&outer));
	}
	gev_watcher_stop(&busy.w);
}

static void c47_outer_timeout_is_not_lost(void)
{
	open_pair();
	under_outer(TICK, ETIMEDOUT);
	under_outer(TICK, EPROTO);
	under_outer(0, EPROTO);
	close_pair();
}

/* It became due while nobody waited: the next wait has it. */
static void c47_outer_timeout_that_is_due(void)
{
	struct timespec past = { .tv_nsec = 2 };

	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	endless = gev_spawn(shielded, NULL);
	gev_yield();
	for (int i = 0; i < WAITS; i++) {
		gev_timeout outer;

		gev_timeout_start_with(&outer, 1, EPROTO);
		nanosleep(&past, NULL);
		if (!t_fails(waits[i](), EPROTO))
			printf("# in wait %d\n", i);
		t_ok(gev_timeout_cancel(&outer));
	}
	close_pair();
}

static void c48_never_early(void)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_timeout t;
	gev_time start;

	gev_loop_set_virtual(loop, false);
	gev_yield();
	start = gev_loop_update(loop);
	while (gev_loop_update(loop) - start < GEV_MS(20))
		;
	start = gev_loop_update(loop);
	t_eq(gev_sleep(TICK), 0);
	t_ok(gev_loop_update(loop) - start >= TICK);
	start = gev_loop_update(loop);
	gev_timeout_start(&t, TICK);
	t_fails(gev_sleep(GEV_FOREVER), ETIMEDOUT);
	t_ok(gev_loop_update(loop) - start >= TICK);
}

/* Time passes while nothing reads the loop's clock. */
static void c48_with_a_stale_clock(void)
{
	struct timespec busy = { .tv_nsec = GEV_MS(20) };
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_time start, stale;

	gev_loop_set_virtual(loop, false);
	gev_yield();
	stale = gev_loop_now(loop);
	nanosleep(&busy, NULL);
	t_eq(gev_loop_now(loop), stale);
	t_eq(gev_sleep(TICK), 0);
	start = gev_loop_update(loop);
	t_ok(start - stale >= GEV_MS(20) + TICK);
}

static intptr_t fail_at_once(void *code)
{
	errno = (int)(intptr_t)code;
	return -1;
}

static intptr_t outlast(void *arg)
{
	(void)arg;
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
	return 5;
}

static void c49_with_timeout(void)
{
	gev_timeout outer;

	t_virtual();
	t_eq(gev_with_timeout(TICK, give, num(4), 9), 4);
	t_eq(gev_with_timeout(TICK, sleep_long, NULL, 9), 9);
	t_eq(gev_with_timeout(GEV_FOREVER, sleep_long, NULL, 9), 0);
	t_eq(gev_with_timeout(TICK, outlast, NULL, 9), 5);
	t_fails(gev_with_timeout(TICK, fail_at_once, num(EIO), 9), EIO);
	t_fails(gev_with_timeout(TICK, fail_at_once, num(ETIMEDOUT), 9),
		ETIMEDOUT);
	gev_timeout_start(&outer, TICK);
	t_fails(gev_with_timeout(2 * TICK, sleep_long, NULL, 9), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&outer));
	gev_timeout_start(&outer, 2 * TICK);
	t_eq(gev_with_timeout(TICK, sleep_long, NULL, 9), 9);
	t_ok(!gev_timeout_cancel(&outer));
}

static void inner_then_outer(void)
{
	gev_timeout outer, inner;

	t_virtual();
	gev_timeout_start_with(&outer, 2 * TICK, EPROTO);
	gev_timeout_start(&inner, TICK);
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
	t_ok(gev_timeout_fired(&inner) && !gev_timeout_fired(&outer));
	t_fails(gev_sleep(DELAY), EPROTO);
	t_ok(gev_timeout_fired(&outer));
	t_eq(gev_sleep(DELAY), 0);
}

/* At the same time: one now, the other in the next wait. */
static void both_at_once(void)
{
	gev_timeout outer, inner;

	t_virtual();
	gev_timeout_start_with(&outer, TICK, EPROTO);
	gev_timeout_start_with(&inner, TICK, EIO);
	t_fails(gev_sleep(DELAY), EPROTO);
	t_ok(gev_timeout_fired(&outer) && !gev_timeout_fired(&inner));
	t_ok(gev_timeout_pending(&inner));
	t_fails(gev_yield(), EIO);
	t_ok(gev_timeout_fired(&inner));
	t_eq(gev_yield(), 0);
}

static void due_and_cancelled(void)
{
	gev_timeout first, second;

	t_virtual();
	gev_timeout_start_with(&first, TICK, EPROTO);
	gev_timeout_start_with(&second, TICK, EIO);
	t_fails(gev_sleep(DELAY), EPROTO);
	t_ok(!gev_timeout_cancel(&second));
	t_eq(gev_sleep(DELAY), 0);
	t_ok(!gev_timeout_fired(&second));
}

/* The timer that was started first fires first. */
static void at_the_time_of_the_wake(void)
{
	gev_timeout t;

	t_virtual();
	gev_timeout_start(&t, TICK);
	t_fails(gev_sleep(TICK), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&t));
	gev_timeout_start(&t, 2 * TICK);
	t_eq(gev_sleep(TICK), 0);
	gev_timeout_cancel(&t);
}

static intptr_t other_greenlets_timeout(void *code)
{
	gev_timeout t;

	gev_timeout_start_with(&t, TICK, (int)(intptr_t)code);
	t_fails(gev_sleep(DELAY), (int)(intptr_t)code);
	return 0;
}

static void each_greenlet_has_its_own(void)
{
	gev_greenlet *gs[] = { gev_spawn(other_greenlets_timeout, num(EIO)),
		gev_spawn(other_greenlets_timeout, num(EPROTO)) };

	t_virtual();
	t_eq(gev_sleep(DELAY), 0);
	t_eq(gev_joinall(gs, 2, 0), 2);
	gev_unref(gs[0]);
	gev_unref(gs[1]);
}

static intptr_t recv_in_time(void *fd)
{
	gev_timeout t;
	char c = 0;

	gev_timeout_start(&t, GEV_MS(1));
	t_eq(gev_recv(*(int *)fd, &c, 1, 0), 1);
	t_eq(c, 'x');
	t_ok(!gev_timeout_cancel(&t));
	return 0;
}

/* Data and timeout, both there when the loop looks again. */
static void data_wins_over_the_timeout(void)
{
	struct timespec past = { .tv_nsec = GEV_MS(2) };
	gev_greenlet *g = gev_spawn(recv_in_time, &pair[0]);

	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	gev_yield();
	t_eq(gev_send(pair[1], "x", 1, 0), 1);
	nanosleep(&past, NULL);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	gev_close(pair[0]);
	gev_close(pair[1]);
}

static int start_in_callback(void *t)
{
	t_fails(gev_timeout_start(t, TICK), EPERM);
	return 0;
}

static void not_in_a_callback(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;
	gev_timeout t;

	gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		start_in_callback, &t);
	settle();
}

static void started_twice(void)
{
	gev_timeout t, outer;

	t_virtual();
	t_eq(gev_timeout_start(&outer, GEV_SEC(9)), 0);
	t_eq(gev_timeout_start(&t, TICK), 0);
	t_fails(gev_timeout_start(&t, 2 * TICK), EALREADY);
	t_fails(gev_timeout_start(&outer, 2 * TICK), EALREADY);
	t_fails(gev_sleep(GEV_SEC(1)), ETIMEDOUT);
	t_ok(gev_timeout_fired(&t));
	t_eq(gev_timeout_start(&t, TICK), 0);
	t_ok(!gev_timeout_cancel(&t));
	t_eq(gev_timeout_start(&t, 0), 0);
	gev_yield();
	t_ok(!gev_timeout_cancel(&outer));
	gev_timeout_cancel(&t);
	t_eq(gev_sleep(GEV_SEC(1)), 0);
}

/* It went with the hub: its memory may be anything by now. */
static void started_before_the_hub_ended(void)
{
	gev_timeout t;

	t_eq(gev_timeout_start(&t, GEV_SEC(1)), 0);
	t_eq(gev_hub_destroy(0), 0);
	memset(&t, 0xff, sizeof(t));
	t_eq(gev_timeout_start(&t, GEV_SEC(1)), 0);
	t_ok(!gev_timeout_cancel(&t));
}

int main(void)
{
	T_RUN(c44_it_raises_itself);
	T_RUN(c44_restarted);
	T_RUN(c44_cancelled);
	T_RUN(c45_error_of_ones_own);
	T_RUN(c45_silent_in_its_scope);
	T_RUN(c45_none_is_never);
	T_RUN(no_time_at_all);
	T_RUN(what_makes_no_sense);
	T_RUN(c47_outer_timeout_is_not_lost);
	T_RUN(c47_outer_timeout_that_is_due);
	T_RUN(c48_never_early);
	T_RUN(c48_with_a_stale_clock);
	T_RUN(c49_with_timeout);
	T_RUN(inner_then_outer);
	T_RUN(both_at_once);
	T_RUN(due_and_cancelled);
	T_RUN(at_the_time_of_the_wake);
	T_RUN(each_greenlet_has_its_own);
	T_RUN(data_wins_over_the_timeout);
	T_RUN(not_in_a_callback);
	T_RUN(started_twice);
	T_RUN(started_before_the_hub_ended);
	return t_done();
}
