/* SPDX-License-Identifier: MIT */
/*
 * Queues: items that wait for greenlets, or greenlets for items.
 *
 * There is never both: whoever puts while somebody waits to get hands the item
 * over, and whoever gets while somebody waits to put lets him in.  So getters
 * wait at an empty queue only and putters at a full one, and each knows, when
 * it is woken, that it is done.
 *
 * Who peeks waits among the getters.  It is shown the item that goes to the
 * getter behind it, and runs before that one does.  If there is none the item
 * stays in the queue, where others may be faster: it looks again.
 */
#include "sync/queue.h"
#include "core/wait.h"
#include "sync/items.h"
#include "sync/sync.h"

static const char peeking[] = "queue peek";

/* What a peeker is given that is to look again. */
static char look_again;

static inline int enter(gev_queue *q)
{
	return q ? gev__sync_enter(&q->hub) : -EINVAL;
}

/* The first that waits to get; NULL if there are only peekers. */
static struct gev_waiter *first_getter(const gev_queue *q)
{
	struct gev_list *node;

	gev__list_for_each(node, &q->getters) {
		struct gev_waiter *w =
			gev__container(node, struct gev_waiter, link);

		if (w->what != peeking)
			return w;
	}
	return NULL;
}

/* Shows @item to all waiters up to @last, who takes it. */
static void hand_over(gev_queue *q, const struct gev_waiter *last, void *item)
{
	struct gev_waiter *w;

	do {
		w = gev__sync_first(&q->getters);
		w->value = item;
		gev__wake(w, 0);
	} while (w != last);
}

/* The queue is no longer empty; only peekers can be waiting for that. */
static void tell_peekers(gev_queue *q)
{
	struct gev_waiter *w;

	while ((w = gev__sync_first(&q->getters))) {
		w->value = &look_again;
		gev__wake(w, 0);
	}
}

static __attribute__((noinline)) int put_to_waiters(gev_queue *q, void *item)
{
	struct gev_waiter *getter = first_getter(q);
	int r;

	r = getter ? 0 : gev__items_put(q, item);
	if (r < 0)
		return r;
	q->unfinished++;
	if (getter)
		hand_over(q, getter, item);
	else
		tell_peekers(q);
	return 0;
}

static bool is_full(const gev_queue *q)
{
	return q->max && q->count >= q->max;
}

static inline __attribute__((always_inline)) int try_put(gev_queue *q,
	void *item)
{
	int r = enter(q);

	if (__builtin_expect(r < 0, 0))
		return r;
	if (__builtin_expect(q->shut, 0))
		return -EPIPE;
	if (__builtin_expect(gev__sync_first(&q->getters) != NULL, 0))
		return put_to_waiters(q, item);
	if (is_full(q))
		return -EAGAIN;
	r = gev__items_put(q, item);
	q->unfinished += r == 0;
	return r;
}

int gev__queue_try_put(gev_queue *q, void *item)
{
	return try_put(q, item);
}

static __attribute__((noinline)) int wait_to_put(gev_queue *q, void *item,
	gev_time timeout)
{
	struct gev_waiter w = { .what = "queue put", .object = q,
		.value = item };

	return gev__sync_wait(&q->putters, &w, timeout);
}

/* There is room for those who wait to put, for one of them as a rule. */
static __attribute__((noinline)) void let_in(gev_queue *q)
{
	struct gev_waiter *w;

	while (!is_full(q) && (w = gev__sync_first(&q->putters))) {
		gev__assert(q->count < q->room);
		gev__items_put(q, w->value);
		q->unfinished++;
		gev__wake(w, 0);
	}
}

static inline __attribute__((always_inline)) int try_get(gev_queue *q,
	void **item)
{
	int r = enter(q);
	void *next;

	if (__builtin_expect(r < 0, 0))
		return r;
	if (!q->count)
		return q->shut ? -EPIPE : -EAGAIN;
	next = gev__items_get(q);
	if (item)
		*item = next;
	if (__builtin_expect(gev__sync_first(&q->putters) != NULL, 0))
		let_in(q);
	return 0;
}

int gev__queue_try_get(gev_queue *q, void **item)
{
	return try_get(q, item);
}

static __attribute__((noinline)) int wait_to_get(gev_queue *q, void **item,
	gev_time timeout)
{
	struct gev_waiter w = { .what = "queue get", .object = q };
	int r;

	r = gev__sync_wait(&q->getters, &w, timeout);
	if (r == 0 && item)
		*item = w.value;
	return r;
}

static int try_peek(gev_queue *q, void **item)
{
	int r = enter(q);

	if (r < 0)
		return r;
	if (!q->count)
		return q->shut ? -EPIPE : -EAGAIN;
	if (item)
		*item = *gev__items_next(q);
	return 0;
}

