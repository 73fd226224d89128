/* SPDX-License-Identifier: MIT */
/* An epoll descriptor can be polled itself: it is readable if it has events. */
#include "calls/calls.h"
#include "calls/duration.h"
#include "calls/poller.h"

struct epoll_call {
	struct gev__poller p;
	int epfd;
	struct epoll_event *events;
	int max;
};

static struct epoll_call *of(struct gev__poller *p)
{
	return gev__container(p, struct epoll_call, p);
}

static long probe(struct gev__poller *p)
{
	struct epoll_call *c = of(p);

	if (p->closed)
		return -EBADF;
	return gev__sys(SYS_epoll_pwait, gev__poller_fd(p, 0, c->epfd),
		c->events, c->max, 0, NULL, 0);
}

static long enlist(struct gev__poller *p)
{
	long r = gev__poller_room(p, 1);

	return r < 0 ? r : gev__poller_add(p, 0, of(p)->epfd, GEV_READ);
}

static long run(int epfd, struct epoll_event *events, int max, gev_time timeout,
	const uint64_t *mask, size_t size)
{
	struct epoll_call c;
	long r = gev__mask_check(mask, size);

	if (r < 0)
		return r;
	gev__poller_init(&c.p, "epoll_wait", probe, enlist);
	c.p.mask = mask;
	c.epfd = epfd;
	c.events = events;
	c.max = max;
	return gev__poller_run(&c.p, timeout);
}

long gev__call_epoll_wait(int epfd, struct epoll_event *events, int max, int ms)
{
	return run(epfd, events, max, gev__duration_ms(ms), NULL, 0);
}

long gev__call_epoll_pwait(int epfd, struct epoll_event *events, int max,
	int ms, const uint64_t *mask, size_t size)
{
	return run(epfd, events, max, gev__duration_ms(ms), mask, size);
}

long gev__call_epoll_pwait2(int epfd, struct epoll_event *events, int max,
	const struct timespec *timeout, const uint64_t *mask, size_t size)
{
	gev_time t;
	long r = gev__duration(timeout, &t);

	return r < 0 ? r : run(epfd, events, max, t, mask, size);
}
