/* SPDX-License-Identifier: MIT */
/*
 * futex(2), in which libc's locks wait.
 *
 * A greenlet waits in a table of ours (futex_table.c), a thread in the kernel,
 * and who wakes looks in both: so greenlets and threads share locks.  A wake
 * that does not come this way - other processes on shared memory, the kernel at
 * a thread's end, which pthread_join() waits for - can only concern a futex
 * that is not private: for such the kernel waits as well (futex_ring.c), or if
 * it can't, the greenlet looks again now and then.
 *
 * libc knows four answers, 0, EAGAIN, EINTR and ETIMEDOUT, and gives up the
 * process for any other.  Mutexes (FUTEX_WAIT) can't be told to give up: such a
 * wait is not interrupted, and a kill waits until it is over.  Others
 * (FUTEX_WAIT_BITSET: semaphores, conditions, joining) are told EINTR, or
 * ETIMEDOUT by a gev_timeout.
 */
#include "patch/futex.h"
#include <linux/futex.h>
#include "calls/descriptor.h"
#include "calls/duration.h"
#include "patch/handlers.h"
#include "patch/signals.h"

#define ADDRESSES (1ul << 47) /* a program's lie below that, as a rule */

static uint32_t *word_in(long a)
{
	return (uint32_t *)a;
}

static long private_bit(const long a[6])
{
	return a[1] & FUTEX_PRIVATE_FLAG;
}

long gev__futex_wake(const uint32_t *word, long n, uint32_t bitset, bool shared)
{
	long served = gev__futex_serve(word, n, bitset);
	long r = 0;

	if (served < n)
		r = gev__sys(SYS_futex, word,
			FUTEX_WAKE_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG),
			n - served, NULL, NULL, bitset);
	return served + (r > 0 ? r : 0);
}

/*
 * Pages in which the kernel found a word.  Libc has looked at the word itself
 * before it waits, and asking costs more than all the rest of a hand-over.
 */
#define KNOWN 64
static _Atomic uintptr_t known[KNOWN];

static _Atomic uintptr_t *known_page(uintptr_t page)
{
	return &known[page / GEV__PAGE % KNOWN];
}

/* Whether the word is there, and @value: 0, or the kernel's answer if not. */
static long probe(const long a[6], uint32_t value)
{
	uintptr_t page = (uintptr_t)a[0] & -(uintptr_t)GEV__PAGE;
	bool aligned = (uintptr_t)a[0] % sizeof(uint32_t) == 0;
	long r;

	if (page && aligned && *known_page(page) == page)
		return 0;
	r = gev__sys(SYS_futex, a[0], FUTEX_CMP_REQUEUE | private_bit(a), 0, 0,
		a[0], value);
	if (r == 0)
		*known_page(page) = page;
	return r;
}

static gev_time time_now(int clock)
{
	struct timespec ts = { 0 };
	gev_time now;

	gev__sys(SYS_clock_gettime, clock, &ts);
	gev__duration(&ts, &now);
	return now;
}

