/* SPDX-License-Identifier: MIT */
/* Countdowns: wait until so many are done. */
#include <limits.h>
#include "battery.h"
#include "sync/sync.h"

static gev_countdown left;

static void *make(void)
{
	gev_countdown_init(&left, 1);
	return &left;
}

static void drop(void *c)
{
	gev_countdown_fini(c);
}

static int wait_for(void *c, gev_time timeout)
{
	return gev_countdown_wait(c, timeout);
}

/* Who waits goes on, though the count is raised at once. */
static int pulse(void *c)
{
	return gev_countdown_done(c) < 0 ? -1 : gev_countdown_add(c, 1);
}

static bool has_waiters(void *c)
{
	return gev__sync_first(&((gev_countdown *)c)->waiters) != NULL;
}

static const struct battery countdown_wait = {
	.name = "countdown_wait",
	.make = make,
	.drop = drop,
	.block = wait_for,
	.unblock = pulse,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
};

static intptr_t work(void *c)
{
	gev_sleep(TICK);
	t_log("%d ", gev_countdown_count(c));
	return gev_countdown_done(c);
}

static void waits_for_all(void)
{
	gev_countdown c = GEV_COUNTDOWN_INIT(0);

	t_virtual();
	t_eq(gev_countdown_wait(&c, GEV_FOREVER), 0);
	t_eq(gev_countdown_add(&c, 3), 0);
	for (int i = 0; i < 3; i++)
		t_eq(gev_go(work, &c), 0);
	t_fails(gev_countdown_wait(&c, 0), ETIMEDOUT);
	t_eq(gev_countdown_wait(&c, GEV_FOREVER), 0);
	t_log_is("3 2 1 ");
	t_eq(gev_countdown_count(&c), 0);
	t_eq(gev_countdown_wait(&c, 0), 0);
	gev_countdown_fini(&c);
}

static void never_negative(void)
{
	gev_countdown c = GEV_COUNTDOWN_INIT(2);

	t_fails(gev_countdown_add(&c, -3), EINVAL);
	t_eq(gev_countdown_count(&c), 2);
	t_eq(gev_countdown_add(&c, -2), 0);
	t_fails(gev_countdown_done(&c), EINVAL);
	t_eq(gev_countdown_count(&c), 0);
	gev_countdown_fini(&c);
}

static void never_too_great(void)
{
	gev_countdown c = GEV_COUNTDOWN_INIT(INT_MAX);

	t_fails(gev_countdown_add(&c, 1), ERANGE);
	t_eq(gev_countdown_count(&c), INT_MAX);
	t_eq(gev_countdown_add(&c, -INT_MAX), 0);
	t_fails(gev_countdown_add(&c, INT_MIN), EINVAL);
	gev_countdown_fini(&c);
}

static void what_makes_no_sense(void)
{
	t_fails(gev_countdown_add(NULL, 1), EINVAL);
	t_fails(gev_countdown_done(NULL), EINVAL);
	t_fails(gev_countdown_wait(NULL, 0), EINVAL);
	t_eq(gev_countdown_count(NULL), 0);
	gev_countdown_fini(NULL);
}

int main(void)
{
	battery_run(&countdown_wait);
	T_RUN(waits_for_all);
	T_RUN(never_negative);
	T_RUN(never_too_great);
	T_RUN(what_makes_no_sense);
	return t_done();
}
