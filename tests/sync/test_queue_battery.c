/* SPDX-License-Identifier: MIT */
/* The battery for everything that waits at a queue. */
#include <gev/queue.h>
#include "../sync/battery.h"
#include "sync/sync.h"

static gev_queue q;

static void *make_empty(void)
{
	t_eq(gev_queue_init(&q, 0), 0);
	return &q;
}

static void *make_full(void)
{
	t_eq(gev_queue_init(&q, 1), 0);
	t_eq(gev_queue_put(&q, NULL, 0), 0);
	return &q;
}

static void drop(void *object)
{
	t_eq(gev_queue_fini(object), 0);
}

static void shut(void *object)
{
	gev_queue_shutdown(object, true);
}

static int put_one(void *object)
{
	return gev_queue_put(object, NULL, 0);
}

static int get_one(void *object)
{
	return gev_queue_get(object, NULL, 0);
}

static int get(void *object, gev_time timeout)
{
	return gev_queue_get(object, NULL, timeout);
}

static int put(void *object, gev_time timeout)
{
	return gev_queue_put(object, NULL, timeout);
}

static int peek(void *object, gev_time timeout)
{
	if (gev_queue_peek(object, NULL, timeout) < 0)
		return -1;
	return gev_queue_get(object, NULL, 0);
}

static int join(void *object, gev_time timeout)
{
	if (gev_queue_join(object, timeout) < 0)
		return -1;
	if (!gev_queue_unfinished(object))
		t_eq(put_one(object) + get_one(object), 0);
	return 0;
}

static void *make_unfinished(void)
{
	make_empty();
	t_eq(put_one(&q) + get_one(&q), 0);
	return &q;
}

static bool getters(void *object)
{
	return gev__sync_first(&((gev_queue *)object)->getters);
}

static bool putters(void *object)
{
	return gev__sync_first(&((gev_queue *)object)->putters);
}

static bool joiners(void *object)
{
	return gev__sync_first(&((gev_queue *)object)->joiners);
}

static int done(void *object)
{
	return gev_queue_task_done(object);
}

static const struct battery batteries[] = {
	{ .name = "queue_get", .make = make_empty, .drop = drop, .block = get,
		.unblock = put_one, .is_blocked = getters, .fini = shut,
		.at_once = EAGAIN, .ended = EPIPE, .kept = true },
	{ .name = "queue_put", .make = make_full, .drop = drop, .block = put,
		.unblock = get_one, .is_blocked = putters, .fini = shut,
		.at_once = EAGAIN, .ended = EPIPE, .kept = true },
	{ .name = "queue_peek", .make = make_empty, .drop = drop, .block = peek,
		.unblock = put_one, .is_blocked = getters, .fini = shut,
		.at_once = EAGAIN, .ended = EPIPE, .kept = true },
	{ .name = "queue_join", .make = make_unfinished, .drop = drop,
		.block = join, .unblock = done, .is_blocked = joiners,
		.at_once = ETIMEDOUT, .kept = true },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(batteries) / sizeof(batteries[0]); i++)
		battery_run(&batteries[i]);
	return t_done();
}
