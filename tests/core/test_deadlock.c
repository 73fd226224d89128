/* SPDX-License-Identifier: MIT */
/* Waits that nothing can end, and waits where nobody may wait. */
#include <regex.h>
#include "core.h"

static char report[4096];
static int reports;

static void keep_report(gev_hub *hub, const char *text, void *arg)
{
	t_ok(hub == gev_hub_get() && arg == report);
	snprintf(report, sizeof(report), "%s", text);
	reports++;
}

static void hear_reports(void)
{
	reports = 0;
	report[0] = 0;
	t_eq(gev_hub_set_deadlock_hook(gev_hub_get(), keep_report, report), 0);
}

static bool matches(const char *text, const char *pattern)
{
	regex_t re;
	bool found;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE))
		return false;
	found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	if (!found)
		printf("# no %s in\n%s", pattern, text);
	return found;
}

static void reported(const char *pattern)
{
	t_ok(matches(report, pattern));
}

static gev_greenlet *named(const char *name, gev_fn *fn, void *arg)
{
	struct gev_spawn_options o = { .name = name };

	return gev_spawn_opt(fn, arg, &o);
}

static intptr_t join_it(void *g)
{
	return gev_join(g, GEV_FOREVER);
}

static intptr_t get_it(void *w)
{
	return gev_waiter_get(w, NULL, GEV_FOREVER);
}

static void main_waits_for_ever(void)
{
	t_virtual();
	hear_reports();
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	t_eq(reports, 1);
	reported("^greenlet \"main\" waits in sleep since 0\\.000 s$");
	t_eq(gev_sleep(TICK), 0);
	t_eq(reports, 1);
}

static void each_is_named_with_what_it_waits_on(void)
{
	gev_waiter w = GEV_WAITER_INIT("reply");
	gev_greenlet *asker = named("asker", get_it, &w);
	gev_greenlet *joiner = named("joiner", join_it, asker);
	gev_greenlet *late;

	t_virtual();
	hear_reports();
	late = gev_greenlet_new(give, NULL, NULL);
	gev_set_name(late, "late");
	t_eq(gev_sleep(GEV_MS(1250)), 0);
	t_fails(gev_join(joiner, GEV_FOREVER), EDEADLK);
	t_eq(reports, 1);
	reported("^greenlet \"main\" waits in join of greenlet \"joiner\" "
		 "since 0\\.000 s$");
	reported("^greenlet \"asker\" waits in reply since 1\\.250 s$");
	reported("^greenlet \"joiner\" waits in join of greenlet \"asker\" "
		 "since 1\\.250 s$");
	reported("^greenlet \"late\" has not begun$");
	t_eq(gev_waiter_wake(&w, NULL), 0);
	t_eq(gev_join(joiner, GEV_FOREVER), 0);
	t_eq(reports, 1);
	gev_unref(asker);
	gev_unref(joiner);
	gev_unref(late);
}

static intptr_t join_at(void *at)
{
	return gev_join(*(gev_greenlet **)at, GEV_FOREVER);
}

static void two_join_each_other(void)
{
	gev_greenlet *a, *b;

	hear_reports();
	a = named("a", join_at, &b);
	b = named("b", join_at, &a);
	t_fails(gev_join(a, GEV_FOREVER), EDEADLK);
	reported("^greenlet \"a\" waits in join of greenlet \"b\" since");
	reported("^greenlet \"b\" waits in join of greenlet \"a\" since");
	end(b);
	t_eq(gev_get(a, GEV_FOREVER), 0);
	gev_unref(a);
}

static void every_wait_of_main(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");
	gev_greenlet *g = gev_spawn(sleep_for_ever, NULL);
	gev_timeout never;

	hear_reports();
	gev_timeout_start(&never, GEV_FOREVER);
	t_fails(gev_join(g, GEV_FOREVER), EDEADLK);
	t_fails(gev_get(g, GEV_FOREVER), EDEADLK);
	t_fails(gev_joinall(&g, 1, GEV_FOREVER), EDEADLK);
	t_fails(gev_waiter_get(&w, NULL, GEV_FOREVER), EDEADLK);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(reports, 4);
	gev_timeout_cancel(&never);
	end(g);
}

/* A greenlet that waits in gev_hub_join() is told instead. */
static intptr_t hub_join(void *arg)
{
	(void)arg;
	return gev_hub_join(GEV_FOREVER);
}

static void a_greenlet_may_go_on_after_the_last(void)
{
	gev_greenlet *g = gev_spawn(hub_join, NULL);

	hear_reports();
	t_eq(gev_get(g, GEV_FOREVER), 0);
	t_eq(reports, 0);
	gev_unref(g);
}

static void no_hook_no_report(void)
{
	t_eq(gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL), 0);
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	t_fails(gev_hub_set_deadlock_hook(NULL, NULL, NULL), EINVAL);
}

