/* SPDX-License-Identifier: MIT */
/*
 * recv and send in all their forms.  Every attempt is made with MSG_DONTWAIT,
 * so the socket's own flags stay as the program set them.
 */
#include "calls/calls.h"
#include "calls/transfer.h"

/* What a part was sent of ends without SIGPIPE: the next call gets that. */
static int flags_of(const struct gev__transfer *t)
{
	int flags = t->flags | MSG_DONTWAIT;

	return t->done && !t->strict ? flags | MSG_NOSIGNAL : flags;
}

static long attempt_recv(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	(void)rec;
	return gev__sys(SYS_recvfrom, t->fd, t->buf, t->left, flags_of(t),
		t->addr, t->addrlen);
}

long gev__sent_to(struct gev__transfer *t, const struct sockaddr *addr,
	socklen_t size, long r)
{
	if (r == -EAGAIN && !t->pause && addr && size &&
		addr->sa_family == AF_UNIX)
		t->pause = GEV__PAUSE;
	return r;
}

static long attempt_send(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	(void)rec;
	return gev__sent_to(t, t->addr, t->addrsize,
		gev__sys(SYS_sendto, t->fd, t->buf, t->left, flags_of(t),
			t->addr, t->addrsize));
}

static long recv_rest(struct gev__transfer *t)
{
	struct iovec window[GEV__WINDOW];
	struct msghdr rest = *t->msg;
	long r;

	rest.msg_iov = window;
	rest.msg_iovlen = (size_t)gev__iov_piece(window, t->iov, t->iovcnt,
		t->done, SIZE_MAX);
	rest.msg_controllen = t->controlsize;
	r = gev__sys(SYS_recvmsg, t->fd, &rest, flags_of(t));
	if (r >= 0) {
		t->msg->msg_controllen = rest.msg_controllen;
		t->msg->msg_flags = rest.msg_flags;
	}
	return r;
}

/* Control data that came ends a MSG_WAITALL. */
static long attempt_recvmsg(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	long r;

	(void)rec;
	if (t->done)
		r = recv_rest(t);
	else
		r = gev__sys(SYS_recvmsg, t->fd, t->msg, flags_of(t));
	t->enough = r > 0 && t->msg->msg_controllen;
	return r;
}

/* Control data goes with the first bytes. */
static long attempt_sendmsg(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	struct iovec window[GEV__WINDOW];
	struct msghdr rest = { .msg_iov = window };

	(void)rec;
	if (!t->done)
		return gev__sent_to(t, t->msg->msg_name, t->msg->msg_namelen,
			gev__sys(SYS_sendmsg, t->fd, t->msg, flags_of(t)));
	rest.msg_iovlen = (size_t)gev__iov_piece(window, t->iov, t->iovcnt,
		t->done, SIZE_MAX);
	return gev__sys(SYS_sendmsg, t->fd, &rest, flags_of(t));
}

/* These look at once and never wait. */
static bool is_instant(int flags)
{
	return flags & (MSG_OOB | MSG_ERRQUEUE);
}

static bool is_whole(int flags)
{
	return (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL;
}

long gev__call_recvfrom(int fd, void *buf, size_t size, int flags,
	struct sockaddr *addr, socklen_t *addrlen)
{
	struct gev__transfer t = { .attempt = attempt_recv,
		.request = addr ? NULL : gev__request_recv, .name = "recv",
		.fd = fd, .side = GEV_READ, .flags = flags & ~MSG_WAITALL,
		.whole = is_whole(flags), .vain = flags & MSG_PEEK,
		.left = size, .buf = buf, .addr = addr, .addrlen = addrlen };

	if (is_instant(flags))
		return gev__sys(SYS_recvfrom, fd, buf, size, flags, addr,
			addrlen);
	return gev__transfer(&t);
}

long gev__call_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct gev__transfer t = { .attempt = attempt_recvmsg,
		.request = is_whole(flags) ? NULL : gev__request_recvmsg,
		.name = "recvmsg", .fd = fd, .side = GEV_READ,
		.flags = flags & ~MSG_WAITALL, .whole = is_whole(flags),
		.vain = true, .msg = msg };

	if (!msg || is_instant(flags))
		return gev__sys(SYS_recvmsg, fd, msg, flags);
	t.controlsize = msg->msg_controllen;
	return gev__transfer(&t);
}

long gev__call_sendto(int fd, const void *buf, size_t size, int flags,
	const struct sockaddr *addr, socklen_t addrlen)
{
	struct gev__transfer t = { .attempt = attempt_send,
		.request = addr ? NULL : gev__request_send, .name = "send",
		.fd = fd, .side = GEV_WRITE, .flags = flags, .whole = true,
		.left = size, .buf = (void *)buf, .addr = (void *)addr,
		.addrsize = addrlen };

	return gev__transfer(&t);
}

long gev__call_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct gev__transfer t = { .attempt = attempt_sendmsg,
		.request = gev__request_sendmsg,
		.name = "sendmsg", .fd = fd, .side = GEV_WRITE, .flags = flags,
		.whole = true, .msg = (struct msghdr *)msg };

	if (!msg)
		return gev__sys(SYS_sendmsg, fd, msg, flags);
	return gev__transfer(&t);
}

long gev__call_sendall(int fd, const void *buf, size_t size, int flags,
	gev_time timeout, size_t *sent)
{
	struct gev__transfer t = { .attempt = attempt_send,
		.request = gev__request_send, .name = "sendall",
		.fd = fd, .side = GEV_WRITE, .flags = flags, .whole = true,
		.strict = true, .left = size, .buf = (void *)buf };
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	long r = 0;

	if (!hub || timeout < GEV_FOREVER)
		return hub ? -EINVAL : error;
	if (timeout != GEV_FOREVER) {
		t.timed = true;
		t.expiry = -ETIMEDOUT;
		t.deadline = gev__fd_deadline(hub, timeout);
	}
	if (size > 0)
		r = gev__transfer(&t);
	if (sent)
		*sent = r > 0 ? (size_t)r : t.done;
	return r < 0 ? r : 0;
}
