/* SPDX-License-Identifier: MIT */
/* gev_iwait_*() and gev_choose_some(): in the order in which they come. */
#include "../sync/battery.h"
#include "choose.h"

/* Three greenlets that end in the order 2, 0, 1. */
static void spawn_three(gev_greenlet *g[3], gev_choice ends[3])
{
	static const gev_time after[3] = { 2 * TICK, 3 * TICK, TICK };

	t_virtual();
	for (int i = 0; i < 3; i++) {
		g[i] = gev_spawn(sleep_for, num(after[i]));
		ends[i] = (gev_choice)GEV_CHOOSE_END(g[i]);
	}
}

static void drop_three(gev_greenlet *g[3])
{
	for (int i = 0; i < 3; i++) {
		t_ok(gev__list_empty(&g[i]->waiters));
		gev_unref(g[i]);
	}
}

static void in_the_order_in_which_they_come(void)
{
	gev_greenlet *g[3];
	gev_choice ends[3];
	gev_iwait it;

	spawn_three(g, ends);
	t_eq(gev_iwait_init(&it, ends, 3), 0);
	t_eq(gev_iwait_next(&it, GEV_FOREVER), 2);
	t_eq(gev_iwait_next(&it, GEV_FOREVER), 0);
	t_eq(gev_iwait_next(&it, GEV_FOREVER), 1);
	t_fails(gev_iwait_next(&it, GEV_FOREVER), ENOENT);
	gev_iwait_fini(&it);
	t_fails(gev_iwait_next(&it, GEV_FOREVER), ENOENT);
	drop_three(g);
}

static void in_that_order_even_if_nobody_waits(void)
{
	gev_greenlet *g[3];
	gev_choice ends[3];
	gev_iwait it;

	spawn_three(g, ends);
	t_eq(gev_iwait_init(&it, ends, 3), 0);
	t_eq(gev_sleep(DELAY), 0);
	t_eq(gev_iwait_next(&it, 0), 2);
	t_eq(gev_iwait_next(&it, 0), 0);
	t_eq(gev_iwait_next(&it, 0), 1);
	gev_iwait_fini(&it);
	drop_three(g);
}

static void what_was_ready_before_comes_first(void)
{
	gev_greenlet *g[3];
	gev_choice ends[3];
	int order[3];

	spawn_three(g, ends);
	t_eq(gev_sleep(2 * TICK + 1), 0);
	t_eq(gev_choose_some(ends, 3, 0, GEV_FOREVER, order), 3);
	t_eq(order[0], 0);
	t_eq(order[1], 2);
	t_eq(order[2], 1);
	drop_three(g);
}

static void abandoned_half_way(void)
{
	gev_greenlet *g[3];
	gev_choice ends[3];
	gev_iwait it;

	spawn_three(g, ends);
	t_eq(gev_iwait_init(&it, ends, 3), 0);
	t_eq(gev_iwait_next(&it, GEV_FOREVER), 2);
	gev_iwait_fini(&it);
	gev_iwait_fini(&it);
	t_ok(ends[2].taken && !ends[0].taken && !ends[1].taken);
	t_ok(gev__list_empty(&g[0]->waiters));
	t_eq(gev_joinall(g, 3, GEV_FOREVER), 3);
	drop_three(g);
}

static void all_kinds_abandoned(void)
{
	gev_iwait it;

	things_init();
	t_eq(gev_iwait_init(&it, choices, KINDS), 0);
	t_fails(gev_iwait_next(&it, 0), EAGAIN);
	t_fails(gev_iwait_next(&it, TICK), ETIMEDOUT);
	gev_iwait_fini(&it);
	things_fini();
}

static void all_kinds_one_after_the_other(void)
{
	gev_iwait it;

	things_init();
	t_eq(gev_iwait_init(&it, choices, KINDS), 0);
	for (int kind = KINDS - 1; kind >= 0; kind--) {
		make_ready(kind);
		t_eq(gev_iwait_next(&it, GEV_FOREVER), kind);
		t_eq(choices[kind].error, 0);
	}
	t_eq(things.received, 7);
	t_ok(things.item == num(33));
	t_fails(gev_iwait_next(&it, 0), ENOENT);
	gev_iwait_fini(&it);
	settle();
	things_fini();
}

/* What comes while nobody waits is taken, and can be told by its mark. */
static void what_was_taken_and_not_given(void)
{
	gev_iwait it;

	things_init();
	t_eq(gev_iwait_init(&it, choices, KINDS), 0);
	make_ready(GET);
	make_ready(ACQUIRE);
	gev_iwait_fini(&it);
	t_ok(choices[GET].taken && choices[ACQUIRE].taken);
	t_ok(things.item == num(33));
	t_eq(gev_sem_value(&things.sem), 0);
	things_fini();
}