/* What is left of @timeout, which began at @since. */
static gev_time left_of(gev_time timeout, gev_time since, gev_time now)
{
	if (timeout <= 0)
		return timeout;
	return timeout > now - since ? timeout - (now - since) : 0;
}

static int wait_to_peek(gev_queue *q, void **item, gev_time timeout)
{
	gev_loop *loop = q->hub->loop;
	gev_time since = gev_loop_update(loop);

	for (;;) {
		struct gev_waiter w = { .what = peeking, .object = q };
		int r;

		r = gev__sync_wait(&q->getters, &w,
			left_of(timeout, since, loop->now));
		if (r == 0 && w.value != &look_again && item)
			*item = w.value;
		if (r < 0 || w.value != &look_again)
			return r;
		r = try_peek(q, item);
		if (r != -EAGAIN)
			return r;
	}
}

static void finish(gev_queue *q, size_t tasks)
{
	q->unfinished -= tasks < q->unfinished ? tasks : q->unfinished;
	if (!q->unfinished)
		gev__sync_wake_all(&q->joiners, 0);
}

static int task_done(gev_queue *q)
{
	int r = enter(q);

	if (r < 0)
		return r;
	if (!q->unfinished)
		return -EINVAL;
	finish(q, 1);
	return 0;
}

static int join(gev_queue *q, gev_time timeout)
{
	struct gev_waiter w = { .what = "queue join", .object = q };
	int r = enter(q);

	if (r < 0 || !q->unfinished)
		return r;
	return gev__sync_wait(&q->joiners, &w, timeout);
}

static int shut(gev_queue *q, bool immediate)
{
	int r = enter(q);

	if (r < 0)
		return r;
	q->shut = true;
	gev__sync_wake_all(&q->getters, -EPIPE);
	gev__sync_wake_all(&q->putters, -EPIPE);
	if (immediate) {
		finish(q, q->count);
		q->count = 0;
	}
	return 0;
}

static int fini(gev_queue *q)
{
	int r = q && q->hub ? enter(q) : 0;

	if (!q || r < 0)
		return q ? r : -EINVAL;
	gev__sync_leave(&q->hub);
	gev__sync_orphan(&q->getters, -EPIPE);
	gev__sync_orphan(&q->putters, -EPIPE);
	gev__sync_orphan(&q->joiners, -EPIPE);
	gev__items_free(q);
	q->count = 0;
	return 0;
}

static int init(gev_queue *q, const struct gev_queue_options *o)
{
	int r = 0;

	if (!q || (unsigned)o->order > GEV_PRIORITY || (o->count && !o->items))
		return -EINVAL;
	*q = (gev_queue){ .max = o->max, .unfinished = o->count,
		.compare = o->compare, .order = (uint8_t)o->order };
	for (size_t i = 0; r == 0 && i < o->count; i++)
		r = gev__items_put(q, o->items[i]);
	if (r < 0)
		gev__items_free(q);
	return r;
}

int gev_queue_init_opt(gev_queue *q, const struct gev_queue_options *options)
{
	static const struct gev_queue_options none;

	return (int)gev__ret(init(q, options ? options : &none));
}

int gev_queue_init(gev_queue *q, size_t max)
{
	struct gev_queue_options options = { .max = max };

	return (int)gev__ret(init(q, &options));
}

int gev_queue_fini(gev_queue *q)
{
	return (int)gev__ret(fini(q));
}

int gev_queue_put(gev_queue *q, void *item, gev_time timeout)
{
	int r = try_put(q, item);

	if (__builtin_expect(r == -EAGAIN && timeout, 0))
		r = wait_to_put(q, item, timeout);
	return (int)gev__ret(r);
}

int gev_queue_get(gev_queue *q, void **item, gev_time timeout)
{
	int r = try_get(q, item);

	if (__builtin_expect(r == -EAGAIN && timeout, 0))
		r = wait_to_get(q, item, timeout);
	return (int)gev__ret(r);
}

int gev_queue_peek(gev_queue *q, void **item, gev_time timeout)
{
	int r = try_peek(q, item);

	if (r == -EAGAIN && timeout)
		r = wait_to_peek(q, item, timeout);
	return (int)gev__ret(r);
}

int gev_queue_task_done(gev_queue *q)
{
	return (int)gev__ret(task_done(q));
}

int gev_queue_join(gev_queue *q, gev_time timeout)
{
	return (int)gev__ret(join(q, timeout));
}

int gev_queue_shutdown(gev_queue *q, bool immediate)
{
	return (int)gev__ret(shut(q, immediate));
}

size_t gev_queue_qsize(const gev_queue *q)
{
	return q ? q->count : 0;
}

size_t gev_queue_unfinished(const gev_queue *q)
{
	return q ? q->unfinished : 0;
}

bool gev_queue_empty(const gev_queue *q)
{
	return q && !q->count;
}

bool gev_queue_full(const gev_queue *q)
{
	return q && is_full(q);
}
