/* SPDX-License-Identifier: MIT */
#include "calls/calls.h"
#include "calls/duration.h"
#include "calls/poller.h"

#define WRITES (POLLOUT | POLLWRNORM | POLLWRBAND)

struct poll_call {
	struct gev__poller p;
	struct pollfd *fds;
	unsigned n;
};

static struct poll_call *of(struct gev__poller *p)
{
	return gev__container(p, struct poll_call, p);
}

/* Those that were closed, even if the number is in use again.  How many now. */
static long mark_closed(const struct poll_call *c, long ready)
{
	for (int i = 0; i < c->p.n; i++) {
		if (!c->p.polled[i].closed)
			continue;
		ready += !c->fds[i].revents;
		c->fds[i].revents = POLLNVAL;
	}
	return ready;
}

static long probe(struct gev__poller *p)
{
	struct poll_call *c = of(p);
	struct timespec zero = { 0 };
	long r;

	do
		r = gev__sys(SYS_ppoll, c->fds, c->n, &zero, NULL, 0);
	while (r == -EINTR);
	return p->closed && r >= 0 ? mark_closed(c, r) : r;
}

static int sides_of(int events)
{
	int sides = events & WRITES ? GEV_WRITE : 0;

	/* Errors and hang-ups, which nobody asks for, come with both. */
	return !sides || events & ~WRITES ? sides | GEV_READ : sides;
}

static long enlist(struct gev__poller *p)
{
	struct poll_call *c = of(p);
	long r = gev__poller_room(p, (int)c->n);

	for (unsigned i = 0; r == 0 && i < c->n; i++)
		if (c->fds[i].fd >= 0)
			r = gev__poller_add(p, (int)i, c->fds[i].fd,
				sides_of(c->fds[i].events));
	return r;
}

/* @left: what is left of @timeout. */
static long run(struct pollfd *fds, unsigned n, gev_time timeout,
	const uint64_t *mask, gev_time *left)
{
	struct poll_call c;
	long r;

	gev__poller_init(&c.p, "poll", probe, enlist);
	c.p.mask = mask;
	c.fds = fds;
	c.n = n;
	r = gev__poller_run(&c.p, timeout);
	*left = gev__poller_left(&c.p, timeout);
	return r;
}

long gev__call_poll(struct pollfd *fds, unsigned n, int ms)
{
	gev_time left;

	return run(fds, n, gev__duration_ms(ms), NULL, &left);
}

long gev__call_ppoll(struct pollfd *fds, unsigned n, struct timespec *timeout,
	const uint64_t *mask, size_t size)
{
	gev_time t, left;
	long r = gev__duration(timeout, &t);

	if (r == 0)
		r = gev__mask_check(mask, size);
	if (r < 0)
		return r;
	r = run(fds, n, t, mask, &left);
	gev__duration_left(timeout, t, left);
	return r;
}
