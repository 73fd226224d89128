/* SPDX-License-Identifier: MIT */
/*
 * read and write in all their forms.  For sockets they are recv and send.
 * Pipes are tried with RWF_NOWAIT; where that does not work (FIFOs, terminals,
 * pipes before Linux 6.4) they are asked first, so that the flags, which other
 * processes may share, stay as they are.  Only in writing to a device, which
 * does not say how much it takes, they can't.
 */
#include "calls/calls.h"
#include "calls/transfer.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/limits.h>
#include <poll.h>

#define IOV_LIMIT 1024 /* the kernel's UIO_MAXIOV */

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static long attempt_socket(struct gev__transfer *t, const struct iovec *iov,
	int n)
{
	int flags = t->flags | MSG_DONTWAIT | (t->done ? MSG_NOSIGNAL : 0);
	bool reads = t->side == GEV_READ;
	struct msghdr msg = { .msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)n };

	if (t->iov)
		return gev__sys(reads ? SYS_recvmsg : SYS_sendmsg, t->fd, &msg,
			flags);
	return gev__sys(reads ? SYS_recvfrom : SYS_sendto, t->fd, t->buf,
		t->left, flags, NULL, 0);
}

/*
 * A terminal that is not to be waited for, or not for ever: the first byte of
 * a read is awaited for VTIME tenths of a second then.
 */
static long read_terminal(struct gev__transfer *t, const struct termios *tio)
{
	if (tio->c_lflag & ICANON || tio->c_cc[VMIN] > 0)
		return -EAGAIN;
	if (tio->c_cc[VTIME] == 0)
		return 0;
	if (!t->timed)
		t->deadline = gev__fd_deadline(gev__hub_here(), GEV_MS(100) *
			tio->c_cc[VTIME]);
	t->timed = true;
	t->patient = true;
	return -EAGAIN;
}

/* Less is too little for what tells of events, which says so at once. */
#define EVENT_MAX 128

/* There is nothing to be read yet; but an error may come before that. */
static long read_none(struct gev__transfer *t, const struct gev__fd_rec *rec,
	const struct iovec *iov, int n)
{
	static const struct iovec nothing = { NULL, 0 };
	long r = gev__sys(SYS_readv, t->fd, &nothing, 1);
	struct termios tio;

	if (r < 0 || rec->kind != GEV__FD_DEVICE)
		return r < 0 ? r : -EAGAIN;
	if (gev__sys(SYS_ioctl, t->fd, TCGETS, &tio) == 0)
		return read_terminal(t, &tio);
	return gev__iov_size(iov, n) < EVENT_MAX ?
		       gev__fd_unblocked(SYS_readv, t->fd, iov, n) : -EAGAIN;
}

/* A pipe that can be written to takes PIPE_BUF bytes at least. */
static long attempt_polled(struct gev__transfer *t, struct gev__fd_rec *rec,
	const struct iovec *iov, int n)
{
	static const struct iovec nothing = { NULL, 0 };
	struct iovec window[GEV__WINDOW];
	bool reads = t->side == GEV_READ;
	long nr = reads ? SYS_readv : SYS_writev;
	long r;

	if (!reads && rec->kind == GEV__FD_DEVICE)
		return gev__fd_unblocked(SYS_writev, t->fd, iov, n);
	r = gev__fd_poll(t->fd, reads ? POLLIN : POLLOUT);
	if (r == 0 && reads)
		return read_none(t, rec, iov, n);
	if (r == 0) /* unless it is not open for that, which nothing tells */
		r = gev__sys(nr, t->fd, &nothing, 1);
	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	if (!reads && gev__iov_size(iov, n) > PIPE_BUF) {
		n = gev__iov_piece(window, iov, n, 0, PIPE_BUF);
		iov = window;
	}
	return gev__sys(nr, t->fd, iov, n);
}

static bool unsupported(long r)
{
	return r == -EOPNOTSUPP || r == -ENOSYS;
}

static long attempt_other(struct gev__transfer *t, struct gev__fd_rec *rec,
	const struct iovec *iov, int n)
{
	bool reads = t->side == GEV_READ;
	long r;

	if (rec->kind == GEV__FD_FILE ||
		(rec->number->nonblock && !gev__fd_may_be_shared(rec)))
		return gev__sys(reads ? SYS_readv : SYS_writev, t->fd, iov, n);
	if (!rec->no_nowait) {
		r = gev__sys(reads ? SYS_preadv2 : SYS_pwritev2, t->fd, iov, n,
			-1L, -1L, RWF_NOWAIT);
		if (!unsupported(r))
			return r;
		rec->no_nowait = true;
	}
	return attempt_polled(t, rec, iov, n);
}

static long attempt(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	struct iovec window[GEV__WINDOW];
	const struct iovec *iov = t->iov;
	int n = t->iovcnt;

	if (!t->iov) {
		window[0] = (struct iovec){ t->buf, t->left };
		iov = window;
		n = 1;
	} else if (t->done) {
		n = gev__iov_piece(window, iov, n, t->done, SIZE_MAX);
		iov = window;
	}
	return gev__fd_is_socket(rec) ? attempt_socket(t, iov, n) :
					attempt_other(t, rec, iov, n);
}

/* The kernel has an answer to these at once, whatever the descriptor. */
static bool is_trivial(const struct iovec *iov, int n)
{
	return !iov || n <= 0 || n > IOV_LIMIT || gev__iov_size(iov, n) == 0;
}

long gev__call_readv(int fd, const struct iovec *iov, int n)
{
	struct gev__transfer t = { .attempt = attempt, .name = "read",
		.fd = fd, .side = GEV_READ, .vain = true, .iov = iov,
		.iovcnt = n };

	return is_trivial(iov, n) ? gev__sys(SYS_readv, fd, iov, n) :
				    gev__transfer(&t);
}

long gev__call_writev(int fd, const struct iovec *iov, int n)
{
	struct gev__transfer t = { .attempt = attempt, .name = "write",
		.fd = fd, .side = GEV_WRITE, .whole = true, .iov = iov,
		.iovcnt = n };

	return is_trivial(iov, n) ? gev__sys(SYS_writev, fd, iov, n) :
				    gev__transfer(&t);
}

long gev__call_read(int fd, void *buf, size_t size)
{
	struct gev__transfer t = { .attempt = attempt,
		.request = gev__request_recv, .name = "read",
		.fd = fd, .side = GEV_READ, .buf = buf, .left = size };

	return size == 0 ? gev__sys(SYS_read, fd, buf, size) :
			   gev__transfer(&t);
}

long gev__call_write(int fd, const void *buf, size_t size)
{
	struct gev__transfer t = { .attempt = attempt,
		.request = gev__request_send, .name = "write",
		.fd = fd, .side = GEV_WRITE, .whole = true,
		.buf = (void *)buf, .left = size };

	return gev__transfer(&t);
}

/* An error counts, whatever was written before it, which *sent tells. */
long gev__call_writeall(int fd, const void *buf, size_t size, size_t *sent)
{
	struct gev__transfer t = { .attempt = attempt,
		.request = gev__request_send, .name = "write",
		.fd = fd, .side = GEV_WRITE, .whole = true, .strict = true,
		.buf = (void *)buf, .left = size };
	long r = gev__transfer(&t);

	*sent = r > 0 ? (size_t)r : t.done;
	return r < 0 ? r : 0;
}