static intptr_t give_after(void *arg)
{
	gev_sleep((intptr_t)arg);
	return gev_sem_release(&things.sem);
}

static void a_count_and_a_timeout(void)
{
	gev_greenlet *g[3];
	gev_choice ends[3];
	int order[3] = { -1, -1, -1 };

	spawn_three(g, ends);
	t_eq(gev_choose_some(ends, 3, 2, GEV_FOREVER, order), 2);
	t_eq(order[0], 2);
	t_eq(order[1], 0);
	t_eq(order[2], -1);
	t_eq(gev_joinall(g, 3, GEV_FOREVER), 3);
	drop_three(g);
	spawn_three(g, ends);
	t_eq(gev_choose_some(ends, 3, 0, 0, NULL), 0);
	t_eq(gev_choose_some(ends, 3, 0, TICK + TICK / 2, order), 1);
	t_eq(order[0], 2);
	t_eq(gev_choose_some(ends, 3, 9, GEV_FOREVER, NULL), 3);
	drop_three(g);
}

static void an_outer_timeout_is_an_error(void)
{
	gev_timeout outer;

	things_init();
	t_eq(gev_timeout_start(&outer, TICK), 0);
	t_fails(gev_choose_some(choices, KINDS, 1, DELAY, NULL), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&outer));
	things_fini();
}

static gev_iwait shared;

static intptr_t next_of_shared(void *timeout)
{
	int i = gev_iwait_next(&shared, (intptr_t)timeout);

	t_log("%d ", i < 0 ? -errno : i);
	return 0;
}

static void one_waits_at_a_time(void)
{
	things_init();
	t_eq(gev_iwait_init(&shared, choices, KINDS), 0);
	t_eq(gev_go(next_of_shared, num(GEV_FOREVER)), 0);
	settle();
	t_fails(gev_iwait_next(&shared, GEV_FOREVER), EBUSY);
	t_fails(gev_iwait_next(&shared, 0), EBUSY);
	gev_iwait_fini(&shared);
	settle();
	t_log_is("-22 ");
	things_fini();
}

/* The iteration goes on, whoever is killed in it. */
static void a_killed_waiter_loses_nothing(void)
{
	gev_greenlet *g;

	things_init();
	t_eq(gev_iwait_init(&shared, choices, KINDS), 0);
	g = gev_spawn(next_of_shared, num(GEV_FOREVER));
	settle();
	t_eq(gev_kill(g, 0), 0);
	make_ready(ACQUIRE);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_log_is("-125 ");
	t_eq(gev_iwait_next(&shared, 0), ACQUIRE);
	gev_iwait_fini(&shared);
	things_fini();
}

static void *next_from_afar(void *arg)
{
	(void)arg;
	t_fails(gev_iwait_next(&shared, 0), EPERM);
	gev_iwait_fini(&shared);
	return NULL;
}

static void bad_arguments(void)
{
	gev_choice never = { .kind = GEV_CHOICE_NEVER };
	gev_iwait it;

	things_init();
	t_fails(gev_iwait_init(NULL, choices, 1), EINVAL);
	t_fails(gev_iwait_init(&it, NULL, 1), EINVAL);
	t_fails(gev_iwait_init(&it, choices, -1), EINVAL);
	t_fails(gev_iwait_next(NULL, 0), EINVAL);
	t_fails(gev_choose_some(choices, KINDS, -1, 0, NULL), EINVAL);
	t_fails(gev_choose_some(choices, KINDS, 0, -2, NULL), EINVAL);
	gev_iwait_fini(NULL);
	t_eq(gev_choose_some(NULL, 0, 0, GEV_FOREVER, NULL), 0);
	t_eq(gev_choose_some(&never, 1, 0, GEV_FOREVER, NULL), 0);
	t_eq(gev_iwait_init(&shared, choices, KINDS), 0);
	t_fails(gev_iwait_next(&shared, -2), EINVAL);
	in_thread(next_from_afar, NULL);
	t_eq(gev_go(give_after, num(TICK)), 0);
	t_eq(gev_iwait_next(&shared, GEV_FOREVER), ACQUIRE);
	gev_iwait_fini(&shared);
	things_fini();
}

int main(void)
{
	T_RUN(in_the_order_in_which_they_come);
	T_RUN(in_that_order_even_if_nobody_waits);
	T_RUN(what_was_ready_before_comes_first);
	T_RUN(abandoned_half_way);
	T_RUN(all_kinds_abandoned);
	T_RUN(all_kinds_one_after_the_other);
	T_RUN(what_was_taken_and_not_given);
	T_RUN(a_count_and_a_timeout);
	T_RUN(an_outer_timeout_is_an_error);
	T_RUN(one_waits_at_a_time);
	T_RUN(a_killed_waiter_loses_nothing);
	T_RUN(bad_arguments);
	return t_done();
}
