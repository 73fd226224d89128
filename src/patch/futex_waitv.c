/* SPDX-License-Identifier: MIT */
/*
 * futex_waitv(2): several futexes at a time.
 *
 * Each is waited for as any other is (futex_table.c), by a waiter nobody parks
 * on; the one that the greenlet parks on is woken by the first of them.  Which
 * that was is the answer.
 */
#include "patch/futex.h"
#include <linux/futex.h>
#include "base/mem.h"
#include "calls/descriptor.h"
#include "calls/duration.h"
#include "patch/handlers.h"
#include "patch/signals.h"

struct several {
	gev_waiter waiter;
	long n;
	struct gev__futex_wait wait[];
};

/* Whether all is in order, and has its value: -ETIMEDOUT, or the answer. */
static long probe(const long a[6])
{
	const struct timespec over = { 0, 0 };

	return gev__sys(SYS_futex_waitv, a[0], a[1], a[2], &over,
		CLOCK_MONOTONIC);
}

static long limit(const long a[6], gev_time *t)
{
	const struct timespec *ts = (const void *)a[3];
	struct timespec now;
	gev_time passed;
	long r = gev__duration(ts, t);

	if (r < 0 || *t == GEV_FOREVER)
		return r;
	r = gev__sys(SYS_clock_gettime, a[4], &now);
	if (r < 0 || (a[4] != CLOCK_MONOTONIC && a[4] != CLOCK_REALTIME))
		return -EINVAL;
	gev__duration(&now, &passed);
	*t = *t > passed ? *t - passed : 0;
	return 0;
}

static long join(struct several *s, const struct futex_waitv *v)
{
	struct gev__futex_wait *w = &s->wait[s->n];
	long r;

	gev__futex_init(w);
	w->hub = gev__hub_here();
	w->word = (const uint32_t *)(uintptr_t)v->uaddr;
	w->bitset = FUTEX_BITSET_MATCH_ANY;
	w->shared = !(v->flags & FUTEX_PRIVATE_FLAG);
	w->all = &s->waiter;
	r = gev__futex_join(w, (uint32_t)v->val);
	if (r < 0)
		return r;
	s->n++;
	if (w->shared)
		gev__futex_ask(w, (uint32_t)v->val);
	return 0;
}

/* The first that was served, or -1; the others let go. */
static long leave(struct several *s)
{
	long first = -1;

	for (long i = 0; i < s->n; i++) {
		struct gev__futex_wait *w = &s->wait[i];

		w->all = NULL;
		gev__wake(&w->waiter, -ECANCELED);
		gev__futex_unask(w);
		if (first < 0 && w->served && w->waiter.result == 0)
			first = i;
	}
	return first;
}

static long answer(const struct several *s, long first, int r)
{
	if (first >= 0)
		return first;
	return s->waiter.expired || r == -ETIMEDOUT ? -ETIMEDOUT : -EINTR;
}

static long wait(struct several *s, const long a[6], gev_time t)
{
	const struct futex_waitv *v = (const void *)a[0];
	struct gev_hub *hub = gev__hub_here();
	long first, r = 0;

	for (long i = 0; i < a[1] && r == 0; i++)
		r = join(s, &v[i]);
	if (r < 0) {
		leave(s);
		return r;
	}
	gev__hold(hub);
	r = gev__park(&s->waiter, t);
	gev__unhold(hub);
	first = leave(s);
	return answer(s, first, (int)r);
}

long gev__patch_futex_waitv(struct gev_hub *hub, const long a[6])
{
	struct several *s;
	size_t size;
	gev_time t;
	long r;

	if (!hub || gev__patch_in_handler())
		return GEV__PASS;
	r = limit(a, &t);
	if (r == 0)
		r = probe(a);
	if (r != -ETIMEDOUT || t == 0)
		return r;
	size = sizeof(*s) + (size_t)a[1] * sizeof(s->wait[0]);
	s = gev__alloc(size);
	if (!s)
		return -ENOMEM;
	s->waiter.what = "several futexes";
	r = wait(s, a, t);
	gev__free(s, size);
	return r;
}
