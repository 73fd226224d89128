/* SPDX-License-Identifier: MIT */
/*
 * read and write in all their forms.  For sockets they are recv and send.
 * Pipes are tried with RWF_NOWAIT; where that does not work (terminals; pipes
 * before Linux 6.4) they are asked first.  Either way the descriptor's flags,
 * which other processes may share, stay as they are.
 */
#include "calls/calls.h"
#include "calls/transfer.h"
#include <limits.h>
#include <poll.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static long poll_now(int fd, int side)
{
	struct pollfd p = { .fd = fd,
		.events = side == GEV_READ ? POLLIN : POLLOUT };
	struct timespec zero = { 0 };

	return gev__sys(SYS_ppoll, &p, 1, &zero, NULL, 0);
}

/* The first element that is not empty, cut to @max bytes. */
static struct iovec first_of(const struct iovec *iov, int n, size_t max)
{
	for (int i = 0; i < n; i++)
		if (iov[i].iov_len)
			return (struct iovec){ iov[i].iov_base,
				iov[i].iov_len < max ? iov[i].iov_len : max };
	return (struct iovec){ NULL, 0 };
}

/* What is ready for writing takes PIPE_BUF bytes at least, so no more. */
static long attempt_polled(int fd, int side, const struct iovec *iov, int n)
{
	long r = poll_now(fd, side);
	struct iovec first;

	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	if (side == GEV_READ)
		return gev__sys(SYS_readv, fd, iov, n);
	first = first_of(iov, n, PIPE_BUF);
	return gev__sys(SYS_writev, fd, &first, 1);
}

static bool unsupported(long r)
{
	return r == -EOPNOTSUPP || r == -ESPIPE || r == -EINVAL ||
	       r == -ENOSYS;
}

static long attempt(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	bool reads = t->side == GEV_READ;
	struct iovec one = { t->buf, t->left };
	const struct iovec *iov = t->iov ? t->iov : &one;
	int n = t->iov ? t->iovcnt : 1;
	long r;

	if (rec->kind == GEV__FD_FILE || rec->nonblock)
		return gev__sys(reads ? SYS_readv : SYS_writev, t->fd, iov, n);
	if (!rec->no_nowait) {
		r = gev__sys(reads ? SYS_preadv2 : SYS_pwritev2, t->fd, iov, n,
			-1L, -1L, RWF_NOWAIT);
		if (!unsupported(r))
			return r;
		rec->no_nowait = true;
	}
	return attempt_polled(t->fd, t->side, iov, n);
}

static long put(int fd, const void *buf, size_t size, int flags)
{
	(void)flags;
	return gev__call_write(fd, buf, size);
}

static long check(int fd, int n)
{
	int kind = gev__fd_kind(fd);

	if (kind < 0)
		return kind;
	return n < 0 || n > IOV_MAX ? -EINVAL : kind;
}

long gev__call_readv(int fd, const struct iovec *iov, int n)
{
	struct gev__transfer t = { .attempt = attempt, .name = "read",
		.fd = fd, .side = GEV_READ, .iov = iov, .iovcnt = n };
	struct msghdr msg = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };
	long kind = check(fd, n);

	if (kind < 0)
		return kind;
	return gev__fd_is_socket((int)kind) ? gev__call_recvmsg(fd, &msg, 0) :
					      gev__transfer(&t);
}

long gev__call_writev(int fd, const struct iovec *iov, int n)
{
	struct gev__transfer t = { .attempt = attempt, .name = "write",
		.fd = fd, .side = GEV_WRITE, .iov = iov, .iovcnt = n };
	struct msghdr msg = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };
	long kind = check(fd, n);
	long r;

	if (kind < 0)
		return kind;
	if (gev__fd_is_socket((int)kind))
		return gev__call_sendmsg(fd, &msg, 0);
	r = gev__transfer(&t);
	if (r <= 0 || !gev__fd_blocks(fd))
		return r;
	return gev__transfer_rest(fd, iov, (size_t)n, r, 0, put);
}

long gev__call_read(int fd, void *buf, size_t size)
{
	struct gev__transfer t = { .attempt = attempt, .name = "read",
		.fd = fd, .side = GEV_READ, .buf = buf, .left = size };
	int kind = gev__fd_kind(fd);

	if (kind < 0)
		return kind;
	return gev__fd_is_socket(kind) ?
		gev__call_recvfrom(fd, buf, size, 0, NULL, NULL) :
		gev__transfer(&t);
}

long gev__call_write(int fd, const void *buf, size_t size)
{
	struct gev__transfer t = { .attempt = attempt, .name = "write",
		.fd = fd, .side = GEV_WRITE, .whole = true,
		.buf = (void *)buf, .left = size };
	int kind = gev__fd_kind(fd);

	if (kind < 0)
		return kind;
	return gev__fd_is_socket(kind) ?
		gev__call_sendto(fd, buf, size, 0, NULL, 0) :
		gev__transfer(&t);
}
