/* SPDX-License-Identifier: MIT */
/* The hub: joined, destroyed, made again; errors; loop callbacks. */
#include <signal.h>
#include "core.h"

static gev_loop *loop_here(void)
{
	return gev_hub_loop(gev_hub_get());
}

static int count_call(gev_watcher *w, int revents, void *calls)
{
	(void)w;
	(void)revents;
	++*(int *)calls;
	return 0;
}

static void c29_join_again_and_again(void)
{
	t_virtual();
	for (int i = 0; i < 3; i++) {
		gev_time start = now();

		t_eq(gev_hub_join(GEV_FOREVER), 0);
		t_eq(gev_go(sleep_for, num(TICK)), 0);
		t_eq(gev_hub_join(GEV_FOREVER), 0);
		t_eq(now() - start, TICK);
	}
	t_eq(gev_hub_join(0), 0);
}

static void c29_join_with_a_timeout(void)
{
	gev_greenlet *g = gev_spawn(sleep_for, num(GEV_SEC(10)));
	gev_time start;

	t_virtual();
	start = now();
	t_fails(gev_hub_join(TICK), ETIMEDOUT);
	t_eq(now() - start, TICK);
	t_ok(gev_started(g));
	t_eq(gev_hub_join(GEV_SEC(20)), 0);
	t_eq(now() - start, GEV_SEC(10));
	gev_unref(g);
}

static intptr_t hub_join(void *timeout)
{
	return gev_hub_join((intptr_t)timeout) < 0 ? -errno : 1;
}

static void a_join_by_a_greenlet(void)
{
	gev_greenlet *g = gev_spawn(hub_join, num(GEV_FOREVER));

	t_virtual();
	t_eq(gev_go(sleep_for, num(TICK)), 0);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
}

static void c30_watchers_that_do_not_count(void)
{
	gev_timer_watcher t;
	gev_signal_watcher s;
	int calls = 0;
	gev_time start;

	t_virtual();
	start = now();
	gev_timer_init(&t, loop_here(), GEV_SEC(10), 0);
	gev_watcher_set_ref(&t.w, false);
	gev_timer_start(&t, count_call, &calls);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	gev_watcher_set_ref(&t.w, true);
	t_fails(gev_hub_join(TICK), ETIMEDOUT);
	gev_watcher_set_ref(&t.w, false);
	gev_signal_init(&s, loop_here(), SIGUSR1);
	gev_signal_start(&s, count_call, &calls);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(now() - start, TICK);
	t_eq(calls, 0);
	gev_watcher_stop(&t.w);
	gev_watcher_stop(&s.w);
}

static int log_error(gev_hub *hub, const struct gev_error *e, void *arg)
{
	t_ok(hub == gev_hub_get() && !arg);
	t_log("%s:%s:%d ", e->greenlet ? gev_name(e->greenlet) : "-", e->where,
		e->code);
	return 0;
}

static int failing_timer(gev_watcher *w, int revents, void *code)
{
	(void)w;
	(void)revents;
	return -(int)(intptr_t)code;
}

static void c22_error_in_a_timer_callback(void)
{
	gev_timer_watcher t;
	gev_time start;

	t_virtual();
	start = now();
	gev_hub_set_error_hook(gev_hub_get(), log_error, NULL);
	gev_timer_init(&t, loop_here(), TICK, 0);
	gev_timer_start(&t, failing_timer, num(5));
	t_eq(gev_sleep(DELAY), 0);
	t_eq(now() - start, DELAY);
	t_log_is("-:timer:5 ");
	gev_hub_set_error_hook(gev_hub_get(), NULL, NULL);
}

static intptr_t fatal(void *code)
{
	gev_sleep(TICK);
	gev_kill_with(gev_hub_main(gev_hub_get()), (int)(intptr_t)code, 0);
	return -(intptr_t)code;
}

static void c32_fatal_error_reaches_main(void)
{
	gev_greenlet *g = gev_spawn(fatal, num(EIO));

	t_virtual();
	t_fails(gev_sleep(DELAY), EIO);
	t_fails(gev_get(g, GEV_FOREVER), EIO);
	t_eq(gev_sleep(DELAY), 0);
	gev_unref(g);
}

static int interrupt_main(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	return gev_throw(gev_hub_main(gev_hub_get()), EINTR);
}

static intptr_t raise_sigint(void *arg)
{
	(void)arg;
	return raise(SIGINT);
}

static void c32_sigint_during_get(void)
{
	gev_greenlet *g = gev_spawn(sleep_for_ever, NULL);
	gev_signal_watcher s;

	gev_signal_init(&s, loop_here(), SIGINT);
	gev_signal_start(&s, interrupt_main, NULL);
	gev_go(raise_sigint, NULL);
	t_fails(gev_get(g, GEV_SEC(10)), EINTR);
	gev_watcher_stop(&s.w);
	end(g);
}

