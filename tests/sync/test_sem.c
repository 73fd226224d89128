/* SPDX-License-Identifier: MIT */
/* Semaphores: permits, and whose turn it is. */
#include "battery.h"
#include "sync/sync.h"

static gev_sem sem;

static void *make(void)
{
	gev_sem_init(&sem, 0);
	return &sem;
}

static void *make_bounded(void)
{
	gev_sem_init_bounded(&sem, 1);
	t_eq(gev_sem_acquire(&sem, GEV_FOREVER), 0);
	return &sem;
}

static void drop(void *s)
{
	gev_sem_fini(s);
}

static int acquire(void *s, gev_time timeout)
{
	return gev_sem_acquire(s, timeout);
}

static int release(void *s)
{
	return gev_sem_release(s);
}

static bool has_waiters(void *s)
{
	return gev__sync_first(&((gev_sem *)s)->waiters) != NULL;
}

static const struct battery plain = {
	.name = "sem",
	.make = make,
	.drop = drop,
	.block = acquire,
	.unblock = release,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true,
};

static const struct battery bounded = {
	.name = "bounded_sem",
	.make = make_bounded,
	.drop = drop,
	.block = acquire,
	.unblock = release,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true,
};

static void counts(void)
{
	gev_sem s = GEV_SEM_INIT(2);

	t_eq(gev_sem_value(&s), 2);
	t_ok(!gev_sem_locked(&s));
	t_eq(gev_sem_acquire(&s, GEV_FOREVER), 0);
	t_eq(gev_sem_acquire(&s, 0), 0);
	t_eq(gev_sem_value(&s), 0);
	t_ok(gev_sem_locked(&s));
	t_fails(gev_sem_acquire(&s, 0), EAGAIN);
	t_eq(gev_sem_release(&s), 0);
	t_eq(gev_sem_release(&s), 0);
	t_eq(gev_sem_release(&s), 0);
	t_eq(gev_sem_value(&s), 3);
	gev_sem_fini(&s);
}

static void c55_timed_out_and_released_later(void)
{
	gev_sem s = GEV_SEM_INIT(0);
	gev_time start;

	t_virtual();
	start = now();
	t_fails(gev_sem_acquire(&s, GEV_MS(10)), ETIMEDOUT);
	t_eq(now() - start, GEV_MS(10));
	t_ok(!has_waiters(&s));
	t_eq(gev_sem_release(&s), 0);
	t_eq(gev_sem_value(&s), 1);
	settle();
	t_eq(gev_sem_value(&s), 1);
	t_eq(gev_sem_acquire(&s, 0), 0);
	gev_sem_fini(&s);
}

struct turn {
	gev_sem *sem;
	const char *name;
	gev_time timeout;
};

static intptr_t take_turn(void *arg)
{
	struct turn *t = arg;

	t_log("%s%s ", t->name,
		gev_sem_acquire(t->sem, t->timeout) < 0 ? "!" : "");
	return 0;
}

static void c55_timed_out_is_not_woken_later(void)
{
	gev_sem s = GEV_SEM_INIT(0);
	struct turn early = { &s, "early", GEV_MS(10) };
	struct turn late = { &s, "late", GEV_FOREVER };

	t_virtual();
	t_eq(gev_go(take_turn, &early), 0);
	t_eq(gev_go(take_turn, &late), 0);
	t_eq(gev_sleep(GEV_MS(20)), 0);
	t_log_is("early! ");
	t_eq(gev_sem_release(&s), 0);
	settle();
	t_log_is("late ");
	t_eq(gev_sem_value(&s), 0);
	gev_sem_fini(&s);
}

static void c57_released_too_often(void)
{
	gev_sem s = GEV_BOUNDED_SEM_INIT(2);
	gev_sem none = GEV_BOUNDED_SEM_INIT(0);

	t_fails(gev_sem_release(&s), ERANGE);
	t_eq(gev_sem_acquire(&s, 0), 0);
	t_eq(gev_sem_release(&s), 0);
	t_fails(gev_sem_release(&s), ERANGE);
	t_eq(gev_sem_value(&s), 2);
	t_fails(gev_sem_release(&none), ERANGE);
	gev_sem_fini(&none);
	gev_sem_fini(&s);
}

