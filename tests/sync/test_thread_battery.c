/* SPDX-License-Identifier: MIT */
/* What waits for other threads waits as all else does. */
#include "battery.h"

static gev_thread_event event;
static gev_thread_sem sem;
static gev_thread_async_result result;
static gev_thread_queue queue;

static bool any_in(const struct gev_list *waiters)
{
	return waiters->next && waiters->next != waiters;
}

static void *make_event(void)
{
	gev_thread_event_init(&event);
	return &event;
}

static void drop_event(void *e)
{
	gev_thread_event_fini(e);
}

static int wait_for_event(void *e, gev_time timeout)
{
	return gev_thread_event_wait(e, timeout);
}

/* As for gev_event: it must not stay set. */
static int pulse_event(void *e)
{
	return gev_thread_event_set(e) < 0 || gev_thread_event_clear(e) < 0 ?
		-1 : 0;
}

static bool event_has_waiters(void *e)
{
	return any_in(&((gev_thread_event *)e)->waiters);
}

static const struct battery of_event = {
	.name = "thread_event",
	.make = make_event,
	.drop = drop_event,
	.block = wait_for_event,
	.unblock = pulse_event,
	.is_blocked = event_has_waiters,
	.fini = drop_event,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
	.shared = true,
};

static void *make_sem(void)
{
	gev_thread_sem_init(&sem, 0);
	return &sem;
}

static void drop_sem(void *s)
{
	gev_thread_sem_fini(s);
}

static int acquire(void *s, gev_time timeout)
{
	return gev_thread_sem_acquire(s, timeout);
}

static int release(void *s)
{
	return gev_thread_sem_release(s);
}

static bool sem_has_waiters(void *s)
{
	return any_in(&((gev_thread_sem *)s)->permits.waiters);
}

static const struct battery of_sem = {
	.name = "thread_sem",
	.make = make_sem,
	.drop = drop_sem,
	.block = acquire,
	.unblock = release,
	.is_blocked = sem_has_waiters,
	.fini = drop_sem,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true,
	.shared = true,
};

static void *make_result(void)
{
	gev_thread_async_result_init(&result);
	return &result;
}

static void drop_result(void *ar)
{
	gev_thread_async_result_fini(ar);
}

static int get_result(void *ar, gev_time timeout)
{
	intptr_t value = gev_thread_async_result_get(ar, timeout);

	if (value == 7)
		return 0;
	t_eq(value, -1);
	return -1;
}

/* It is made anew for those who come later. */
static int set_result(void *ar)
{
	gev_thread_async_result *r = ar;

	t_eq(gev_thread_async_result_set(r, 7), 0);
	r->state = 0;
	return 0;
}

static bool result_has_waiters(void *ar)
{
	return any_in(&((gev_thread_async_result *)ar)->waiters);
}

static const struct battery of_result = {
	.name = "thread_async_result",
	.make = make_result,
	.drop = drop_result,
	.block = get_result,
	.unblock = set_result,
	.is_blocked = result_has_waiters,
	.fini = drop_result,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
	.shared = true,
};

/* The first item makes the ring, which needs memory. */
static void *make_empty(void)
{
	gev_thread_queue_init(&queue, 0);
	t_eq(gev_thread_queue_put(&queue, NULL, 0), 0);
	t_eq(gev_thread_queue_get(&queue, NULL, 0), 0);
	return &queue;
}

static void *make_full(void)
{
	gev_thread_queue_init(&queue, 1);
	t_eq(gev_thread_queue_put(&queue, NULL, 0), 0);
	return &queue;
}

static void drop_queue(void *q)
{
	gev_thread_queue_fini(q);
}

static int get(void *q, gev_time timeout)
{
	return gev_thread_queue_get(q, NULL, timeout);
}

static int put(void *q, gev_time timeout)
{
	return gev_thread_queue_put(q, NULL, timeout);
}

static int put_one(void *q)
{
	return put(q, 0);
}

static int get_one(void *q)
{
	return get(q, 0);
}

static bool queue_has_waiters(void *q)
{
	return any_in(&((gev_thread_queue *)q)->free.waiters) ||
	       any_in(&((gev_thread_queue *)q)->full.waiters);
}

static const struct battery of_get = {
	.name = "thread_queue_get",
	.make = make_empty,
	.drop = drop_queue,
	.block = get,
	.unblock = put_one,
	.is_blocked = queue_has_waiters,
	.fini = drop_queue,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true,
	.shared = true,
};

static const struct battery of_put = {
	.name = "thread_queue_put",
	.make = make_full,
	.drop = drop_queue,
	.block = put,
	.unblock = get_one,
	.is_blocked = queue_has_waiters,
	.fini = drop_queue,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true,
	.shared = true,
};

int main(void)
{
	battery_run(&of_event);
	battery_run(&of_sem);
	battery_run(&of_result);
	battery_run(&of_get);
	battery_run(&of_put);
	return t_done();
}
