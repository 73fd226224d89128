/* SPDX-License-Identifier: MIT */
/*
 * recv and send in all their forms.  Every attempt is made with MSG_DONTWAIT,
 * so the socket's own flags stay as the program set them.
 */
#include "calls/calls.h"
#include "calls/transfer.h"

static long attempt_recv(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	(void)rec;
	return gev__sys(SYS_recvfrom, t->fd, t->buf, t->left,
		t->flags | MSG_DONTWAIT, t->addr, t->addrlen);
}

static long attempt_send(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	(void)rec;
	return gev__sys(SYS_sendto, t->fd, t->buf, t->left,
		t->flags | MSG_DONTWAIT, t->addr, t->addrsize);
}

static long attempt_recvmsg(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	(void)rec;
	return gev__sys(SYS_recvmsg, t->fd, t->msg, t->flags | MSG_DONTWAIT);
}

static long attempt_sendmsg(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	(void)rec;
	return gev__sys(SYS_sendmsg, t->fd, t->msg, t->flags | MSG_DONTWAIT);
}

long gev__call_recvfrom(int fd, void *buf, size_t size, int flags,
	struct sockaddr *addr, socklen_t *addrlen)
{
	struct gev__transfer t = { .attempt = attempt_recv, .name = "recv",
		.fd = fd, .side = GEV_READ, .flags = flags & ~MSG_WAITALL,
		.whole = (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL,
		.vain = flags & MSG_PEEK, .left = size, .buf = buf,
		.addr = addr, .addrlen = addrlen };

	if (flags & MSG_OOB) /* never waits */
		return gev__sys(SYS_recvfrom, fd, buf, size, flags, addr,
			addrlen);
	return gev__transfer(&t);
}

long gev__call_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct gev__transfer t = { .attempt = attempt_recvmsg,
		.name = "recvmsg", .fd = fd, .side = GEV_READ, .flags = flags,
		.vain = true, .msg = msg };

	return gev__transfer(&t);
}

long gev__call_sendto(int fd, const void *buf, size_t size, int flags,
	const struct sockaddr *addr, socklen_t addrlen)
{
	struct gev__transfer t = { .attempt = attempt_send, .name = "send",
		.fd = fd, .side = GEV_WRITE, .flags = flags, .whole = true,
		.left = size, .buf = (void *)buf, .addr = (void *)addr,
		.addrsize = addrlen };

	return gev__transfer(&t);
}

static long put(int fd, const void *buf, size_t size, int flags)
{
	return gev__call_sendto(fd, buf, size, flags, NULL, 0);
}

/* Control data goes with the first bytes. */
long gev__call_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct gev__transfer t = { .attempt = attempt_sendmsg,
		.name = "sendmsg", .fd = fd, .side = GEV_WRITE, .flags = flags,
		.msg = (struct msghdr *)msg };
	long r = gev__transfer(&t);

	if (r <= 0 || (flags & MSG_DONTWAIT) || !gev__fd_blocks(fd))
		return r;
	return gev__transfer_rest(fd, msg->msg_iov, msg->msg_iovlen, r, flags,
		put);
}

long gev__call_sendall(int fd, const void *buf, size_t size, int flags,
	gev_time timeout, size_t *sent)
{
	struct gev__transfer t = { .attempt = attempt_send, .name = "sendall",
		.fd = fd, .side = GEV_WRITE, .flags = flags, .left = size,
		.buf = (void *)buf, .expiry = -ETIMEDOUT };
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	long r = 0;

	if (!hub || timeout < GEV_FOREVER)
		return hub ? -EINVAL : error;
	if (timeout != GEV_FOREVER) {
		t.timed = true;
		t.deadline = gev_loop_update(hub->loop) + timeout;
	}
	while (t.left > 0) {
		r = gev__transfer(&t);
		if (r < 0)
			break;
		t.buf = (char *)t.buf + r;
		t.left -= (size_t)r;
	}
	if (sent)
		*sent = size - t.left;
	return r < 0 ? r : 0;
}
