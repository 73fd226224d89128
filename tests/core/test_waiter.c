/* SPDX-License-Identifier: MIT */
/* Waiters: the one way to wait, and the invariants it rests on. */
#include "core.h"
#include "core/wait.h"

struct wait {
	gev_waiter w;
	gev_time timeout;
	void *value;
	int result;  /* 0 or the code; -1: not yet */
};

static intptr_t get(void *arg)
{
	struct wait *x = arg;

	x->result = gev_waiter_get(&x->w, &x->value, x->timeout) < 0 ? errno :
								       0;
	t_log("%s ", x->w.what);
	return 0;
}

static gev_greenlet *waiting(struct wait *x, const char *what)
{
	gev_greenlet *g;

	*x = (struct wait){ .w = GEV_WAITER_INIT(what),
		.timeout = GEV_FOREVER,
		.result = -1 };
	g = gev_spawn(get, x);
	t_eq(gev_yield(), 0);
	t_eq(x->result, -1);
	return g;
}

static uint64_t switches(void)
{
	struct gev_hub_stats stats;

	t_eq(gev_hub_get_stats(gev_hub_get(), &stats), 0);
	return stats.switches;
}

static void c26_woken_before_the_wait(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");
	uint64_t before;
	void *value = NULL;

	t_eq(gev_go(give, NULL), 0);
	before = switches();
	t_eq(gev_waiter_wake(&w, num(25)), 0);
	t_eq(gev_waiter_get(&w, &value, GEV_FOREVER), 0);
	t_ok(value == num(25));
	t_eq(gev_waiter_get(&w, NULL, 0), 0);
	gev_waiter_init(&w, NULL);
	t_eq(gev_waiter_fail(&w, EPROTO), 0);
	t_fails(gev_waiter_get(&w, &value, GEV_FOREVER), EPROTO);
	t_fails(gev_waiter_get(&w, &value, 0), EPROTO);
	t_eq(switches(), before);
	settle();
}

