/* SPDX-License-Identifier: MIT */
/*
 * epoll, the default backend.
 *
 * Edges ask for hang-ups (RDHUP) too: data and the end of file may come in one
 * edge, and nothing else tells the two from data alone.  What epoll knows of a
 * descriptor is not always what we think (it goes by the open file, and lets go
 * of it with the last duplicate), hence the second try in watch().
 */
#include "base/error.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/sys.h"
#include "loop/backend.h"
#include <stdbool.h>
#include <time.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441 /* Linux 5.11 */
#endif

#define BATCH 512
#define SIGSET_SIZE 8
#define NS_PER_S 1000000000
#define NS_PER_MS 1000000

struct epoll {
	struct epoll_event events[BATCH];
	bool only_ms; /* there is no epoll_pwait2 */
};

static int open_epoll(gev_loop *loop)
{
	long fd;

	if (!loop->poller)
		loop->poller = gev__alloc(sizeof(struct epoll));
	if (!loop->poller)
		return -ENOMEM;
	fd = gev__sys(SYS_epoll_create1, EPOLL_CLOEXEC);
	loop->poll_fd = fd < 0 ? -1 : gev__host_fd((int)fd);
	return fd < 0 ? (int)fd : 0;
}

static void close_epoll(gev_loop *loop)
{
	if (loop->poll_fd >= 0)
		gev__sys(SYS_close, loop->poll_fd);
	loop->poll_fd = -1;
	gev__free(loop->poller, sizeof(struct epoll));
	loop->poller = NULL;
}

static int watch(gev_loop *loop, int fd, int events)
{
	struct epoll_event ev = {
		.events = gev__to_epoll(events),
		.data.u64 = gev__io_tag(loop, fd),
	};
	int op = EPOLL_CTL_ADD;
	long r;

	if (loop->fds[fd].registered)
		op = events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
	else if (events == 0)
		return 0;
	r = gev__sys(SYS_epoll_ctl, loop->poll_fd, op, fd, &ev);
	if (r == -EEXIST)
		op = EPOLL_CTL_MOD;
	else if (r == -ENOENT && op == EPOLL_CTL_MOD)
		op = EPOLL_CTL_ADD;
	else
		return r;
	return gev__sys(SYS_epoll_ctl, loop->poll_fd, op, fd, &ev);
}

/* To the millisecond, and never early. */
static long wait_ms(gev_loop *loop, struct epoll_event *events,
	gev_time timeout)
{
	gev_time ms = timeout < 0 ? -1 : (timeout + NS_PER_MS - 1) / NS_PER_MS;

	if (ms > INT32_MAX)
		ms = INT32_MAX;
	return gev__sys(SYS_epoll_pwait, loop->poll_fd, events, BATCH, ms,
		NULL, SIGSET_SIZE);
}

static long wait_ns(gev_loop *loop, struct epoll_event *events,
	gev_time timeout)
{
	struct timespec ts = { timeout / NS_PER_S, timeout % NS_PER_S };

	return gev__sys(SYS_epoll_pwait2, loop->poll_fd, events, BATCH, &ts,
		NULL, SIGSET_SIZE);
}

static long wait_for_events(gev_loop *loop, gev_time timeout)
{
	struct epoll *ep = loop->poller;

	if (timeout > 0 && !ep->only_ms) {
		long n = wait_ns(loop, ep->events, timeout);

		if (n != -ENOSYS)
			return n;
		ep->only_ms = true;
	}
	return wait_ms(loop, ep->events, timeout);
}

static int wait(gev_loop *loop, gev_time timeout)
{
	struct epoll *ep = loop->poller;
	long n = wait_for_events(loop, timeout);

	if (n == -EINTR)
		return 0;
	for (long i = 0; i < n; i++)
		gev__io_event(loop, ep->events[i].data.u64,
			gev__from_epoll(ep->events[i].events));
	return n;
}

const struct gev__backend gev__epoll = {
	.name = "epoll",
	.open = open_epoll,
	.close = close_epoll,
	.watch = watch,
	.wait = wait,
};
