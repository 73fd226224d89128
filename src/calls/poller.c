/* SPDX-License-Identifier: MIT */
/*
 * Signals: the mask of the thread stays as it is, since others run meanwhile.
 * Those which only the poller's mask lets through are noticed by a signalfd,
 * and then delivered by a ppoll() of nothing, which has the kernel change the
 * mask, run the handler and change it back in one step.
 */
#include "calls/poller.h"
#include "base/mem.h"
#include "calls/calls.h"
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#define SIGSET_SIZE 8
#define NAMED_MAX 4 /* descriptors that a report lists */

static void put_in(struct gev__polled *e, struct gev__polled **at)
{
	e->next = *at;
	e->at = at;
	if (e->next)
		e->next->at = &e->next;
	*at = e;
}

static void take_out(struct gev__polled *e)
{
	if (!e->at)
		return;
	*e->at = e->next;
	if (e->next)
		e->next->at = e->at;
	e->at = NULL;
}

void gev__polled_wake(struct gev__polled *first, int events)
{
	for (struct gev__polled *e = first; e; e = e->next)
		if (e->sides & events)
			gev__wake(&e->poller->waiter, 0);
}

/*
 * As in Linux: what is polled is what it was, nobody hears of its end, and at
 * the next look it is the number that counts.
 */
static bool move(struct gev__polled *e)
{
	struct gev__poller *p = e->poller;
	int number = gev__fd_successor(p->coro, e->fd);
	struct gev__fd_rec *rec = NULL;
	int error;

	if (number >= 0)
		rec = gev__fd_get(p->hub, number, &error);
	if (!rec || gev__fd_ask(p->hub, rec, number, e->sides) < 0)
		return false;
	e->moved = number;
	p->moved = true;
	put_in(e, &rec->polled);
	return true;
}

static void note_closed(struct gev__polled *e)
{
	e->at = NULL;
	if (gev__fd_successor && move(e))
		return;
	e->closed = true;
	e->poller->closed = true;
	gev__wake(&e->poller->waiter, 0);
}

void gev__polled_close(struct gev__polled *first)
{
	for (struct gev__polled *e = first, *next; e; e = next) {
		next = e->next;
		note_closed(e);
	}
}

static void describe_some(struct gev__text *t, const struct gev__poller *p)
{
	int named = 0, others = 0;

	for (int i = 0; i < p->n; i++) {
		if (!p->polled[i].at || named == NAMED_MAX) {
			others += p->polled[i].at != NULL;
			continue;
		}
		gev__text_add(t, named++ ? ", " : "on descriptor ");
		gev__text_num(t, (uint64_t)p->polled[i].fd);
	}
	if (!others)
		return;
	gev__text_add(t, " and ");
	gev__text_num(t, (uint64_t)others);
	gev__text_add(t, " more");
}

static void describe(const struct gev_waiter *w, void *text)
{
	describe_some(text, w->object);
}

void gev__poller_init(struct gev__poller *p, const char *name,
	long (*probe)(struct gev__poller *p),
	long (*enlist)(struct gev__poller *p))
{
	p->probe = probe;
	p->enlist = enlist;
	p->name = name;
	p->mask = NULL;
	p->pause = 0;
	p->hub = NULL;
	p->deadline = GEV_FOREVER;
	p->closed = false;
	p->moved = false;
	p->linked = false;
	p->n = 0;
	p->polled = p->few;
	p->signals.fd = -1;
	p->signals.at = NULL;
}

static size_t size_of(int n)
{
	return (size_t)n * sizeof(struct gev__polled);
}

long gev__poller_room(struct gev__poller *p, int n)
{
	struct gev__polled *polled = p->few;

	if (n > GEV__POLLED_FEW)
		polled = gev__alloc(size_of(n));
	if (!polled)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		polled[i].at = NULL;
		polled[i].moved = 0;
		polled[i].closed = false;
	}
	p->polled = polled;
	p->n = n;
	return 0;
}