static void c33_the_loop_is_kept(void)
{
	gev_loop *loop = loop_here();
	gev_timer_watcher t;
	int calls = 0;

	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, count_call, &calls);
	t_eq(gev_hub_destroy(0), 0);
	t_eq(gev_hub_destroy(0), 0);
	t_fails(gev_loop_free(loop), EBUSY);
	t_fails(gev_loop_run(loop, 0), EBUSY);
	t_ok(loop_here() == loop);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(calls, 1);
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	t_eq(gev_yield(), 0);
	t_ok(gev_hub_get() != NULL);
	t_fails(gev_hub_destroy(2), EINVAL);
}

static intptr_t never(void *arg)
{
	(void)arg;
	t_ok(!"it runs");
	return 0;
}

static intptr_t park_with_timeouts(void *arg)
{
	gev_timeout armed, due;

	(void)arg;
	gev_timeout_start(&armed, DELAY);
	gev_timeout_start(&due, 0);
	gev_sleep(GEV_FOREVER);
	gev_sleep(2 * DELAY);
	return never(NULL);
}

static gev_greenlet *left[8];

/* One in each state a greenlet may be in. */
static void leave_greenlets(void)
{
	left[0] = gev_spawn(sleep_for_ever, NULL);
	left[1] = gev_spawn(sleep_for, num(DELAY));
	left[2] = gev_spawn(park_with_timeouts, NULL);
	left[3] = gev_spawn(give, num(3));
	gev_sleep(TICK);
	left[4] = gev_spawn(never, NULL);
	left[5] = gev_spawn_later(TICK, never, NULL);
	left[6] = gev_greenlet_new(never, NULL, NULL);
	left[7] = gev_spawn(never, NULL);
	gev_unref(left[7]);
}

static void drop_greenlets(void)
{
	for (int i = 0; i < 7; i++) {
		t_ok(gev_dead(left[i]));
		t_eq(gev_value(left[i]), i == 3 ? 3 : 0);
		gev_unref(left[i]);
	}
}

