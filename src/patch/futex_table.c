/* SPDX-License-Identifier: MIT */
/*
 * All greenlets of the process that wait for a futex, as the kernel has its
 * threads: hashed by address, with a lock for each bucket, under which the word
 * is compared before anybody joins, and under which everybody is found.
 *
 * Who is served is taken out of the bucket.  If he is of the caller's own hub
 * he is woken at once, else a callback is posted to his hub that does it.  Whose
 * wait is over takes the lock once more, after which no other thread knows of
 * him: so he may lie on the greenlet's stack.  If he was served and fails all
 * the same, being killed before the news came, the wake passes on to another:
 * one too many does no harm, one too few hangs somebody.
 *
 * Real threads wait in the kernel.  Who wakes looks here first, then there.
 */
#include "patch/futex.h"
#include <linux/futex.h>
#include "base/lock.h"
#include "base/mem.h"
#include "patch/dispatch.h"
#include "patch/signals.h"

#define BUCKETS 256

struct gev__futex_bucket {
	struct gev__lock lock;
	atomic_uint waiting;
	struct gev_list waiters;
} __attribute__((aligned(64)));

static struct gev__futex_bucket buckets[BUCKETS];
static atomic_bool closed;
atomic_bool gev__futex_strangers;

static struct gev__futex_bucket *bucket_of(const uint32_t *word)
{
	uint64_t hash = (uint64_t)(uintptr_t)word * 0x9e3779b97f4a7c15u;

	return &buckets[hash >> 56];
}

/*
 * A signal handler may have interrupted who holds a lock: what it wakes then is
 * noted, and woken when the lock is released.
 */
#define LATER 8

static _Thread_local struct {
	volatile unsigned holds;
	volatile unsigned n;         /* more than LATER: wake everybody */
	struct {
		const uint32_t *word;
		long n;
		uint32_t bitset;
	} later[LATER];
} mine __attribute__((tls_model("initial-exec")));

/* A zeroed bucket is an empty one. */
static void lock(struct gev__futex_bucket *b)
{
	mine.holds++;
	gev__lock(&b->lock);
	if (!b->waiters.next)
		gev__list_init(&b->waiters);
}

static void wake_everybody(void);

static void wake_later(const uint32_t *word, long n, uint32_t bitset)
{
	if (mine.n < LATER) {
		mine.later[mine.n].word = word;
		mine.later[mine.n].n = n;
		mine.later[mine.n].bitset = bitset;
	}
	mine.n++;
}

