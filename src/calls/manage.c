/* SPDX-License-Identifier: MIT */
/*
 * Descriptors themselves: closed, replaced, copied, made, looked at.  Whoever
 * waits on one that goes away is told first.
 *
 * A number is forgotten when it is closed, so that whatever makes one need not
 * be followed: open, eventfd, a descriptor in a message.  What is, is so in
 * order to know at once what it is.
 */
#include "calls/calls.h"
#include "calls/descriptor.h"
#include <fcntl.h>
#include <gev/io.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/ioctl.h>

long gev__call_close(int fd)
{
	gev__fd_retire(gev__hub_here(), fd);
	return gev__sys(SYS_close, fd);
}

/* Only those that hubs know of are worth a thought. */
long gev__call_close_range(unsigned first, unsigned last, unsigned flags)
{
	const bool closes = !(flags & ~CLOSE_RANGE_UNSHARE) && first <= last;
	int fd = closes && first < GEV__FD_MAX ? (int)first : GEV__FD_MAX;

	for (; (fd = gev__number_in_use(fd)) < GEV__FD_MAX; fd++) {
		if ((unsigned)fd > last)
			break;
		gev__fd_retire(gev__hub_here(), fd);
	}
	return gev__sys(SYS_close_range, first, last, flags);
}

long gev__call_pipe2(int fds[2], int flags)
{
	long r = gev__sys(SYS_pipe2, fds, flags);

	for (int i = 0; r == 0 && i < 2; i++)
		gev__fd_fresh(gev__hub_here(), fds[i], GEV__FD_PIPE,
			flags & O_NONBLOCK);
	return r;
}

/*
 * @to is a copy of @from: they have O_NONBLOCK in common from now on, so that
 * neither knows what becomes of it.
 */
static void inherit(int from, int to)
{
	struct gev_hub *hub = gev__hub_here();
	int error;
	struct gev__fd_rec *old = hub ? gev__fd_get(hub, from, &error) : NULL;
	struct gev__fd_rec *new;

	if (!old) {
		gev__fd_retire(hub, to);
		return;
	}
	gev__fd_fresh(hub, to, old->kind, old->number->nonblock);
	new = gev__fd_peek(hub, to);
	if (!new)
		return;
	old->number->copied = true;
	new->number->copied = true;
	new->number->listens = old->number->listens;
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
	if (oldfd == newfd || (flags & ~O_CLOEXEC))
		return -EINVAL;
	r = gev__sys(SYS_fcntl, oldfd, F_GETFD);
	if (r < 0)
		return r;
	gev__fd_retire(gev__hub_here(), newfd);
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

/* A listener's O_NONBLOCK in the kernel is ours; the program has its own. */
static long set_flags(struct gev__number *number, int fd, long flags)
{
	bool ours = number && number->listens;
	long r = gev__sys(SYS_fcntl, fd, F_SETFL,
		ours ? flags | O_NONBLOCK : flags);

	if (r == 0 && number) {
		number->nonblock = flags & O_NONBLOCK;
		number->plain = false;
	}
	return r;
}

static long get_flags(struct gev__number *number, int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);

	if (flags >= 0 && number && number->listens && !number->nonblock)
		flags &= ~O_NONBLOCK;
	return flags;
}

long gev__call_fcntl(int fd, int cmd, unsigned long arg)
{
	struct gev__number *number =
		fd >= 0 && fd < GEV__FD_MAX ? gev__number(fd) : NULL;
	long r;

	if (cmd == F_SETFL)
		return set_flags(number, fd, (long)arg);
	if (cmd == F_GETFL)
		return get_flags(number, fd);
	if (cmd == F_SETLKW || cmd == F_OFD_SETLKW)
		return gev__call_setlkw(fd, cmd, (struct flock *)arg);
	r = gev__sys(SYS_fcntl, fd, cmd, arg);
	if (r >= 0 && (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC))
		inherit(fd, (int)r);
	return r;
}

/* FIONBIO is another way to set O_NONBLOCK. */
long gev__call_ioctl(int fd, unsigned long request, unsigned long arg)
{
	long r = gev__sys(SYS_ioctl, fd, request, arg);

	if (r == 0 && request == FIONBIO && fd < GEV__FD_MAX)
		set_flags(gev__number(fd), fd,
			gev__sys(SYS_fcntl, fd, F_GETFL));
	return r;
}

/* What of @events is ready just now; errors and hang-ups make both so. */
static long look(int fd, int events)
{
	long r = gev__fd_poll(fd, (events & GEV_READ ? POLLIN : 0) |
		(events & GEV_WRITE ? POLLOUT : 0));

	if (r <= 0)
		return r;
	if (r & (POLLERR | POLLHUP))
		return events;
	return (r & POLLIN ? GEV_READ : 0) | (r & POLLOUT ? GEV_WRITE : 0);
}

static long wait_until(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int events, gev_time timeout)
{
	const gev_time deadline = gev__fd_deadline(hub, timeout);
	bool expired;
	long r;

	while ((r = look(fd, events)) == 0) {
		r = gev__fd_wait(hub, rec, fd, events,
			gev__fd_left(hub, deadline), &expired, "wait_fd");
		if (r == -EPERM && rec->kind == GEV__FD_FILE)
			return events;
		if (r < 0)
			return r;
	}
	return r;
}

long gev__call_wait_fd(int fd, int events, gev_time timeout)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;
	long r;

	if (!rec)
		return error;
	if (!events || (events & ~(GEV_READ | GEV_WRITE)) ||
		timeout < GEV_FOREVER)
		return -EINVAL;
	r = wait_until(hub, rec, fd, events, timeout);
	gev__fd_next(rec, GEV_READ);
	gev__fd_next(rec, GEV_WRITE);
	return r;
}