static void c26_described(void)
{
	struct wait x = { .w = GEV_WAITER_INIT("reply") };
	gev_greenlet *g;
	char text[128];

	gev_waiter_describe(&x.w, text, sizeof(text));
	t_str(text, "reply: nobody waits");
	g = waiting(&x, "reply");
	gev_set_name(g, "asker");
	gev_waiter_describe(&x.w, text, sizeof(text));
	t_str(text, "reply: greenlet \"asker\" waits");
	t_eq(gev_waiter_describe(&x.w, text, 6), strlen("reply: greenlet "
							"\"asker\" waits"));
	t_str(text, "reply");
	t_eq(gev_waiter_wake(&x.w, NULL), 0);
	gev_waiter_describe(&x.w, text, sizeof(text));
	t_str(text, "reply: woken");
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static intptr_t sleep_undisturbed(void *arg)
{
	gev_time start = now();

	(void)arg;
	t_eq(gev_sleep(DELAY), 0);
	t_eq(now() - start, DELAY);
	return 1;
}

static void c27_switch_into_a_wait(void)
{
	gev_greenlet *g = gev_spawn(sleep_undisturbed, NULL);
	gev_coro *c = gev_greenlet_coro(g);
	intptr_t values[] = { 0, 1, 27 };

	t_virtual();
	t_fails(gev_coro_switch(c, NULL), EBUSY);
	gev_yield();
	for (int i = 0; i < 3; i++)
		t_fails(gev_coro_switch(c, num(values[i])), EBUSY);
	t_fails(gev_coro_throw(c, EIO), EBUSY);
	t_fails(gev_coro_free(c), EBUSY);
	t_fails(gev_coro_switch(gev_coro_parent(c), NULL), EBUSY);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
}

static gev_waiter event;

static intptr_t setter(void *arg)
{
	(void)arg;
	t_log("A: Hey wait for me, I have to do something\n");
	gev_sleep(GEV_SEC(3));
	t_log("Ok, I'm done\n");
	gev_waiter_wake(&event, NULL);
	return 0;
}

static intptr_t waiter(void *arg)
{
	(void)arg;
	t_log("I'll wait for you\n");
	gev_waiter_get(&event, NULL, GEV_FOREVER);
	t_log("It's about time\n");
	return 0;
}

static void tutorial_event(void)
{
	gev_greenlet *gs[] = { gev_spawn(setter, NULL),
		gev_spawn(waiter, NULL) };

	t_virtual();
	gev_waiter_init(&event, "event");
	t_eq(gev_joinall(gs, 2, GEV_FOREVER), 2);
	t_log_is("A: Hey wait for me, I have to do something\n"
		 "I'll wait for you\n"
		 "Ok, I'm done\n"
		 "It's about time\n");
	gev_unref(gs[0]);
	gev_unref(gs[1]);
}

/* Invariant 1: who wakes or spawns goes on. */
static void nobody_runs_but_who_was_scheduled(void)
{
	struct wait x;
	gev_greenlet *g = waiting(&x, "x");
	uint64_t before = switches();
	gev_greenlet *other = gev_spawn(give, NULL);

	gev_waiter_wake(&x.w, NULL);
	gev_kill(other, 0);
	t_eq(switches(), before);
	t_eq(x.result, -1);
	t_eq(gev_yield(), 0);
	t_eq(x.result, 0);
	gev_unref(g);
	gev_unref(other);
}

/* Invariant 2: FIFO, whatever the reason of the wake. */
static void woken_ones_run_in_order(void)
{
	struct wait a, b, c, d;
	gev_greenlet *gs[] = { waiting(&a, "a"), waiting(&b, "b"),
		waiting(&c, "c"), waiting(&d, "d") };

	gev_waiter_fail(&c.w, EIO);
	gev_kill(gs[1], 0);
	gev_waiter_wake(&d.w, NULL);
	gev_throw(gs[0], EPROTO);
	t_eq(gev_joinall(gs, 4, GEV_FOREVER), 4);
	t_log_is("c b d a ");
	t_eq(a.result, EPROTO);
	t_eq(b.result, ECANCELED);
	t_eq(c.result, EIO);
	t_eq(d.result, 0);
	for (int i = 0; i < 4; i++)
		gev_unref(gs[i]);
}

/* Invariant 3: kills and throws that come later strike the next wait. */
static void the_first_wake_wins(void)
{
	struct wait x;
	gev_greenlet *g = waiting(&x, "x");

	t_eq(gev_waiter_wake(&x.w, num(1)), 0);
	t_fails(gev_waiter_wake(&x.w, num(2)), EALREADY);
	t_fails(gev_waiter_fail(&x.w, EIO), EALREADY);
	t_eq(gev_throw(g, EPROTO), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(x.result, 0);
	t_ok(x.value == num(1));
	gev_unref(g);
	g = waiting(&x, "x");
	t_eq(gev_kill(g, 0), 0);
	t_fails(gev_waiter_wake(&x.w, num(1)), EALREADY);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(x.result, ECANCELED);
	gev_unref(g);
}

static struct gev_list waiters = { &waiters, &waiters };

static intptr_t listed(void *timeout)
{
	struct gev_waiter w = { .what = "list" };
	int r;

	gev__list_add_tail(&waiters, &w.link);
	r = gev__park(&w, (intptr_t)timeout);
	t_ok(w.link.next == &w.link);
	return -r;
}

static gev_greenlet *in_list(gev_time timeout)
{
	gev_greenlet *g = gev_spawn(listed, num(timeout));

	gev_yield();
	return g;
}

static void has_left_the_list(gev_greenlet *g, int code)
{
	t_eq(gev_get(g, GEV_FOREVER), code);
	t_ok(gev__list_empty(&waiters));
	gev_unref(g);
}

/* Invariants 4 and 5: out of every list, whatever ended the wait. */
static void a_wait_that_ended_left_no_trace(void)
{
	gev_greenlet *g = in_list(GEV_FOREVER);

	t_virtual();
	gev__wake_all(&waiters, 0);
	has_left_the_list(g, 0);
	has_left_the_list(in_list(TICK), ETIMEDOUT);
	has_left_the_list(in_list(0), ETIMEDOUT);
	has_left_the_list(in_list(-2), EINVAL);
	g = in_list(TICK);
	gev_kill(g, 0);
	has_left_the_list(g, ECANCELED);
	g = in_list(TICK);
	gev_throw(g, EPROTO);
	has_left_the_list(g, EPROTO);
}

static void note_wake(struct gev_waiter *w)
{
	t_log("%d ", w->result);
}

static intptr_t told(void *timeout)
{
	struct gev_waiter w = { .what = "told", .woke = note_wake };

	gev__list_add_tail(&waiters, &w.link);
	return -gev__park(&w, (intptr_t)timeout);
}

static void a_wake_is_told_of(void)
{
	gev_greenlet *g = gev_spawn(told, num(GEV_FOREVER));

	t_virtual();
	t_eq(gev_yield(), 0);
	gev__wake_all(&waiters, 0);
	t_log_is("0 ");
	has_left_the_list(g, 0);
	g = gev_spawn(told, num(GEV_FOREVER));
	t_eq(gev_yield(), 0);
	t_eq(gev_throw(g, EPROTO), 0);
	t_log_is("-71 ");
	has_left_the_list(g, EPROTO);
	has_left_the_list(gev_spawn(told, num(TICK)), ETIMEDOUT);
	t_log_is("-110 ");
}

static void a_wait_that_timed_out_is_over(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");
	gev_time start;

	t_virtual();
	start = now();
	t_fails(gev_waiter_get(&w, NULL, TICK), ETIMEDOUT);
	t_eq(now() - start, TICK);
	t_fails(gev_waiter_wake(&w, NULL), EALREADY);
	t_fails(gev_waiter_get(&w, NULL, GEV_FOREVER), ETIMEDOUT);
}

static void a_wait_of_no_time_is_over_too(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");

	t_fails(gev_waiter_get(&w, NULL, 0), ETIMEDOUT);
	t_fails(gev_waiter_wake(&w, NULL), EALREADY);
	t_fails(gev_waiter_get(&w, NULL, GEV_FOREVER), ETIMEDOUT);
}

static intptr_t wait_in_vain(void *w)
{
	gev_kill(gev_current(), 0);
	t_fails(gev_waiter_get(w, NULL, GEV_FOREVER), ECANCELED);
	t_fails(gev_waiter_wake(w, NULL), EALREADY);
	return 0;
}

static void a_wait_of_the_killed_is_over_as_well(void)
{
	gev_waiter w = GEV_WAITER_INIT("test");
	gev_greenlet *g = gev_spawn(wait_in_vain, &w);

	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static void one_waits_at_a_time(void)
{
	struct wait x;
	gev_greenlet *g = waiting(&x, "x");

	t_fails(gev_waiter_get(&x.w, NULL, GEV_FOREVER), EBUSY);
	t_fails(gev_waiter_get(&x.w, NULL, 0), EBUSY);
	t_eq(gev_waiter_wake(&x.w, NULL), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(x.result, 0);
	gev_unref(g);
}

static void what_makes_no_sense(void)
{
	gev_waiter w = GEV_WAITER_INIT(NULL);
	char text[32];

	t_fails(gev_waiter_get(NULL, NULL, 0), EINVAL);
	t_fails(gev_waiter_get(&w, NULL, -2), EINVAL);
	t_fails(gev_waiter_wake(NULL, NULL), EINVAL);
	t_fails(gev_waiter_fail(NULL, EIO), EINVAL);
	t_fails(gev_waiter_fail(&w, 0), EINVAL);
	t_fails(gev_waiter_fail(&w, -EIO), EINVAL);
	gev_waiter_describe(&w, text, sizeof(text));
	t_str(text, "waiter: nobody waits");
	t_eq(gev_waiter_wake(&w, NULL), 0);
	t_eq(gev_waiter_get(&w, NULL, 0), 0);
}

static intptr_t errno_is_mine(void *mine)
{
	errno = (int)(intptr_t)mine;
	for (int i = 0; i < 5; i++) {
		gev_yield();
		t_eq(errno, (int)(intptr_t)mine);
		gev_sleep(TICK);
		t_eq(errno, (int)(intptr_t)mine);
	}
	return 0;
}

static void errno_of_each_greenlet(void)
{
	gev_greenlet *gs[] = { gev_spawn(errno_is_mine, num(ENOENT)),
		gev_spawn(errno_is_mine, num(EIO)),
		gev_spawn(errno_is_mine, num(0)) };

	t_virtual();
	errno = E2BIG;
	gev_joinall(gs, 3, GEV_FOREVER);
	t_eq(errno, E2BIG);
	for (int i = 0; i < 3; i++)
		gev_unref(gs[i]);
}

static int wake_it(void *w)
{
	t_eq(gev_waiter_wake(w, num(9)), 0);
	return 0;
}

static void woken_by_a_callback(void)
{
	gev_waiter w = GEV_WAITER_INIT("callback");
	gev_callback cb = GEV_CALLBACK_INIT;
	void *value = NULL;

	gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb, wake_it, &w);
	t_eq(gev_waiter_get(&w, &value, GEV_FOREVER), 0);
	t_ok(value == num(9));
}

int main(void)
{
	T_RUN(c26_woken_before_the_wait);
	T_RUN(c26_described);
	T_RUN(c27_switch_into_a_wait);
	T_RUN(tutorial_event);
	T_RUN(nobody_runs_but_who_was_scheduled);
	T_RUN(woken_ones_run_in_order);
	T_RUN(the_first_wake_wins);
	T_RUN(a_wait_that_ended_left_no_trace);
	T_RUN(a_wake_is_told_of);
	T_RUN(a_wait_that_timed_out_is_over);
	T_RUN(a_wait_of_no_time_is_over_too);
	T_RUN(a_wait_of_the_killed_is_over_as_well);
	T_RUN(one_waits_at_a_time);
	T_RUN(what_makes_no_sense);
	T_RUN(errno_of_each_greenlet);
	T_RUN(woken_by_a_callback);
	return t_done();
}
