/* SPDX-License-Identifier: MIT */
/*
 * Work on threads.  When it is done is not in the script, so it is seldom: an
 * input that does it may take another course each time.
 */
#include "actor.h"

static gev_threadpool *pool;

bool threads_are_idle(void)
{
	return !pool || gev_threadpool_join(pool, 0) == 0;
}

static intptr_t negate(void *n)
{
	errno = EIO;
	return (intptr_t)n ? -(intptr_t)n : 7;
}

static void act_apply(struct actor *self)
{
	unsigned n = below(256);
	intptr_t value;

	if (n < 192)
		return;
	memory_is_back();
	if (!pool)
		must((pool = gev_threadpool_new(2)) != NULL);
	n %= 2;
	wait_begins_for(self, GEV_FOREVER);
	value = gev_threadpool_apply(pool, negate, (void *)(intptr_t)n);
	if (wait_ends(self, value < 0 ? -1 : 0, n ? EIO : 0) == 0)
		must(value == 7);
}

static void act_resize(struct actor *self)
{
	int n = 1 + (int)below(3);

	(void)self;
	if (!pool)
		return;
	must(gev_threadpool_set_maxsize(pool, n) == 0);
	must(gev_threadpool_maxsize(pool) == n);
}

static void init(void)
{
	pool = NULL;
}

static void end(void)
{
	if (pool)
		must(gev_threadpool_join(pool, GEV_FOREVER) == 0);
}

static void fini(void)
{
	must(gev_threadpool_free(pool) == 0);
}

static act_fn *const fns[] = {act_apply, act_resize};

const struct acts thread_acts = {.fns = fns,
	.n = ACTS_N(fns),
	.init = init,
	.end = end,
	.fini = fini};
