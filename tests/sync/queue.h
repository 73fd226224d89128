/* SPDX-License-Identifier: MIT */
/* What the tests of queues share: one queue, and who uses it. */
#ifndef TESTS_SYNC_QUEUE_H
#define TESTS_SYNC_QUEUE_H

#include <gev/queue.h>
#include "../core/core.h"

static gev_queue q;

/* Bodies of greenlets; the first says when it begins and when it is done. */

static T_UNUSED intptr_t put(void *item)
{
	t_log("%ld> ", (long)(intptr_t)item);
	if (gev_queue_put(&q, item, GEV_FOREVER) < 0)
		return -1;
	t_log("%ld. ", (long)(intptr_t)item);
	return 0;
}

static T_UNUSED intptr_t get(void *name)
{
	void *item;

	if (gev_queue_get(&q, &item, GEV_FOREVER) < 0)
		return -1;
	t_log("%s%ld ", (char *)name, (long)(intptr_t)item);
	return (intptr_t)item;
}

static T_UNUSED intptr_t peek(void *name)
{
	void *item;

	if (gev_queue_peek(&q, &item, GEV_FOREVER) < 0)
		return -1;
	t_log("%s%ld ", (char *)name, (long)(intptr_t)item);
	return 0;
}

static T_UNUSED intptr_t join(void *unused)
{
	(void)unused;
	if (gev_queue_join(&q, GEV_FOREVER) < 0)
		return -1;
	t_log("joined ");
	return 0;
}

/* What must not wait. */

static T_UNUSED void put_now(intptr_t n)
{
	t_eq(gev_queue_put(&q, num(n), 0), 0);
}

static T_UNUSED intptr_t get_now(void)
{
	void *item = NULL;

	t_eq(gev_queue_get(&q, &item, 0), 0);
	return (intptr_t)item;
}

static T_UNUSED void is_empty(void)
{
	t_fails(gev_queue_get(&q, NULL, 0), EAGAIN);
	t_ok(gev_queue_empty(&q));
}

static T_UNUSED void drop(gev_greenlet *g, int error)
{
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(gev_exception(g), error);
	gev_unref(g);
}

static T_UNUSED void start(size_t max)
{
	t_eq(gev_queue_init(&q, max), 0);
}

static T_UNUSED void finish(void)
{
	t_eq(gev_queue_fini(&q), 0);
}

#endif