/* How long to wait.  0 or -EINVAL. */
static long limit(const long a[6], gev_time *t)
{
	const struct timespec *ts = (const void *)a[3];
	long r = gev__duration(ts, t);
	gev_time now;

	if (r < 0 || *t == GEV_FOREVER ||
		(a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT)
		return r;
	now = time_now(a[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME :
						     CLOCK_MONOTONIC);
	*t = *t > now ? *t - now : 0;
	return 0;
}

/* What libc may be told. */
static long answer(const struct gev__futex_wait *w, int r)
{
	if (r == 0 || r == -EDEADLK)
		return r;
	return w->waiter.expired || r == -ETIMEDOUT ? -ETIMEDOUT : -EINTR;
}

/* It keeps the loop running if somebody may come whom we don't know. */
static int park(struct gev__futex_wait *w, gev_time t, bool held)
{
	int r;

	if (!held)
		return gev__futex_park(w, t);
	gev__hold(w->hub);
	r = gev__futex_park(w, t);
	gev__unhold(w->hub);
	return r;
}

struct futex_call {
	gev_hub *hub;
	const uint32_t *word;
	uint32_t value;
	uint32_t bitset;
	bool firm;              /* not to be interrupted */
	bool shared;
	bool held;
};

static long begin(const struct futex_call *c, struct gev__futex_wait *w)
{
	gev__futex_init(w);
	w->hub = c->hub;
	w->word = c->word;
	w->bitset = c->bitset;
	w->shared = c->shared;
	w->waiter.shielded = c->firm;
	return gev__futex_join(w, c->value);
}

/*
 * Where the kernel does not help with a shared one, looks again now and then;
 * when it gets long libc may look for itself.
 */
static long wait_till(const struct futex_call *c, gev_time end)
{
	gev_time pause = GEV__PAUSE;

	for (;;) {
		gev_time left = gev__fd_left(c->hub, end);
		struct gev__futex_wait w;
		long r = begin(c, &w);
		bool cut;

		if (r < 0)
			return r;
		cut = c->shared && !gev__futex_ask(&w, c->value) &&
		      (left == GEV_FOREVER || pause < left);
		r = park(&w, cut ? pause : left, c->held);
		gev__futex_unask(&w);
		if (!cut || !w.waiter.expired || r == 0)
			return answer(&w, (int)r);
		if (pause >= GEV__PAUSE_MAX)
			return 0;
		pause = gev__longer_pause(pause);
	}
}

/*
 * Main may be the last that can run: then the deadlock is reported, and it
 * waits all the same, since there is nothing that libc could be told.
 */
static long wait_for(struct futex_call *c, gev_time t)
{
	gev_time end = gev__fd_deadline(c->hub, t);
	long r = wait_till(c, end);

	if (r != -EDEADLK)
		return r;
	c->held = true;
	return wait_till(c, end);
}

static long wait(gev_hub *hub, const long a[6], uint32_t bitset, bool firm)
{
	struct futex_call c = { .hub = hub,
		.word = word_in(a[0]),
		.value = (uint32_t)a[2],
		.bitset = bitset,
		.firm = firm,
		.shared = !private_bit(a),
		.held = !private_bit(a) || gev__futex_strangers };
	gev_time t;
	long r;

	if (!hub || !bitset)
		return GEV__PASS;
	r = limit(a, &t);
	if (r == 0)
		r = probe(a, c.value);
	return r < 0 ? r : wait_for(&c, t);
}

long gev__futex_wait(gev_hub *hub, const long a[6], bool firm)
{
	return wait(hub, a, (uint32_t)a[5], firm);
}

/* The kernel takes less than 1 for 1. */
static long count(long n)
{
	return (int)n > 0 ? (int)n : 1;
}

/* Nobody can wait in the kernel, nor has that anything against the address. */
static bool is_all_ours(const long a[6], uint32_t bitset)
{
	return private_bit(a) && !gev__futex_strangers && bitset &&
	       (uintptr_t)a[0] < ADDRESSES &&
	       (uintptr_t)a[0] % sizeof(uint32_t) == 0;
}

static long wake(const long a[6], uint32_t bitset)
{
	long served = gev__futex_serve(word_in(a[0]), count(a[2]), bitset);
	long r;

	if (is_all_ours(a, bitset))
		return served;
	if (served == 0)
		return GEV__PASS;
	if (served == count(a[2]))
		return served;
	r = gev__sys(SYS_futex, a[0], a[1], count(a[2]) - served, 0, 0,
		bitset);
	return r > 0 ? served + r : served;
}

/*
 * The kernel looks first, then last for its own; what has changed by then has
 * others to see to it.
 */
static long requeue(const long a[6])
{
	bool compares = (a[1] & FUTEX_CMD_MASK) == FUTEX_CMP_REQUEUE;
	uint32_t value = (uint32_t)a[5];
	struct gev__futex_moved moved;
	long n, r;

	if ((int)a[2] < 0 || (int)a[3] < 0)
		return GEV__PASS;
	r = gev__sys(SYS_futex, a[0], a[1], 0, 0, a[4], value);
	if (r == 0)
		r = gev__futex_move(word_in(a[0]), word_in(a[4]), (int)a[2],
			(int)a[3], compares ? &value : NULL, &moved);
	if (r < 0)
		return r;
	n = moved.woken + (compares ? moved.moved : 0);
	r = gev__sys(SYS_futex, a[0], a[1], (int)a[2] - moved.woken,
		(int)a[3] - moved.moved, a[4], value);
	return r > 0 ? n + r : n;
}

/*
 * Only the kernel knows whether the second word calls for a wake; one too many
 * does no harm.
 */
static long wake_op(const long a[6])
{
	long r = gev__sys(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (r < 0)
		return r;
	r += gev__futex_serve(word_in(a[0]), count(a[2]),
		FUTEX_BITSET_MATCH_ANY);
	return r + gev__futex_serve(word_in(a[4]), count(a[3]),
			   FUTEX_BITSET_MATCH_ANY);
}

static long inherit(gev_hub *hub, const long a[6])
{
	long r = probe(a, 0);

	if (r < 0 && r != -EAGAIN)
		return r;
	switch (a[1] & FUTEX_CMD_MASK) {
	case FUTEX_UNLOCK_PI:
		return gev__futex_unlock_pi(a);
	case FUTEX_TRYLOCK_PI:
		return gev__futex_trylock_pi(a);
	default:
		return gev__futex_lock_pi(hub, a);
	}
}

static bool only_wakes(const long a[6])
{
	long op = a[1] & FUTEX_CMD_MASK;

	return op == FUTEX_WAKE || op == FUTEX_WAKE_BITSET;
}

long gev__patch_futex(struct gev_hub *hub, const long a[6])
{
	if (gev__patch_in_handler() && !only_wakes(a))
		return GEV__PASS;
	switch ((int)a[1] & ~FUTEX_PRIVATE_FLAG) {
	case FUTEX_WAIT:
		return wait(hub, a, FUTEX_BITSET_MATCH_ANY, true);
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME:
		return wait(hub, a, (uint32_t)a[5], false);
	case FUTEX_WAKE:
		return wake(a, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return wake(a, (uint32_t)a[5]);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return requeue(a);
	case FUTEX_WAKE_OP:
		return wake_op(a);
	case FUTEX_LOCK_PI:
	case GEV__LOCK_PI2:
	case GEV__LOCK_PI2 | FUTEX_CLOCK_REALTIME:
	case FUTEX_TRYLOCK_PI:
	case FUTEX_UNLOCK_PI:
		return inherit(hub, a);
	default:
		return GEV__PASS;
	}
}