static void works_again(void)
{
	gev_greenlet *g;

	t_virtual();
	g = gev_spawn(sleep_for, num(TICK));
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_sleep(2 * DELAY), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

static void destroyed_with_greenlets_in_it(void)
{
	for (unsigned flags = 0; flags <= GEV_DESTROY_LOOP; flags++) {
		t_virtual();
		leave_greenlets();
		t_eq(gev_hub_destroy(flags), 0);
		drop_greenlets();
		works_again();
		leave_greenlets();
		t_eq(gev_hub_destroy(flags), 0);
		works_again();
		drop_greenlets();
	}
}

/* Nothing has run yet, not even the hub. */
static void destroyed_before_it_ran(void)
{
	for (unsigned flags = 0; flags <= GEV_DESTROY_LOOP; flags++) {
		gev_greenlet *g;

		t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
		g = gev_spawn(never, NULL);
		t_eq(gev_hub_destroy(flags), 0);
		t_ok(gev_dead(g));
		works_again();
		gev_unref(g);
	}
}

static int never_linked(gev_greenlet *g, void *arg)
{
	(void)g;
	return (int)never(arg);
}

/* Links and reports on their way are dropped with it. */
static void destroyed_with_links_pending(void)
{
	gev_greenlet *g = gev_spawn(fail_with, num(EIO));

	gev_link(g, never_linked, NULL);
	gev_rawlink(g, never_linked, NULL);
	gev_add_spawn_callback(never_linked, NULL);
	gev_join(g, GEV_FOREVER);
	t_eq(gev_hub_destroy(0), 0);
	works_again();
	t_ok(gev_dead(g));
	gev_unref(g);
}

/* Main's own timeouts end with the hub they were started in. */
static void destroyed_with_mains_timeouts(void)
{
	for (unsigned flags = 0; flags <= GEV_DESTROY_LOOP; flags++) {
		gev_timeout armed, due, late;

		t_virtual();
		gev_timeout_start(&armed, TICK);
		gev_timeout_start_with(&due, 0, EIO);
		gev_timeout_start_with(&late, 0, EIO);
		t_fails(gev_sleep(DELAY), EIO);
		t_eq(gev_hub_destroy(flags), 0);
		t_ok(!gev_timeout_pending(&armed));
		t_ok(!gev_timeout_pending(&late));
		works_again();
		t_ok(!gev_timeout_cancel(&armed));
		t_ok(gev_timeout_cancel(&due));
		t_ok(!gev_timeout_cancel(&late));
		t_eq(gev_sleep(DELAY), 0);
	}
}

static intptr_t just_idle(void *arg)
{
	(void)arg;
	gev_idle();
	return never(NULL);
}

static void destroyed_while_one_waits_to_be_idle(void)
{
	for (unsigned flags = 0; flags <= GEV_DESTROY_LOOP; flags++) {
		gev_go(just_idle, NULL);
		gev_yield();
		t_eq(gev_hub_destroy(flags), 0);
		works_again();
		t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	}
}

static intptr_t destroy(void *arg)
{
	(void)arg;
	t_fails(gev_hub_destroy(0), EBUSY);
	return 0;
}

static int destroy_in_callback(void *arg)
{
	return (int)destroy(arg);
}

static void destroyed_by_main_only(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	gev_go(destroy, NULL);
	gev_loop_run_callback(loop_here(), &cb, destroy_in_callback, NULL);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

static void figures(void)
{
	struct gev_hub_stats s;
	gev_greenlet *g;

	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	g = gev_spawn(give, NULL);
	gev_go(give, NULL);
	t_eq(gev_hub_get_stats(gev_hub_get(), &s), 0);
	t_eq(s.switches, 0);
	t_eq(s.spawned, 2);
	t_eq(s.living, 2);
	gev_hub_join(GEV_FOREVER);
	t_eq(gev_hub_get_stats(gev_hub_get(), &s), 0);
	t_ok(s.switches >= 3);
	t_eq(s.living, 0);
	t_eq(s.peak, 2);
	t_ok(s.iterations > 0);
	t_ok(s.stacks_mapped >= 3 * 64 * 1024);
	gev_unref(g);
	t_fails(gev_hub_get_stats(NULL, &s), EINVAL);
	t_fails(gev_hub_get_stats(gev_hub_get(), NULL), EINVAL);
	t_fails(gev_hub_set_error_hook(NULL, NULL, NULL), EINVAL);
	t_ok(!gev_hub_loop(NULL) && !gev_hub_main(NULL));
}

/* A hub's loop is run by the hub. */
static void the_loop_is_not_ours_to_run(void)
{
	t_fails(gev_loop_run(loop_here(), 0), EBUSY);
	t_fails(gev_loop_free(loop_here()), EBUSY);
	t_fails(gev_loop_set_error_hook(loop_here(), NULL, NULL), EBUSY);
	t_eq(gev_loop_break(loop_here()), 0);
	t_virtual();
	t_eq(gev_sleep(TICK), 0);
}

static intptr_t tick_along(void *stop)
{
	while (!*(bool *)stop)
		gev_yield();
	return 0;
}

/* Those who only yield leave the hub its turn. */
static void yielding_starves_nobody(void)
{
	gev_timer_watcher t;
	bool stop = false;
	int calls = 0;

	gev_loop_set_virtual(loop_here(), false);
	gev_go(tick_along, &stop);
	gev_go(tick_along, &stop);
	gev_timer_init(&t, loop_here(), GEV_MS(1), 0);
	gev_timer_start(&t, count_call, &calls);
	t_eq(gev_sleep(GEV_MS(2)), 0);
	t_eq(calls, 1);
	stop = true;
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

static intptr_t idler(void *arg)
{
	(void)arg;
	t_eq(gev_idle(), 0);
	t_log("idle ");
	return 0;
}

static intptr_t three_turns(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		t_log("turn ");
		gev_yield();
	}
	return 0;
}

static void idle_is_last(void)
{
	gev_go(idler, NULL);
	gev_go(three_turns, NULL);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("turn turn turn idle ");
}

static intptr_t wait_for(void *event)
{
	return gev_event_wait(event, GEV_FOREVER);
}

static int set(gev_watcher *w, int revents, void *event)
{
	(void)w;
	(void)revents;
	return gev_event_set(event);
}

/* Main comes back from its turn before those whom the event wakes. */
static void whoever_hosts_it_knows_that_greenlets_can_run(void)
{
	gev_event come = GEV_EVENT_INIT;
	gev_timer_watcher t;

	t_virtual();
	gev_go(wait_for, &come);
	gev_yield();
	gev_timer_init(&t, loop_here(), 0, 0);
	gev_timer_start(&t, set, &come);
	gev_yield();
	t_eq(gev_loop_next(loop_here()), 0);
	gev_yield();
	gev_yield();
	t_ok(gev_loop_next(loop_here()) != 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

int main(void)
{
	T_RUN(c29_join_again_and_again);
	T_RUN(c29_join_with_a_timeout);
	T_RUN(a_join_by_a_greenlet);
	T_RUN(c30_watchers_that_do_not_count);
	T_RUN(c22_error_in_a_timer_callback);
	T_RUN(c32_fatal_error_reaches_main);
	T_RUN(c32_sigint_during_get);
	T_RUN(c33_the_loop_is_kept);
	T_RUN(destroyed_with_greenlets_in_it);
	T_RUN(destroyed_before_it_ran);
	T_RUN(destroyed_with_links_pending);
	T_RUN(destroyed_with_mains_timeouts);
	T_RUN(destroyed_while_one_waits_to_be_idle);
	T_RUN(destroyed_by_main_only);
	T_RUN(figures);
	T_RUN(the_loop_is_not_ours_to_run);
	T_RUN(yielding_starves_nobody);
	T_RUN(idle_is_last);
	T_RUN(whoever_hosts_it_knows_that_greenlets_can_run);
	return t_done();
}
