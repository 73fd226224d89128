/* SPDX-License-Identifier: MIT */
/*
 * A function over many arguments.
 *
 *	source --> feeder --> tasks, in order --> done --> takers
 *
 * The feeder is a greenlet: it asks for an argument when there is room, and
 * spawns a member of the pool for it.  Tasks that have ended are taken from
 * the front if there is an order to be kept, else as they ended.
 */
#include <gev/imap.h>
#include "base/mem.h"
#include "core/link.h"
#include "core/wait.h"
#include "sync/pool.h"
#include "sync/sync.h"

struct gev_imap {
	gev_hub *hub;
	gev_pool *pool;
	gev_fn *fn;
	gev_imap_source_fn *next;
	void *source;
	size_t max;
	size_t ahead;            /* tasks that nobody has taken yet */
	bool ordered;
	bool exhausted;          /* the feeder has ended */
	int error;               /* negative: why, if not for want of more */
	gev_greenlet *feeder;
	struct gev_list tasks;   /* in the order of their arguments */
	struct gev_list done;    /* in the order in which they ended */
	struct gev_list takers;
	struct gev_list room;    /* where the feeder waits */
};

struct task {
	struct gev_list node;  /* of all tasks, if an order is kept, or done */
	struct gev__link link;
	gev_imap *it;
	struct gev_imap_result result;
	bool done;
};

static struct task *first(const struct gev_list *tasks)
{
	return gev__list_empty(tasks) ?
		NULL : gev__container(tasks->next, struct task, node);
}

/* The next result, if it is there; it is the caller's. */
static struct task *take(gev_imap *it)
{
	struct task *t = first(it->ordered ? &it->tasks : &it->done);

	if (!t || !t->done)
		return NULL;
	gev__list_del(&t->node);
	it->ahead--;
	gev__sync_wake_all(&it->room, 0);
	return t;
}

static void deliver(gev_imap *it)
{
	struct gev_waiter *w;

	while ((w = gev__sync_first(&it->takers))) {
		struct task *t = take(it);

		if (!t)
			break;
		w->value = t;
		gev__wake(w, 0);
	}
	if (it->exhausted && !it->ahead)
		gev__sync_wake_all(&it->takers, it->error);
}

static int task_ended(gev_greenlet *g, void *arg)
{
	struct task *t = arg;

	t->done = true;
	t->result.value = g->value;
	t->result.error = g->error;
	if (!t->it->ordered) {
		gev__list_del(&t->node);
		gev__list_add_tail(&t->it->done, &t->node);
	}
	deliver(t->it);
	return 0;
}

/* Spawns a member for @arg. */
static int submit(gev_imap *it, void *arg)
{
	struct task *t = gev__alloc(sizeof(*t));
	gev_greenlet *g;
	int r;

	if (!t)
		return -ENOMEM;
	g = gev__pool_spawn(it->pool, it->fn, arg, GEV_FOREVER, &r);
	if (!g) {
		gev__free(t, sizeof(*t));
		return r;
	}
	t->it = it;
	t->result.arg = arg;
	gev__list_add_tail(&it->tasks, &t->node);
	gev__link_add(g, &t->link, GEV__LINK_RAW, task_ended, t);
	it->ahead++;
	gev__greenlet_put(g);
	return 0;
}

static int wait_for_room(gev_imap *it)
{
	struct gev_waiter w = { .what = "imap's results to be taken",
		.object = it };

	if (!it->max || it->ahead < it->max)
		return 0;
	return gev__sync_wait(&it->room, &w, GEV_FOREVER);
}

/* 1 with the next argument, 0, or -errno. */
static int ask(gev_imap *it, void **arg)
{
	int r = it->next(it->source, arg);

	return r == -1 ? -*it->hub->thread->errno_at : r;
}

static intptr_t feed(void *arg)
{
	gev_imap *it = arg;
	void *item;
	int r;

	do {
		r = wait_for_room(it);
		if (r == 0)
			r = ask(it, &item);
		if (r <= 0)
			break;
		r = submit(it, item);
	} while (r == 0);
	it->exhausted = true;
	it->error = r;
	deliver(it);
	return 0;
}

static gev_imap *make(gev_pool *pool, gev_fn *fn, gev_imap_source_fn *next,
	void *source, size_t max)
{
	gev_imap *it = gev__alloc(sizeof(*it));

	if (!it)
		return NULL;
	it->hub = pool->hub;
	it->pool = pool;
	it->fn = fn;
	it->next = next;
	it->source = source;
	it->max = max;
	gev__list_init(&it->tasks);
	gev__list_init(&it->done);
	return it;
}