static void not_more_than_can_be_counted(void)
{
	gev_sem s = GEV_SEM_INIT(~0u - 1);

	t_eq(gev_sem_release(&s), 0);
	t_fails(gev_sem_release(&s), ERANGE);
	t_eq(gev_sem_value(&s), ~0u);
	gev_sem_fini(&s);
}

static intptr_t again_and_again(void *arg)
{
	struct turn *t = arg;

	for (int i = 0; i < 3; i++) {
		t_eq(gev_sem_acquire(t->sem, GEV_FOREVER), 0);
		t_log("%s ", t->name);
		gev_yield();
		t_eq(gev_sem_release(t->sem), 0);
	}
	return 0;
}

/* Who releases and acquires again at once queues up behind the other. */
static void nobody_barges_in(void)
{
	gev_sem s = GEV_SEM_INIT(1);
	struct turn a = { &s, "a", 0 }, b = { &s, "b", 0 };

	t_eq(gev_go(again_and_again, &a), 0);
	t_eq(gev_go(again_and_again, &b), 0);
	settle();
	t_log_is("a b a b a b ");
	t_eq(gev_sem_value(&s), 1);
	gev_sem_fini(&s);
}

/* Even if the others have not run yet. */
static void handed_over_at_once(void)
{
	gev_sem s = GEV_SEM_INIT(0);
	struct turn a = { &s, "a", GEV_FOREVER };

	t_eq(gev_go(take_turn, &a), 0);
	settle();
	t_eq(gev_sem_release(&s), 0);
	t_eq(gev_sem_value(&s), 0);
	t_fails(gev_sem_acquire(&s, 0), EAGAIN);
	settle();
	t_log_is("a ");
	gev_sem_fini(&s);
}

static void taken_down(void)
{
	gev_sem s = GEV_SEM_INIT(1);

	gev_sem_fini(&s);
	t_fails(gev_sem_acquire(&s, 0), EINVAL);
	t_fails(gev_sem_release(&s), EINVAL);
	gev_sem_fini(&s);
}

/* The outer one was there first, and at the same time it comes first. */
static intptr_t at_the_same_time(void *s)
{
	gev_timeout outer;

	gev_timeout_start_with(&outer, TICK, EPROTO);
	t_fails(gev_sem_acquire(s, TICK), EPROTO);
	t_ok(gev_timeout_cancel(&outer));
	gev_timeout_start_with(&outer, TICK + 1, EPROTO);
	t_fails(gev_sem_acquire(s, TICK), ETIMEDOUT);
	t_ok(!gev_timeout_fired(&outer));
	t_fails(gev_sem_acquire(s, GEV_FOREVER), EPROTO);
	t_ok(gev_timeout_cancel(&outer));
	return 0;
}

static void two_timeouts_strike_together(void)
{
	gev_sem s = GEV_SEM_INIT(0);
	gev_greenlet *g;

	t_virtual();
	g = gev_spawn(at_the_same_time, &s);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	gev_sem_fini(&s);
}

static void what_makes_no_sense(void)
{
	t_fails(gev_sem_acquire(NULL, 0), EINVAL);
	t_fails(gev_sem_release(NULL), EINVAL);
	t_eq(gev_sem_value(NULL), 0);
	t_ok(!gev_sem_locked(NULL));
	gev_sem_fini(NULL);
}

int main(void)
{
	battery_run(&plain);
	battery_run(&bounded);
	T_RUN(counts);
	T_RUN(c55_timed_out_and_released_later);
	T_RUN(c55_timed_out_is_not_woken_later);
	T_RUN(c57_released_too_often);
	T_RUN(not_more_than_can_be_counted);
	T_RUN(nobody_barges_in);
	T_RUN(handed_over_at_once);
	T_RUN(taken_down);
	T_RUN(two_timeouts_strike_together);
	T_RUN(what_makes_no_sense);
	return t_done();
}
