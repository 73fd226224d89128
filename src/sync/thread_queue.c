/* SPDX-License-Identifier: MIT */
/*
 * A ring, and permits: of those who put each needs a free slot, of those who
 * get each an item.  An item is not given to a greenlet before that is there
 * to take it; it is only sure of one.  So items leave in the order in which
 * they came, whoever is killed or times out meanwhile.
 *
 * While anybody waits for a permit there is none free.  That also means that
 * the ring has all the room it may have where somebody waits to put: there
 * were as many items before him.
 */
#include <gev/thread_queue.h>
#include "base/mem.h"
#include "sync/items.h"
#include "sync/ticket.h"

enum { OPEN, SHUT, GONE };

static int closed(const gev_thread_queue *q)
{
	return q->state == GONE ? -EINVAL : -EPIPE;
}

/* Until nobody waits who needn't.  One who is served may let another go on. */
static void balance(gev_thread_queue *q)
{
	while (gev__permits_give(&q->full) || gev__permits_give(&q->free))
		;
	if (q->state != OPEN && !q->items.count)
		gev__ticket_serve_all(&q->full.waiters, closed(q));
}

/* With a permit for an item; but all of them may be gone. */
static int take(gev_thread_queue *q, void **item)
{
	if (!q->items.count)
		return closed(q);
	*item = gev__items_get(&q->items);
	q->free.free++;
	return 0;
}

static int try_put(gev_thread_queue *q, void *item)
{
	int r;

	if (q->state != OPEN)
		return closed(q);
	if (!q->free.free)
		return -EAGAIN;
	r = gev__items_put(&q->items, item);
	if (r < 0)
		return r;
	q->free.free--;
	q->full.free++;
	balance(q);
	return 0;
}

static int settle_put(struct gev__ticket *t, int result)
{
	gev_thread_queue *q = (gev_thread_queue *)t->waiter.object;

	if (result == 0 && q->state != OPEN)
		result = closed(q);
	if (result == 0) {
		gev__assert(q->items.count < q->items.room);
		gev__items_put(&q->items, t->waiter.value);
		q->full.free++;
	} else {
		q->free.free++;
	}
	if (!t->here)
		balance(q);
	return result;
}

static __attribute__((noinline)) int wait_to_put(gev_thread_queue *q,
	void *item, gev_time timeout)
{
	struct gev__ticket t;

	gev__ticket_init(&t, "thread queue put", q, &q->lock, settle_put);
	t.waiter.value = item;
	return gev__ticket_wait(&t, &q->free.waiters, timeout);
}

static int put(gev_thread_queue *q, void *item, gev_time timeout)
{
	int r = q ? gev__ticket_check(timeout) : -EINVAL;

	if (r < 0)
		return r;
	gev__lock(gev__lock_in(&q->lock));
	r = try_put(q, item);
	if (r == -EAGAIN && timeout)
		return wait_to_put(q, item, timeout);
	gev__unlock(gev__lock_in(&q->lock));
	return r;
}

static int try_get(gev_thread_queue *q, void **item)
{
	int r;

	if (q->state == GONE || (q->state == SHUT && !q->items.count))
		return closed(q);
	if (!q->full.free)
		return -EAGAIN;
	q->full.free--;
	r = take(q, item);
	balance(q);
	return r;
}

static int settle_get(struct gev__ticket *t, int result)
{
	gev_thread_queue *q = (gev_thread_queue *)t->waiter.object;

	if (result == 0)
		result = take(q, &t->waiter.value);
	else
		q->full.free++;
	if (!t->here)
		balance(q);
	return result;
}

static __attribute__((noinline)) int wait_to_get(gev_thread_queue *q,
	void **item, gev_time timeout)
{
	struct gev__ticket t;
	int r;

	gev__ticket_init(&t, "thread queue get", q, &q->lock, settle_get);
	r = gev__ticket_wait(&t, &q->full.waiters, timeout);
	*item = t.waiter.value;
	return r;
}

static int get(gev_thread_queue *q, void **item, gev_time timeout)
{
	int r = q ? gev__ticket_check(timeout) : -EINVAL;

	if (r < 0)
		return r;
	gev__lock(gev__lock_in(&q->lock));
	r = try_get(q, item);
	if (r == -EAGAIN && timeout)
		return wait_to_get(q, item, timeout);
	gev__unlock(gev__lock_in(&q->lock));
	return r;
}

static void forget_all(gev_thread_queue *q)
{
	q->items.count = 0;
	q->full.free = 0;
}

static int shut(gev_thread_queue *q, bool immediate)
{
	int r;

	if (!q)
		return -EINVAL;
	gev__lock(gev__lock_in(&q->lock));
	r = q->state == GONE ? -EINVAL : 0;
	if (r == 0) {
		q->state = SHUT;
		if (immediate)
			forget_all(q);
		gev__ticket_serve_all(&q->free.waiters, -EPIPE);
		balance(q);
	}
	gev__unlock(gev__lock_in(&q->lock));
	return r;
}

void gev_thread_queue_init(gev_thread_queue *q, size_t max)
{
	gev__zero(q, sizeof(*q));
	q->free.free = max ? max : SIZE_MAX;
}

void gev_thread_queue_fini(gev_thread_queue *q)
{
	if (!q)
		return;
	gev__lock(gev__lock_in(&q->lock));
	q->state = GONE;
	forget_all(q);
	gev__items_free(&q->items);
	gev__ticket_serve_all(&q->free.waiters, -EINVAL);
	balance(q);
	gev__unlock(gev__lock_in(&q->lock));
}

int gev_thread_queue_put(gev_thread_queue *q, void *item, gev_time timeout)
{
	return (int)gev__ret(put(q, item, timeout));
}

int gev_thread_queue_get(gev_thread_queue *q, void **item, gev_time timeout)
{
	void *taken = NULL;
	int r = get(q, &taken, timeout);

	if (r == 0 && item)
		*item = taken;
	return (int)gev__ret(r);
}

int gev_thread_queue_shutdown(gev_thread_queue *q, bool immediate)
{
	return (int)gev__ret(shut(q, immediate));
}

size_t gev_thread_queue_qsize(gev_thread_queue *q)
{
	size_t count;

	if (!q)
		return 0;
	gev__lock(gev__lock_in(&q->lock));
	count = q->items.count;
	gev__unlock(gev__lock_in(&q->lock));
	return count;
}
