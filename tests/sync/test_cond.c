/* SPDX-License-Identifier: MIT */
/* Conditions: wait without the mutex, go on with it. */
#include "battery.h"
#include "sync/sync.h"

static gev_mutex mutex;
static gev_cond cond;

static void *make(void)
{
	gev_mutex_init(&mutex);
	gev_cond_init(&cond);
	return &cond;
}

static void drop(void *c)
{
	gev_cond_fini(c);
}

/* errno is that of the wait; the mutex is had in any case. */
static int wait_for(void *c, gev_time timeout)
{
	int r;

	if (gev_mutex_acquire(&mutex, GEV_FOREVER) < 0)
		return -1;
	r = gev_cond_wait(c, &mutex, timeout);
	t_ok(gev_mutex_locked(&mutex));
	if (r < 0) {
		int code = errno;

		t_eq(gev_mutex_release(&mutex), 0);
		errno = code;
		return -1;
	}
	return gev_mutex_release(&mutex);
}

static int notify_one(void *c)
{
	return gev_cond_notify(c, 1);
}

static int notify_all(void *c)
{
	return gev_cond_notify_all(c);
}

static bool has_waiters(void *c)
{
	return gev__sync_first(&((gev_cond *)c)->waiters) != NULL;
}

static const struct battery with_notify = {
	.name = "cond_notify",
	.make = make,
	.drop = drop,
	.block = wait_for,
	.unblock = notify_one,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
};

static const struct battery with_notify_all = {
	.name = "cond_notify_all",
	.make = make,
	.drop = drop,
	.block = wait_for,
	.unblock = notify_all,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
};

static intptr_t wait_and_log(void *name)
{
	t_log("%s%d ", (char *)name,
		wait_for(&cond, GEV_FOREVER) < 0 ? errno : 0);
	return 0;
}

static gev_greenlet *waiting(const char *name)
{
	gev_greenlet *g = gev_spawn(wait_and_log, (void *)(intptr_t)name);

	gev_yield();
	return g;
}