/* A handler may add some at any moment. */
static void wake_now(void)
{
	unsigned n;

	while ((n = mine.n)) {
		unsigned last = n < LATER ? n - 1 : LATER - 1;
		const uint32_t *word = mine.later[last].word;
		long count = mine.later[last].n;
		uint32_t bitset = mine.later[last].bitset;

		if (!__atomic_compare_exchange_n(&mine.n, &n, last, false,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		if (n > LATER)
			wake_everybody();
		gev__futex_serve(word, count, bitset);
	}
}

static void unlock(struct gev__futex_bucket *b)
{
	gev__unlock(&b->lock);
	if (--mine.holds == 0 && __builtin_expect(mine.n, 0))
		wake_now();
}

/* That of @w, who may be sent elsewhere until it is had. */
static struct gev__futex_bucket *lock_of(struct gev__futex_wait *w)
{
	for (;;) {
		struct gev__futex_bucket *b = atomic_load(&w->bucket);

		lock(b);
		if (atomic_load_explicit(&w->bucket, memory_order_relaxed) == b)
			return b;
		unlock(b);
	}
}

static void add(struct gev__futex_bucket *b, struct gev__futex_wait *w)
{
	atomic_store(&w->bucket, b);
	gev__list_add_tail(&b->waiters, &w->node);
}

static void take_out(struct gev__futex_bucket *b, struct gev__futex_wait *w)
{
	gev__list_del(&w->node);
	atomic_fetch_sub_explicit(&b->waiting, 1, memory_order_relaxed);
}

/* True: it was served in time. */
static bool leave(struct gev__futex_wait *w)
{
	struct gev__futex_bucket *b = lock_of(w);

	if (!w->served)
		take_out(b, w);
	unlock(b);
	return w->served;
}

/* In a forked child the list is another, and nobody is to be told. */
static void woke(struct gev_waiter *waiter)
{
	struct gev__futex_wait *w =
		gev__container(waiter, struct gev__futex_wait, waiter);
	bool served = false;

	if (!w->here && w->hub->abandoning != GEV__FORKED)
		served = leave(w);
	gev_callback_stop(&w->callback);
	if (served && waiter->result < 0 && !waiter->expired)
		gev__futex_wake(w->word, 1, w->bitset, w->shared);
	if (w->all)
		gev__wake(w->all, 0);
}

/* By parts: for the whole at once clang would call memset(). */
void gev__futex_init(struct gev__futex_wait *w)
{
	w->waiter = (struct gev_waiter){ .what = "futex", .woke = woke };
	w->node = (struct gev_list){ NULL, NULL };
	w->callback = (gev_callback)GEV_CALLBACK_INIT;
	w->ask = NULL;
	w->all = NULL;
	w->served = false;
	w->here = false;
}

/*
 * The count goes up before the word is read; who wakes changes the word, then
 * reads the count.  So one of them sees the other.
 */
long gev__futex_join(struct gev__futex_wait *w, uint32_t value)
{
	struct gev__futex_bucket *b = bucket_of(w->word);
	long r = 0;

	w->waiter.object = w->word;
	lock(b);
	atomic_fetch_add(&b->waiting, 1);
	if (atomic_load(&closed))
		r = GEV__PASS;
	else if (__atomic_load_n(w->word, __ATOMIC_SEQ_CST) != value)
		r = -EAGAIN;
	if (r == 0)
		add(b, w);
	else
		atomic_fetch_sub(&b->waiting, 1);
	unlock(b);
	return r;
}

int gev__futex_park(struct gev__futex_wait *w, gev_time timeout)
{
	int r = gev__park(&w->waiter, timeout);

	if (!w->waiter.woken) { /* the wait did not begin */
		w->waiter.result = r;
		woke(&w->waiter);
	}
	return w->served && w->waiter.expired ? 0 : r;
}

static int arrive(void *wait)
{
	struct gev__futex_wait *w = wait;

	gev__wake(&w->waiter, 0);
	return 0;
}

/* The lock is held. */
static void serve(struct gev__futex_bucket *b, struct gev__futex_wait *w,
	const gev_hub *here)
{
	take_out(b, w);
	w->served = true;
	if (w->hub == here) {
		w->here = true;
		gev__wake(&w->waiter, 0);
	} else {
		gev_loop_run_callback_threadsafe(w->hub->loop, &w->callback,
			arrive, w);
	}
}

bool gev__futex_found(struct gev__futex_wait *w)
{
	struct gev__futex_bucket *b = lock_of(w);
	bool found = !w->served && !w->waiter.woken;

	if (found)
		serve(b, w, w->hub);
	unlock(b);
	return found;
}

/* Not who goes with his hub, which the caller is just taking down. */
static bool waits_at(const struct gev__futex_wait *w, const uint32_t *word,
	uint32_t bitset, const gev_hub *here)
{
	return w->word == word && w->bitset & bitset &&
	       !(w->hub == here && here->abandoning);
}

/* The caller's hub; a signal handler is a stranger. */
static const gev_hub *waker(void)
{
	return gev__patch_in_handler() ? NULL : gev__hub_here();
}

/* A write, so that it is ordered with that of who is about to wait. */
static bool anybody(struct gev__futex_bucket *b)
{
	return atomic_fetch_add(&b->waiting, 0);
}

static struct gev__futex_wait *of_node(struct gev_list *node)
{
	return gev__container(node, struct gev__futex_wait, node);
}

/* Else the kernel would wake those next, and count them once more. */
static void end_asks(struct gev_list *asked)
{
	struct gev_list *node;

	while ((node = gev__list_pop(asked)))
		gev__futex_unask(of_node(node));
}

static long serve_some(struct gev__futex_bucket *b, const uint32_t *word,
	long n, uint32_t bitset, struct gev_list *asked)
{
	const gev_hub *here = waker();
	struct gev_list *node, *save;
	long served = 0;

	gev__list_for_each_safe(node, save, &b->waiters) {
		struct gev__futex_wait *w = of_node(node);

		if (served == n)
			break;
		if (!waits_at(w, word, bitset, here))
			continue;
		serve(b, w, here);
		if (w->here && w->ask)
			gev__list_add_tail(asked, &w->node);
		served++;
	}
	return served;
}

long gev__futex_serve(const uint32_t *word, long n, uint32_t bitset)
{
	struct gev__futex_bucket *b = bucket_of(word);
	struct gev_list asked;
	long served;

	if (!anybody(b))
		return 0;
	if (mine.holds) {
		wake_later(word, n, bitset);
		return 0;
	}
	gev__list_init(&asked);
	lock(b);
	served = serve_some(b, word, n, bitset, &asked);
	unlock(b);
	end_asks(&asked);
	return served;
}

static void lock_both(struct gev__futex_bucket *a, struct gev__futex_bucket *b)
{
	lock(a < b ? a : b);
	if (a != b)
		lock(a < b ? b : a);
}

static void unlock_both(struct gev__futex_bucket *a,
	struct gev__futex_bucket *b)
{
	unlock(a);
	if (a != b)
		unlock(b);
}

/* Who waits in the kernel too can't be sent elsewhere there. */
static void send_to(struct gev__futex_bucket *a, struct gev__futex_bucket *b,
	struct gev__futex_wait *w, const uint32_t *to, const gev_hub *here)
{
	if (w->ask) {
		serve(a, w, here);
		return;
	}
	take_out(a, w);
	atomic_fetch_add(&b->waiting, 1);
	w->word = to;
	w->waiter.object = to;
	add(b, w);
}

static void move_all(struct gev__futex_bucket *a, struct gev__futex_bucket *b,
	const uint32_t *from, const uint32_t *to, struct gev__futex_moved want,
	struct gev__futex_moved *did)
{
	const gev_hub *here = waker();
	struct gev_list *node, *next;
	unsigned left = a->waiting;

	for (node = a->waiters.next; left--; node = next) {
		struct gev__futex_wait *w = of_node(node);

		next = node->next;
		if (!waits_at(w, from, FUTEX_BITSET_MATCH_ANY, here))
			continue;
		if (did->woken < want.woken) {
			serve(a, w, here);
			did->woken++;
		} else if (did->moved < want.moved) {
			send_to(a, b, w, to, here);
			did->moved++;
		}
	}
}

long gev__futex_move(const uint32_t *from, const uint32_t *to, long wake,
	long move, const uint32_t *value, struct gev__futex_moved *moved)
{
	struct gev__futex_bucket *a = bucket_of(from), *b = bucket_of(to);
	long r = 0;

	*moved = (struct gev__futex_moved){ 0, 0 };
	lock_both(a, b);
	if (value && __atomic_load_n(from, __ATOMIC_SEQ_CST) != *value)
		r = -EAGAIN;
	else
		move_all(a, b, from, to,
			(struct gev__futex_moved){ wake, move }, moved);
	unlock_both(a, b);
	return r;
}

static void serve_all(struct gev__futex_bucket *b)
{
	const gev_hub *here = waker();

	lock(b);
	while (!gev__list_empty(&b->waiters))
		serve(b, of_node(b->waiters.next), here);
	unlock(b);
}

static void wake_everybody(void)
{
	for (int i = 0; i < BUCKETS; i++)
		serve_all(&buckets[i]);
}

void gev__futex_close(void)
{
	atomic_store(&closed, true);
	wake_everybody();
}

void gev__futex_open(bool threads)
{
	if (threads)
		atomic_store(&gev__futex_strangers, true);
	atomic_store(&closed, false);
}

/*
 * Of all who waited only one can be left: main, if a callback of its loop
 * forked.  It looks again.
 */
void gev__futex_forked(void)
{
	struct gev_hub *hub = gev__hub_here();
	struct gev_waiter *w = NULL;

	if (hub)
		gev__futex_ring_forked(hub);
	gev__zero(buckets, sizeof(buckets));
	if (hub && !hub->thread->current->greenlet)
		w = hub->main->coro->waiter;
	if (w && w->woke == woke) {
		gev__container(w, struct gev__futex_wait, waiter)->here = true;
		gev__wake(w, 0);
	}
}