static gev_imap *begin(gev_pool *pool, gev_fn *fn, gev_imap_source_fn *next,
	void *source, size_t max, bool ordered)
{
	int r = pool && fn && next ? gev__sync_enter(&pool->hub) : -EINVAL;
	gev_imap *it;

	if (r < 0)
		return gev__null(-r);
	it = make(pool, fn, next, source, max);
	if (!it)
		return gev__null(ENOMEM);
	it->ordered = ordered;
	it->feeder = gev_spawn(feed, it);
	if (it->feeder)
		return it;
	gev__free(it, sizeof(*it));
	return NULL;
}

gev_imap *gev_imap_new(gev_pool *pool, gev_fn *fn, gev_imap_source_fn *next,
	void *source, size_t max)
{
	return begin(pool, fn, next, source, max, true);
}

gev_imap *gev_imap_new_unordered(gev_pool *pool, gev_fn *fn,
	gev_imap_source_fn *next, void *source, size_t max)
{
	return begin(pool, fn, next, source, max, false);
}

/* 0 with the next task, NULL at the end; or -errno. */
static int wait_for_task(gev_imap *it, gev_time timeout, struct task **task)
{
	struct gev_waiter w = { .what = "imap", .object = it };
	int r;

	*task = take(it);
	if (*task)
		return 0;
	if (it->exhausted && !it->ahead)
		return it->error;
	r = gev__sync_wait(&it->takers, &w, timeout);
	*task = r == 0 ? w.value : NULL;
	return r;
}

static int next(gev_imap *it, struct gev_imap_result *result, gev_time timeout)
{
	int r = it && result ? gev__sync_enter(&it->hub) : -EINVAL;
	struct task *t = NULL;

	if (r == 0)
		r = wait_for_task(it, timeout, &t);
	if (r < 0 || !t)
		return r;
	*result = t->result;
	gev__free(t, sizeof(*t));
	return 1;
}

int gev_imap_next(gev_imap *it, struct gev_imap_result *result,
	gev_time timeout)
{
	return (int)gev__ret(next(it, result, timeout));
}

/* Sees the feeder's end, whatever befalls the caller. */
static int stop_feeder(gev_imap *it)
{
	gev_greenlet *self = gev__greenlet_here();
	int r;

	if (self)
		self->shields++;
	gev_kill(it->feeder, 0);
	do {
		r = gev__join(it->feeder, GEV_FOREVER);
	} while (r < 0 && r != -EDEADLK && r != -ENOMEM);
	if (self)
		self->shields--;
	return r;
}

static void drop_tasks(struct gev_list *tasks)
{
	struct task *t;

	while ((t = first(tasks))) {
		gev__list_del(&t->node);
		gev__link_del(&t->link);
		gev__free(t, sizeof(*t));
	}
}

int gev_imap_free(gev_imap *it)
{
	int r = it ? gev__sync_enter(&it->hub) : 0;

	if (!it || r < 0)
		return (int)gev__ret(r);
	gev__sync_orphan(&it->takers, -EINVAL);
	r = stop_feeder(it);
	if (r < 0)
		return (int)gev__ret(r);
	drop_tasks(&it->tasks);
	drop_tasks(&it->done);
	gev__greenlet_put(it->feeder);
	gev__free(it, sizeof(*it));
	return 0;
}

/* The arguments of gev_pool_map() as a source. */
struct array {
	void *const *args;
	size_t left;
};

static int next_of_array(void *source, void **arg)
{
	struct array *a = source;

	if (!a->left)
		return 0;
	a->left--;
	*arg = *a->args++;
	return 1;
}

static int collect(gev_imap *it, intptr_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct gev_imap_result result = { 0 };
		int r = next(it, &result, GEV_FOREVER);

		if (r < 0)
			return r;
		if (result.error)
			return -result.error;
		values[i] = result.value;
	}
	return 0;
}

int gev_pool_map(gev_pool *pool, gev_fn *fn, void *const *args,
	intptr_t *values, size_t n)
{
	struct array array = { args, n };
	gev_imap *it;
	int r;

	if (n && (!args || !values))
		return (int)gev__ret(-EINVAL);
	it = gev_imap_new(pool, fn, next_of_array, &array, 0);
	if (!it)
		return -1;
	r = collect(it, values, n);
	gev_imap_free(it);
	return (int)gev__ret(r);
}