static void forget(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static void so_many_are_notified(void)
{
	gev_greenlet *gs[4];

	make();
	for (int i = 0; i < 4; i++)
		gs[i] = waiting("x");
	t_eq(gev_cond_notify(&cond, 0), 0);
	settle();
	t_log_is("");
	t_eq(gev_cond_notify(&cond, 3), 0);
	settle();
	t_log_is("x0 x0 x0 ");
	t_eq(gev_cond_notify(&cond, 3), 0);
	settle();
	t_log_is("x0 ");
	for (int i = 0; i < 4; i++)
		forget(gs[i]);
	drop(&cond);
}

/* Whom nobody waits for is not told later. */
static void notifications_are_not_kept(void)
{
	make();
	t_eq(gev_cond_notify_all(&cond), 0);
	t_eq(gev_cond_notify(&cond, 1), 0);
	t_fails(wait_for(&cond, 0), ETIMEDOUT);
	drop(&cond);
}

static void the_mutex_must_be_had(void)
{
	gev_mutex other = GEV_MUTEX_INIT;

	make();
	t_fails(gev_cond_wait(&cond, &mutex, GEV_FOREVER), EPERM);
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_fails(gev_cond_wait(&cond, &other, GEV_FOREVER), EPERM);
	t_fails(gev_cond_wait(&cond, NULL, GEV_FOREVER), EINVAL);
	t_fails(gev_cond_wait(NULL, &mutex, GEV_FOREVER), EINVAL);
	t_eq(gev_mutex_release(&mutex), 0);
	t_fails(gev_cond_notify(NULL, 1), EINVAL);
	t_fails(gev_cond_notify(&cond, -1), EINVAL);
	t_fails(gev_cond_notify_all(NULL), EINVAL);
	gev_cond_fini(NULL);
	drop(&cond);
}

/* Killed while it waits for the mutex that main has. */
static void killed_while_it_takes_the_mutex(void)
{
	gev_greenlet *g;

	make();
	g = waiting("g");
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_eq(gev_cond_notify(&cond, 1), 0);
	gev_yield();
	t_eq(gev_kill(g, 0), 0);
	settle();
	t_log_is("");
	t_eq(gev_mutex_release(&mutex), 0);
	settle();
	t_log_is("g0 ");
	forget(g);
	drop(&cond);
}

/* Killed in the wait, it still takes the mutex before it goes on. */
static void killed_before_it_takes_the_mutex(void)
{
	gev_greenlet *g;

	make();
	g = waiting("g");
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_eq(gev_kill(g, 0), 0);
	settle();
	t_log_is("");
	t_eq(gev_mutex_release(&mutex), 0);
	forget(g);
	t_log_is("g125 ");
	drop(&cond);
}

/* It was notified in time; then the timeout fires. */
static intptr_t wait_in_time(void *code)
{
	gev_timeout t;

	gev_timeout_start_with(&t, TICK, (int)(intptr_t)code);
	t_eq(wait_for(&cond, GEV_FOREVER), 0);
	t_ok(!gev_timeout_fired(&t));
	t_log("notified ");
	t_fails(gev_sleep(GEV_FOREVER), (int)(intptr_t)code);
	t_ok(gev_timeout_cancel(&t));
	t_log("late ");
	return 0;
}

/* Whatever its code is: the mutex is had, and the next wait fails. */
static void timed_out_with(int code)
{
	gev_greenlet *g, *next;

	t_virtual();
	make();
	g = gev_spawn(wait_in_time, num(code));
	gev_yield();
	next = waiting("next");
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_eq(gev_cond_notify(&cond, 1), 0);
	t_eq(gev_sleep(DELAY), 0);
	t_log_is("");
	t_eq(gev_mutex_release(&mutex), 0);
	settle();
	t_log_is("notified late ");
	t_eq(gev_cond_notify(&cond, 1), 0);
	forget(g);
	forget(next);
	t_log_is("next0 ");
	drop(&cond);
}

static void timed_out_while_it_takes_the_mutex(void)
{
	timed_out_with(ETIMEDOUT);
	timed_out_with(EINVAL);
	timed_out_with(EDEADLK);
	timed_out_with(ENOMEM);
}

/* Nobody will ever release the mutex. */
static intptr_t notify_and_keep(void *c)
{
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_eq(gev_cond_notify(c, 1), 0);
	return gev_sleep(GEV_FOREVER);
}

static void the_mutex_is_never_released(void)
{
	gev_greenlet *g;

	make();
	g = gev_spawn(notify_and_keep, &cond);
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_fails(gev_cond_wait(&cond, &mutex, GEV_FOREVER), EDEADLK);
	t_fails(gev_mutex_release(&mutex), EPERM);
	end(g);
	drop(&cond);
}

static intptr_t take_mutex_down(void *c)
{
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_eq(gev_cond_notify(c, 1), 0);
	gev_yield();
	gev_mutex_fini(&mutex);
	return 0;
}

static void the_mutex_is_taken_down(void)
{
	make();
	t_eq(gev_go(take_mutex_down, &cond), 0);
	t_eq(gev_mutex_acquire(&mutex, 0), 0);
	t_fails(gev_cond_wait(&cond, &mutex, GEV_FOREVER), EINVAL);
	t_fails(gev_mutex_release(&mutex), EINVAL);
	drop(&cond);
}

int main(void)
{
	battery_run(&with_notify);
	battery_run(&with_notify_all);
	T_RUN(so_many_are_notified);
	T_RUN(notifications_are_not_kept);
	T_RUN(the_mutex_must_be_had);
	T_RUN(killed_while_it_takes_the_mutex);
	T_RUN(killed_before_it_takes_the_mutex);
	T_RUN(timed_out_while_it_takes_the_mutex);
	T_RUN(the_mutex_is_never_released);
	T_RUN(the_mutex_is_taken_down);
	return t_done();
}
