/* SPDX-License-Identifier: MIT */
/* Timer watchers, and the timer nodes of the layers above. */
#include "base/inject.h"
#include "loop/loop.h"
#include "t.h"
#include <sys/syscall.h>
#include <time.h>

static gev_loop *loop;

static gev_loop *virtual_loop(void)
{
	loop = gev_loop_new();
	t_eq(gev_loop_set_virtual(loop, true), 0);
	return loop;
}

static gev_time real_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return GEV_SEC(ts.tv_sec) + ts.tv_nsec;
}

static int log_name(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	t_log("%s ", (const char *)arg);
	return 0;
}

static void c38_active_from_start_to_call(void)
{
	gev_timer_watcher t;

	virtual_loop();
	t_eq(gev_timer_init(&t, loop, GEV_MS(10), 0), 0);
	t_ok(!gev_watcher_active(&t.w));
	t_eq(gev_timer_start(&t, log_name, "timer"), 0);
	t_ok(gev_watcher_active(&t.w));
	t_ok(!gev_watcher_pending(&t.w));
	t_fails(gev_timer_start(&t, log_name, "timer"), EALREADY);
	t_fails(gev_watcher_set_priority(&t.w, 1), EBUSY);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("timer ");
	t_ok(!gev_watcher_active(&t.w));
	t_ok(!t.w.fn && !t.w.arg);
	t_eq(gev_watcher_stop(&t.w), 0);
	t_eq(gev_watcher_stop(&t.w), 0);
	t_eq(gev_timer_start(&t, log_name, "again"), 0);
	t_eq(gev_watcher_stop(&t.w), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("");
	gev_loop_free(loop);
}

struct counted {
	gev_timer_watcher t;
	gev_time start;
	int left;
};

static int count_down(gev_watcher *w, int revents, void *arg)
{
	struct counted *c = arg;

	(void)revents;
	t_log("%lld ", (long long)(gev_loop_now(loop) - c->start) / 1000000);
	if (--c->left == 0)
		gev_watcher_stop(w);
	return 0;
}

static void a_repeating_timer_repeats(void)
{
	struct counted c = { .left = 4 };

	virtual_loop();
	gev_timer_init(&c.t, loop, GEV_MS(5), GEV_MS(10));
	c.start = gev_loop_now(loop);
	gev_timer_start(&c.t, count_down, &c);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("5 15 25 35 ");
	gev_loop_free(loop);
}

static int again_at_once(gev_watcher *w, int revents, void *arg)
{
	struct counted *c = arg;

	(void)revents;
	t_ok(&c->t.w == w);
	count_down(w, 0, c);
	if (c->left > 0)
		t_eq(gev_timer_again(&c->t, again_at_once, c), 0);
	return 0;
}

static void again_counts_from_now(void)
{
	struct counted c = { .left = 3 };

	virtual_loop();
	gev_timer_init(&c.t, loop, GEV_MS(500), GEV_MS(20));
	c.start = gev_loop_now(loop);
	t_eq(gev_timer_again(&c.t, again_at_once, &c), 0);
	t_ok(gev_watcher_active(&c.t.w));
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("20 40 60 ");
	gev_timer_init(&c.t, loop, GEV_MS(500), 0);
	gev_timer_start(&c.t, count_down, &c);
	t_eq(gev_timer_again(&c.t, count_down, &c), 0);
	t_ok(!gev_watcher_active(&c.t.w));
	t_fails(gev_timer_again(&c.t, NULL, NULL), EINVAL);
	t_fails(gev_timer_again(NULL, log_name, NULL), EINVAL);
	gev_loop_free(loop);
}

static void equal_times_fire_in_start_order(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	gev_timer_watcher t[5];

	virtual_loop();
	for (int i = 0; i < 5; i++) {
		gev_timer_init(&t[i], loop, GEV_MS(1), 0);
		gev_timer_start(&t[i], log_name, (void *)names[i]);
	}
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("a b c d e ");
	gev_loop_free(loop);
}

static int note_time(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	*(gev_time *)arg = real_now();
	return 0;
}

static int be_busy_then_arm(gev_watcher *w, int revents, void *arg)
{
	gev_time busy_till = real_now() + GEV_MS(100);

	(void)w;
	(void)revents;
	while (real_now() < busy_till)
		;
	*(gev_time *)arg = real_now();
	return 0;
}

struct late {
	gev_timer_watcher t;
	gev_time armed;
	gev_time fired;
};

static int arm_late(gev_watcher *w, int revents, void *arg)
{
	struct late *late = arg;

	be_busy_then_arm(w, revents, &late->armed);
	return gev_timer_start(&late->t, note_time, &late->fired);
}

static void c48_not_early_though_the_clock_is_stale(void)
{
	gev_timer_watcher first;
	struct late late;

	loop = gev_loop_new();
	gev_timer_init(&late.t, loop, GEV_MS(20), 0);
	gev_timer_init(&first, loop, 0, 0);
	gev_timer_start(&first, arm_late, &late);
	t_eq(gev_loop_run(loop, 0), 0);
	t_ok(late.fired - late.armed >= GEV_MS(20));
	gev_loop_free(loop);
}

/* Long, odd and short times, on the real clock. */
static void never_early(void)
{
	static const gev_time after[] = { 1, 999, 1000001, 1500000, 2999999 };
	gev_timer_watcher t;

	loop = gev_loop_new();
	for (int i = 0; i < 5; i++) {
		gev_time start = real_now();
		gev_time fired;

		gev_timer_init(&t, loop, after[i], 0);
		gev_timer_start(&t, note_time, &fired);
		t_eq(gev_loop_run(loop, 0), 0);
		t_ok(fired - start >= after[i]);
	}
	gev_loop_free(loop);
}

static int skip_time(gev_watcher *w, int revents, void *arg)
{
	struct counted *c = arg;

	count_down(w, revents, c);
	if (c->left == 2)
		loop->now += GEV_MS(35);
	return 0;
}

static void missed_repetitions_are_one(void)
{
	struct counted c = { .left = 3 };

	virtual_loop();
	gev_timer_init(&c.t, loop, GEV_MS(10), GEV_MS(10));
	c.start = gev_loop_now(loop);
	gev_timer_start(&c.t, skip_time, &c);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("10 45 50 ");
	gev_loop_free(loop);
}

static void bad_times_are_refused(void)
{
	gev_timer_watcher t;

	virtual_loop();
	t_fails(gev_timer_init(&t, loop, -1, 0), EINVAL);
	t_fails(gev_timer_start(&t, log_name, NULL), EINVAL);
	t_fails(gev_timer_init(&t, loop, 0, -5), EINVAL);
	t_fails(gev_timer_init(NULL, loop, 0, 0), EINVAL);
	t_eq(gev_timer_init(&t, loop, INT64_MAX, INT64_MAX), 0);
	t_eq(gev_timer_start(&t, log_name, NULL), 0);
	t_eq(t.node.due, INT64_MAX);
	gev_loop_free(loop);
}

static void out_of_memory_starts_nothing(void)
{
	gev_timer_watcher t;

	virtual_loop();
	gev_timer_init(&t, loop, 1, 0);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap, .error = -ENOMEM,
		.times = -1 };
	t_fails(gev_timer_start(&t, log_name, NULL), ENOMEM);
	gev__inject.nr = -1;
	t_ok(!gev_watcher_active(&t.w));
	t_eq(gev_loop_run(loop, 0), 0);
	t_eq(gev_timer_start(&t, log_name, "timer"), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("timer ");
	gev_loop_free(loop);
}

static struct gev_timer_node other;

static void node_fired(struct gev_timer_node *node)
{
	(void)node;
	t_log("node ");
	gev__loop_unref(loop);
}

static void node_fired_first(struct gev_timer_node *node)
{
	node_fired(node);
	gev__timer_disarm(loop, &other);
	gev__loop_unref(loop);
}

static void nodes_fire_after_watchers(void)
{
	struct gev_timer_node node = { .fire = node_fired };
	gev_timer_watcher t;

	virtual_loop();
	t_eq(gev__timer_arm(loop, &node, GEV_MS(1)), 0);
	gev__loop_ref(loop);
	gev_timer_init(&t, loop, GEV_MS(1), 0);
	gev_timer_start(&t, log_name, "watcher");
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("watcher node ");
	gev_loop_free(loop);
}

static void an_expired_node_can_be_disarmed(void)
{
	struct gev_timer_node node = { .fire = node_fired_first };

	virtual_loop();
	other.fire = node_fired;
	gev__timer_disarm(loop, &other);
	t_eq(gev__timer_arm(loop, &node, 0), 0);
	t_eq(gev__timer_arm(loop, &other, 0), 0);
	gev__loop_ref(loop);
	gev__loop_ref(loop);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("node ");
	gev_loop_free(loop);
}

static void leaving_virtual_time_keeps_the_clock_steady(void)
{
	gev_timer_watcher t;
	gev_time jumped;

	virtual_loop();
	gev_timer_init(&t, loop, GEV_SEC(3600), 0);
	gev_timer_start(&t, log_name, "hour");
	t_eq(gev_loop_run(loop, 0), 0);
	jumped = gev_loop_now(loop);
	t_eq(gev_loop_update(loop), jumped);
	t_eq(gev_loop_set_virtual(loop, false), 0);
	t_ok(gev_loop_update(loop) >= jumped);
	t_ok(gev_loop_now(loop) - jumped < GEV_SEC(1800));
	gev_loop_free(loop);
}

int main(void)
{
	T_RUN(c38_active_from_start_to_call);
	T_RUN(a_repeating_timer_repeats);
	T_RUN(again_counts_from_now);
	T_RUN(equal_times_fire_in_start_order);
	T_RUN(c48_not_early_though_the_clock_is_stale);
	T_RUN(never_early);
	T_RUN(missed_repetitions_are_one);
	T_RUN(bad_times_are_refused);
	T_RUN(out_of_memory_starts_nothing);
	T_RUN(nodes_fire_after_watchers);
	T_RUN(an_expired_node_can_be_disarmed);
	T_RUN(leaving_virtual_time_keeps_the_clock_steady);
	return t_done();
}
