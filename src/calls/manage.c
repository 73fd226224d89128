/* SPDX-License-Identifier: MIT */
/*
 * Descriptors themselves: closed, replaced, copied, made, looked at.  Whoever
 * waits on one that goes away is told first.
 */
#include "calls/calls.h"
#include "calls/descriptor.h"
#include <fcntl.h>
#include <gev/io.h>
#include <poll.h>

long gev__call_close(int fd)
{
	gev__fd_retire(gev__hub_here(), fd, -EBADF);
	return gev__sys(SYS_close, fd);
}

long gev__call_pipe2(int fds[2], int flags)
{
	long r = gev__sys(SYS_pipe2, fds, flags);

	for (int i = 0; r == 0 && i < 2; i++)
		gev__fd_fresh(gev__hub_here(), fds[i], GEV__FD_PIPE,
			flags & O_NONBLOCK);
	return r;
}

/* What is known of @from, but for who waits there, holds for its copy. */
static void inherit(int from, int to)
{
	struct gev_hub *hub = gev__hub_here();
	struct gev__fd_rec *old = gev__fd_peek(hub, from);
	struct gev__fd_rec *new;

	if (!old) {
		gev__fd_retire(hub, to, -EBADF);
		return;
	}
	gev__fd_fresh(hub, to, old->kind, old->nonblock);
	new = gev__fd_peek(hub, to);
	if (new)
		new->listens = old->listens;
}

long gev__call_dup(int fd)
{
	long r = gev__sys(SYS_dup, fd);

	if (r >= 0)
		inherit(fd, (int)r);
	return r;
}

long gev__call_dup3(int oldfd, int newfd, int flags)
{
	long r;

	/* Checked first, so that nobody is told of what does not happen. */
	if (oldfd == newfd)
		return -EINVAL;
	r = gev__sys(SYS_fcntl, oldfd, F_GETFD);
	if (r < 0)
		return r;
	gev__fd_retire(gev__hub_here(), newfd, -EBADF);
	r = gev__sys(SYS_dup3, oldfd, newfd, flags);
	if (r >= 0)
		inherit(oldfd, newfd);
	return r;
}

long gev__call_dup2(int oldfd, int newfd)
{
	long r;

	if (oldfd != newfd)
		return gev__call_dup3(oldfd, newfd, 0);
	r = gev__sys(SYS_fcntl, oldfd, F_GETFD);
	return r < 0 ? r : newfd;
}

/* O_NONBLOCK as the program set it; the kernel has our own for listeners. */
static long set_flags(struct gev__fd_rec *rec, int fd, long flags)
{
	long kernel = flags;
	long r;

	if (rec && rec->listens)
		kernel |= O_NONBLOCK;
	r = gev__sys(SYS_fcntl, fd, F_SETFL, kernel);
	if (r == 0 && rec)
		rec->nonblock = flags & O_NONBLOCK;
	return r;
}

static long get_flags(const struct gev__fd_rec *rec, int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);

	if (flags >= 0 && rec && rec->listens && !rec->nonblock)
		flags &= ~O_NONBLOCK;
	return flags;
}

long gev__call_fcntl(int fd, int cmd, unsigned long arg)
{
	struct gev__fd_rec *rec = gev__fd_peek(gev__hub_here(), fd);
	long r;

	if (cmd == F_SETFL)
		return set_flags(rec, fd, (long)arg);
	if (cmd == F_GETFL)
		return get_flags(rec, fd);
	r = gev__sys(SYS_fcntl, fd, cmd, arg);
	if (r >= 0 && (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC))
		inherit(fd, (int)r);
	return r;
}

/* What of @events is ready just now; errors and hang-ups make both so. */
static long look(int fd, int events)
{
	struct pollfd p = { .fd = fd };
	struct timespec zero = { 0 };
	long r;

	p.events = (short)((events & GEV_READ ? POLLIN : 0) |
			   (events & GEV_WRITE ? POLLOUT : 0));
	r = gev__sys(SYS_ppoll, &p, 1, &zero, NULL, 0);
	if (r <= 0)
		return r;
	if (p.revents & POLLNVAL)
		return -EBADF;
	if (p.revents & (POLLERR | POLLHUP))
		return events;
	return (p.revents & POLLIN ? GEV_READ : 0) |
	       (p.revents & POLLOUT ? GEV_WRITE : 0);
}

long gev__call_wait_fd(int fd, int events, gev_time timeout)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;
	gev_time deadline;
	long r;

	if (!rec)
		return error;
	if (!events || (events & ~(GEV_READ | GEV_WRITE)) ||
		timeout < GEV_FOREVER)
		return -EINVAL;
	deadline = gev_loop_update(hub->loop) + timeout;
	while ((r = look(fd, events)) == 0) {
		r = gev__fd_wait(hub, rec, fd, events, timeout, NULL,
			"wait_fd");
		if (r == -EPERM)
			return events;
		if (r < 0)
			return r;
		if (timeout > 0) {
			timeout = deadline - gev_loop_update(hub->loop);
			if (timeout < 0)
				timeout = 0;
		}
	}
	return r;
}