/* Whoever has a way out is not in a deadlock. */
static void timers_and_timeouts_are_ways_out(void)
{
	gev_timeout t;

	t_virtual();
	hear_reports();
	gev_timeout_start(&t, TICK);
	t_fails(gev_sleep(GEV_FOREVER), ETIMEDOUT);
	gev_go(sleep_for, num(TICK));
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	t_eq(reports, 1);
}

static void descriptions_are_cut(void)
{
	char text[64], start[8];
	size_t whole = gev_hub_describe(gev_hub_get(), text, sizeof(text));

	t_eq(whole, strlen("greenlet \"main\" is running\n"));
	t_str(text, "greenlet \"main\" is running\n");
	t_eq(gev_hub_describe(gev_hub_get(), start, sizeof(start)), whole);
	t_str(start, "greenle");
	t_eq(gev_hub_describe(gev_hub_get(), NULL, 0), whole);
	t_eq(gev_hub_describe(NULL, text, sizeof(text)), 0);
	t_str(text, "");
}

static intptr_t describe(void *text)
{
	return (intptr_t)gev_hub_describe(gev_hub_get(), text, 256);
}

static void *describe_raw(void *text)
{
	describe(text);
	return NULL;
}

static intptr_t describe_in_raw(void *text)
{
	gev_coro *c = gev_coro_new(describe_raw, NULL);

	gev_coro_switch(c, text);
	return gev_coro_free(c);
}

static void the_ready_and_the_raw(void)
{
	char first[256] = "", second[256] = "";
	gev_greenlet *a = named("a", describe, first);
	gev_greenlet *b = named("b", describe_in_raw, second);

	gev_join(a, GEV_FOREVER);
	t_ok(matches(first, "^greenlet \"a\" is running$"));
	t_ok(matches(first, "^greenlet \"b\" is ready to run$"));
	gev_join(b, GEV_FOREVER);
	t_ok(matches(second, "^greenlet \"main\" is ready to run$"));
	t_ok(matches(second, "^greenlet \"b\" switched to a raw coroutine$"));
	gev_unref(a);
	gev_unref(b);
}

static gev_greenlet *target;

static int every_wait_in_a_callback(void *arg)
{
	gev_waiter w = GEV_WAITER_INIT("test");
	char c;

	t_ok(gev_current() == NULL);
	t_fails(gev_sleep(TICK), EDEADLK);
	t_fails(gev_sleep(0), EDEADLK);
	t_fails(gev_yield(), EDEADLK);
	t_fails(gev_idle(), EDEADLK);
	t_fails(gev_join(target, TICK), EDEADLK);
	t_fails(gev_get(target, GEV_FOREVER), EDEADLK);
	t_fails(gev_joinall(&target, 1, TICK), EDEADLK);
	t_fails(gev_waiter_get(&w, NULL, TICK), EDEADLK);
	t_fails(gev_hub_join(TICK), EDEADLK);
	t_fails(gev_recv(*(int *)arg, &c, 1, 0), EDEADLK);
	t_fails(gev_wait_fd(*(int *)arg, GEV_READ, TICK), EDEADLK);
	t_fails(gev_shield_begin(), EPERM);
	t_fails(gev_shield_end(), EPERM);
	return 0;
}

/* What need not wait works there. */
static int no_wait_in_a_callback(void *arg)
{
	gev_greenlet *g = gev_spawn(give, num(1));

	t_ok(g != NULL);
	t_eq(gev_go(give, NULL), 0);
	t_eq(gev_kill(g, 0), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	*(bool *)arg = true;
	return 0;
}

static int timer(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	every_wait_in_a_callback(arg);
	t_fails(gev_kill(target, TICK), EDEADLK);
	return 0;
}

static void in_loop_callbacks(void)
{
	gev_callback one = GEV_CALLBACK_INIT, two = GEV_CALLBACK_INIT;
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_timer_watcher t;
	bool called = false;
	int fds[2];

	t_virtual();
	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	target = gev_spawn(sleep_for, num(DELAY));
	gev_yield();
	gev_loop_run_callback(loop, &one, every_wait_in_a_callback, fds);
	gev_loop_run_callback(loop, &two, no_wait_in_a_callback, &called);
	gev_timer_init(&t, loop, TICK, 0);
	gev_timer_start(&t, timer, fds);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_ok(called && gev_dead(target));
	gev_unref(target);
	gev_close(fds[0]);
	gev_close(fds[1]);
}

int main(void)
{
	T_RUN(main_waits_for_ever);
	T_RUN(each_is_named_with_what_it_waits_on);
	T_RUN(two_join_each_other);
	T_RUN(every_wait_of_main);
	T_RUN(a_greenlet_may_go_on_after_the_last);
	T_RUN(no_hook_no_report);
	T_RUN(timers_and_timeouts_are_ways_out);
	T_RUN(descriptions_are_cut);
	T_RUN(the_ready_and_the_raw);
	T_RUN(in_loop_callbacks);
	return t_done();
}