/* What can't be polled is ready for what it ever will be. */
static long add(struct gev__poller *p, struct gev__polled *e, int fd, int sides)
{
	int error = 0;
	struct gev__fd_rec *rec = gev__fd_get(p->hub, fd, &error);
	long r = rec ? gev__fd_ask(p->hub, rec, fd, sides) : error;

	e->poller = p;
	e->sides = (uint8_t)sides;
	if (r == -EBADF)
		note_closed(e);
	if (r == -EBADF || r == -EPERM)
		return 0;
	if (r < 0)
		return r;
	put_in(e, &rec->polled);
	p->linked = true;
	return 0;
}

long gev__poller_add(struct gev__poller *p, int i, int fd, int sides)
{
	p->polled[i].fd = fd;
	return add(p, &p->polled[i], fd, sides);
}

/* The signals that only @mask lets through. */
static uint64_t unblocked_by(const uint64_t *mask)
{
	uint64_t blocked = 0;

	gev__sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, SIGSET_SIZE);
	return blocked & ~*mask;
}

static long add_signals(struct gev__poller *p)
{
	uint64_t set = p->mask ? unblocked_by(p->mask) : 0;
	long fd;

	if (!set)
		return 0;
	fd = gev__sys(SYS_signalfd4, -1, &set, SIGSET_SIZE,
		SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fd;
	gev__fd_fresh(p->hub, (int)fd, GEV__FD_DEVICE, true);
	p->signals.fd = (int)fd;
	p->signals.moved = 0;
	return add(p, &p->signals, (int)fd, GEV_READ);
}

static long deliver_signals(struct gev__poller *p)
{
	struct timespec zero = { 0 };

	if (!p->mask)
		return 0;
	return gev__sys(SYS_ppoll, NULL, 0, &zero, p->mask, SIGSET_SIZE);
}

static void end(struct gev__poller *p)
{
	for (int i = 0; i < p->n; i++)
		take_out(&p->polled[i]);
	if (p->polled != p->few)
		gev__free(p->polled, size_of(p->n));
	if (p->signals.fd < 0)
		return;
	take_out(&p->signals);
	gev__call_close(p->signals.fd);
}

static void renew_waiter(struct gev__poller *p)
{
	p->waiter = (struct gev_waiter){ .what = p->name,
		.object = p,
		.describe = describe };
}

static long park(struct gev__poller *p, gev_time timeout)
{
	long r;

	if (p->linked)
		gev__hold(p->hub);
	r = gev__park(&p->waiter, timeout);
	if (p->linked)
		gev__unhold(p->hub);
	return r;
}

/* 0 if it is worthwhile to ask again; *expired: for the last time. */
static long wait_once(struct gev__poller *p, bool *expired)
{
	gev_time left = gev__fd_left(p->hub, p->deadline);
	bool pauses = p->pause && (left == GEV_FOREVER || p->pause < left);
	long r = park(p, pauses ? p->pause : left);

	*expired = p->waiter.expired && !pauses;
	if (!p->waiter.expired)
		return r;
	p->pause = gev__longer_pause(p->pause);
	return 0;
}

static long ask(struct gev__poller *p)
{
	long r = p->probe(p);

	return r ? r : deliver_signals(p);
}

static long wait_and_ask(struct gev__poller *p)
{
	bool expired = false;
	long r = 0;

	while (r == 0 && !expired) {
		r = wait_once(p, &expired);
		if (r == 0)
			r = ask(p);
		renew_waiter(p);
	}
	return r;
}

static long wait(struct gev__poller *p, gev_time timeout)
{
	int error;
	long r;

	p->hub = gev__hub_get(&error);
	if (!p->hub)
		return error;
	p->coro = p->hub->thread->current;
	p->deadline = gev__fd_deadline(p->hub, timeout);
	renew_waiter(p);
	r = p->enlist(p);
	if (r == 0)
		r = add_signals(p);
	if (r == 0)
		r = wait_and_ask(p);
	end(p);
	return r;
}

long gev__poller_run(struct gev__poller *p, gev_time timeout)
{
	struct gev_hub *hub;
	long r = ask(p);

	if (r == 0 && timeout != 0)
		return wait(p, timeout);
	hub = gev__hub_here();
	if (hub)
		gev__spend(hub);
	return r;
}

gev_time gev__poller_left(const struct gev__poller *p, gev_time timeout)
{
	return p->hub ? gev__fd_left(p->hub, p->deadline) : timeout;
}
