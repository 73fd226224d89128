/* SPDX-License-Identifier: MIT */
/* The life of a greenlet: spawn, run, end. */
#include "core.h"

static intptr_t note(void *name)
{
	t_log("%s ", (const char *)name);
	return 0;
}

static void c01_spawn_does_not_run(void)
{
	gev_greenlet *g = gev_spawn(note, "ran");

	t_log_is("");
	t_eq(gev_yield(), 0);
	t_log_is("ran ");
	gev_unref(g);
}

static intptr_t a_then_b(void *who)
{
	t_log("%sA ", (const char *)who);
	gev_yield();
	t_log("%sB ", (const char *)who);
	return 0;
}

static void c02_order_of_two(void)
{
	t_eq(gev_go(a_then_b, "1"), 0);
	t_eq(gev_go(a_then_b, "2"), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("1A 2A 1B 2B ");
}

static intptr_t foo(void *arg)
{
	(void)arg;
	t_log("Running in foo\n");
	gev_sleep(0);
	t_log("Explicit context switch to foo again\n");
	return 0;
}

static intptr_t bar(void *arg)
{
	(void)arg;
	t_log("Explicit context to bar\n");
	gev_sleep(0);
	t_log("Implicit context switch back to bar\n");
	return 0;
}

static void tutorial_foo_and_bar(void)
{
	gev_greenlet *gs[] = { gev_spawn(foo, NULL), gev_spawn(bar, NULL) };

	t_eq(gev_joinall(gs, 2, GEV_FOREVER), 2);
	t_log_is("Running in foo\n"
		 "Explicit context to bar\n"
		 "Explicit context switch to foo again\n"
		 "Implicit context switch back to bar\n");
	gev_unref(gs[0]);
	gev_unref(gs[1]);
}

static void is(gev_greenlet *g, bool started, bool dead, intptr_t value)
{
	t_eq(gev_started(g), started);
	t_eq(gev_dead(g), dead);
	t_eq(gev_ready(g), dead);
	t_eq(gev_successful(g), dead);
	t_eq(gev_value(g), value);
	t_eq(gev_exception(g), 0);
}

static intptr_t sleep_and_give(void *arg)
{
	is(gev_current(), true, false, 0);
	gev_sleep(DELAY);
	return (intptr_t)arg;
}

static void c04_simple_exit(void)
{
	gev_greenlet *g = gev_greenlet_new(sleep_and_give, num(5), NULL);

	t_virtual();
	is(g, false, false, 0);
	t_eq(gev_start(g), 0);
	is(g, true, false, 0);
	gev_yield();
	is(g, true, false, 0);
	t_eq(gev_get(g, GEV_FOREVER), 5);
	is(g, false, true, 5);
	gev_unref(g);
}

static int count_call(gev_greenlet *g, void *calls)
{
	(void)g;
	++*(int *)calls;
	return 0;
}

static void c05_failing_greenlet(void)
{
	gev_greenlet *g = gev_spawn(fail_with, num(EPROTO));
	int calls = 0;

	t_eq(gev_rawlink(g, count_call, &calls), 0);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	settle();
	t_ok(gev_dead(g) && gev_ready(g) && !gev_started(g));
	t_ok(!gev_successful(g));
	t_eq(gev_value(g), 0);
	t_eq(gev_exception(g), EPROTO);
	t_eq(calls, 1);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	gev_unref(g);
}

static void c06_no_second_run(void)
{
	gev_greenlet *g = gev_greenlet_new(note, "ran", NULL);

	t_eq(gev_start(g), 0);
	t_fails(gev_start(g), EALREADY);
	t_fails(gev_start_later(g, TICK), EALREADY);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_fails(gev_start(g), EALREADY);
	t_fails(gev_start_later(g, 0), EALREADY);
	settle();
	t_log_is("ran ");
	gev_unref(g);
}

static uint64_t spawned(void)
{
	struct gev_hub_stats stats;

	t_eq(gev_hub_get_stats(gev_hub_get(), &stats), 0);
	return stats.spawned;
}

static void c07_no_function(void)
{
	uint64_t before = spawned();

	t_fails(gev_spawn(NULL, NULL), EINVAL);
	t_fails(gev_spawn_opt(NULL, NULL, NULL), EINVAL);
	t_fails(gev_spawn_later(TICK, NULL, NULL), EINVAL);
	t_fails(gev_greenlet_new(NULL, NULL, NULL), EINVAL);
	t_fails(gev_go(NULL, NULL), EINVAL);
	t_fails(gev_start(NULL), EINVAL);
	t_fails(gev_spawn_later(-1, note, "never"), EINVAL);
	t_eq(spawned(), before);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("");
}

static void never_dead(enum gev_coro_event event, gev_coro *origin,
	gev_coro *target, void *switches)
{
	(void)event;
	(void)origin;
	t_ok(!gev_coro_dead(target));
	t_ok(!gev_dead(gev_current()));
	++*(int *)switches;
}

static void c08_current_is_not_dead(void)
{
	int switches = 0;

	t_eq(gev_coro_settrace(never_dead, &switches), 0);
	t_eq(gev_go(give, NULL), 0);
	t_eq(gev_go(a_then_b, ""), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(gev_coro_settrace(NULL, NULL), 0);
	t_ok(switches >= 6);
}

static intptr_t check_current(void *arg)
{
	gev_greenlet **self = arg;

	t_ok(gev_current() == *self);
	t_ok(gev_coro_current() == gev_greenlet_coro(*self));
	gev_yield();
	t_ok(gev_current() == *self);
	return 0;
}

static void current_is_who_runs(void)
{
	gev_greenlet *g;

	t_ok(gev_current() == gev_hub_main(gev_hub_get()));
	g = gev_spawn(check_current, &g);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_ok(gev_current() == gev_hub_main(gev_hub_get()));
	gev_unref(g);
}

static void spawn_later_starts_then(void)
{
	gev_greenlet *late, *early;
	gev_time start;

	t_virtual();
	start = now();
	late = gev_spawn_later(2 * TICK, note, "late");
	early = gev_spawn_later(TICK, note, "early");
	t_ok(gev_started(late));
	t_eq(gev_join(early, GEV_FOREVER), 0);
	t_eq(now() - start, TICK);
	t_eq(gev_join(late, GEV_FOREVER), 0);
	t_eq(now() - start, 2 * TICK);
	t_log_is("early late ");
	gev_unref(late);
	gev_unref(early);
}

static void killed_before_its_time(void)
{
	gev_greenlet *g;
	gev_time start;

	t_virtual();
	start = now();
	g = gev_spawn_later(GEV_SEC(10), note, "never");
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	is(g, false, true, 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(now() - start, 0);
	t_log_is("");
	gev_unref(g);
}

static void start_later_with_no_delay(void)
{
	gev_greenlet *g = gev_greenlet_new(note, "ran", NULL);

	t_eq(gev_start_later(g, 0), 0);
	t_log_is("");
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_log_is("ran ");
	gev_unref(g);
}

static void go_is_forgotten(void)
{
	struct gev_hub_stats stats;

	for (int i = 0; i < 3; i++)
		t_eq(gev_go(note, "go"), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("go go go ");
	t_eq(gev_hub_get_stats(gev_hub_get(), &stats), 0);
	t_eq(stats.living, 0);
}

static intptr_t minus_one(void *code)
{
	errno = (int)(intptr_t)code;
	return -1;
}

static intptr_t speak_up(void *message)
{
	return gev_fail(EBADMSG, message);
}

static void ends_with(gev_fn *fn, void *arg, int code)
{
	gev_greenlet *g = gev_spawn(fn, arg);

	t_fails(gev_get(g, GEV_FOREVER), code);
	t_eq(gev_exception(g), code);
	t_ok(!gev_successful(g));
	gev_unref(g);
}

static void what_a_function_returns(void)
{
	gev_greenlet *g = gev_spawn(give, &g);

	t_ok(gev_get(g, GEV_FOREVER) == (intptr_t)&g);
	gev_unref(g);
	ends_with(minus_one, num(ENOENT), ENOENT);
	ends_with(minus_one, num(0), EPERM);
	ends_with(fail_with, num(EPERM), EPERM);
	ends_with(fail_with, num(ENOTTY), ENOTTY);
	ends_with(speak_up, "no", EBADMSG);
}

static void ending_with_ecanceled_is_success(void)
{
	gev_greenlet *g = gev_spawn(fail_with, num(ECANCELED));

	t_fails(gev_get(g, GEV_FOREVER), ECANCELED);
	t_ok(gev_successful(g));
	t_eq(gev_exception(g), 0);
	t_eq(gev_value(g), 0);
	gev_unref(g);
}

static void message_of(char *said, const char *kept)
{
	gev_greenlet *g = gev_spawn(speak_up, said);

	t_str(gev_exception_message(g), "");
	t_fails(gev_get(g, GEV_FOREVER), EBADMSG);
	t_str(gev_exception_message(g), kept);
	gev_unref(g);
}

static void fail_keeps_a_message(void)
{
	char text[] = "0123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789";
	char cut[64] = "";

	memcpy(cut, text, 63);
	message_of("bad greeting", "bad greeting");
	message_of("", "");
	message_of(NULL, "");
	message_of(text, cut);
	t_fails(gev_fail(0, NULL), EINVAL);
	t_fails(gev_fail(-3, NULL), EINVAL);
	t_fails(gev_fail(EIO, NULL), EIO);
}

static void options_name(void)
{
	struct gev_spawn_options o = { .name = "0123456789abcdef"
					       "0123456789abcdef" };
	gev_greenlet *g = gev_spawn_opt(give, NULL, &o);

	t_str(gev_name(g), "0123456789abcdef0123456789abcde");
	t_eq(gev_set_name(g, "short"), 0);
	t_str(gev_name(g), "short");
	t_fails(gev_set_name(g, NULL), EINVAL);
	t_fails(gev_set_name(NULL, "x"), EINVAL);
	end(g);
}

static void names_and_numbers(void)
{
	gev_greenlet *a = gev_spawn(give, NULL);
	gev_greenlet *b = gev_spawn(give, NULL);
	char expected[32];

	t_ok(gev_id(a) && gev_id(b) && gev_id(a) != gev_id(b));
	snprintf(expected, sizeof(expected), "greenlet-%llu",
		(unsigned long long)gev_id(a));
	t_str(gev_name(a), expected);
	t_str(gev_name(gev_hub_main(gev_hub_get())), "main");
	end(a);
	end(b);
}

static intptr_t use_stack(void *size)
{
	volatile char room[16 * 1024];

	room[0] = 1;
	t_ok(gev_coro_stack_size(gev_coro_current()) >= (size_t)size);
	return room[0];
}

static void options_stack_size(void)
{
	size_t bad[] = { 1, (16 << 10) - 1, ((size_t)1 << 30) + 1, SIZE_MAX };
	size_t good[] = { 0, 32 << 10, 100000, 1 << 20 };
	struct gev_spawn_options o = { 0 };

	for (int i = 0; i < 4; i++) {
		o.stack_size = bad[i];
		t_fails(gev_spawn_opt(give, NULL, &o), EINVAL);
		t_fails(gev_greenlet_new(give, NULL, &o), EINVAL);
	}
	for (int i = 0; i < 4; i++) {
		gev_greenlet *g;

		o.stack_size = good[i];
		g = gev_spawn_opt(use_stack, num((intptr_t)good[i]), &o);
		t_eq(gev_get(g, GEV_FOREVER), 1);
		gev_unref(g);
	}
}

static intptr_t unref_self(void *arg)
{
	gev_greenlet **self = arg;

	gev_unref(*self);
	gev_yield();
	t_ok(gev_started(gev_current()));
	return 0;
}

static int unref_it(gev_greenlet *g, void *calls)
{
	++*(int *)calls;
	t_ok(gev_dead(g));
	gev_unref(g);
	return 0;
}

static void unref_in_any_order(void)
{
	struct gev_hub_stats stats;
	gev_greenlet *g = gev_spawn(note, "1");
	int calls = 0;

	gev_unref(g);
	gev_yield();
	g = gev_spawn(note, "2");
	t_ok(gev_ref(g) == g);
	gev_join(g, GEV_FOREVER);
	gev_unref(g);
	t_ok(gev_dead(g));
	gev_unref(g);
	g = gev_spawn(unref_self, &g);
	settle();
	g = gev_spawn(give, NULL);
	gev_rawlink(g, unref_it, &calls);
	settle();
	g = gev_spawn(give, NULL);
	gev_link(g, unref_it, &calls);
	settle();
	t_eq(calls, 2);
	t_log_is("1 2 ");
	gev_hub_get_stats(gev_hub_get(), &stats);
	t_eq(stats.living, 0);
}

static void unref_of_one_never_started(void)
{
	struct gev_hub_stats stats;
	gev_greenlet *g = gev_greenlet_new(note, "never", NULL);
	int calls = 0;

	gev_rawlink(g, count_call, &calls);
	gev_unref(g);
	settle();
	t_eq(calls, 1);
	t_log_is("");
	gev_hub_get_stats(gev_hub_get(), &stats);
	t_eq(stats.living, 0);
}

static void null_is_nobody(void)
{
	gev_unref(NULL);
	t_ok(gev_ref(NULL) == NULL);
	t_ok(!gev_started(NULL) && !gev_dead(NULL) && !gev_ready(NULL));
	t_ok(!gev_successful(NULL));
	t_eq(gev_value(NULL), 0);
	t_eq(gev_exception(NULL), 0);
	t_str(gev_exception_message(NULL), "");
	t_eq(gev_id(NULL), 0);
	t_ok(gev_greenlet_coro(NULL) == NULL);
	t_fails(gev_join(NULL, 0), EINVAL);
	t_fails(gev_get(NULL, 0), EINVAL);
	t_fails(gev_leave(NULL, 0), EINVAL);
}

int main(void)
{
	T_RUN(c01_spawn_does_not_run);
	T_RUN(c02_order_of_two);
	T_RUN(tutorial_foo_and_bar);
	T_RUN(c04_simple_exit);
	T_RUN(c05_failing_greenlet);
	T_RUN(c06_no_second_run);
	T_RUN(c07_no_function);
	T_RUN(c08_current_is_not_dead);
	T_RUN(current_is_who_runs);
	T_RUN(spawn_later_starts_then);
	T_RUN(killed_before_its_time);
	T_RUN(start_later_with_no_delay);
	T_RUN(go_is_forgotten);
	T_RUN(what_a_function_returns);
	T_RUN(ending_with_ecanceled_is_success);
	T_RUN(fail_keeps_a_message);
	T_RUN(options_name);
	T_RUN(names_and_numbers);
	T_RUN(options_stack_size);
	T_RUN(unref_in_any_order);
	T_RUN(unref_of_one_never_started);
	T_RUN(null_is_nobody);
	return t_done();
}
