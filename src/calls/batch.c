/* SPDX-License-Identifier: MIT */
/*
 * recvmmsg and sendmmsg: many messages in one call.  Each attempt takes as many
 * as there are; waiting goes on until the rest is done as well.
 */
#include "calls/calls.h"
#include "calls/duration.h"
#include "calls/transfer.h"
#include <poll.h>

#define MESSAGES_MAX 1024 /* the kernel's UIO_MAXIOV */

struct batch {
	struct gev__transfer t;
	struct mmsghdr *msgs;
	unsigned n;
	unsigned done;
	bool limited;           /* it ends with the first that comes after */
	gev_time end;           /* this time */
};

static struct batch *of(struct gev__transfer *t)
{
	return gev__container(t, struct batch, t);
}

/* That behind messages which came is left to the next call. */
static bool has_error(const struct batch *b)
{
	return gev__fd_poll(b->t.fd, 0) & POLLERR;
}

/* Out-of-band data is to be dealt with at once. */
static bool is_enough(const struct batch *b)
{
	if (b->done == b->n || (b->t.flags & MSG_WAITFORONE))
		return true;
	if (b->limited && gev__fd_left(gev__hub_here(), b->end) == 0)
		return true;
	return (b->msgs[b->done - 1].msg_hdr.msg_flags & MSG_OOB) ||
	       has_error(b);
}

static long attempt_recv(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	struct batch *b = of(t);
	struct timespec left;
	long r;

	(void)rec;
	if (b->done && has_error(b))
		return b->done;
	if (b->limited)
		left = gev__timespec(gev__fd_left(gev__hub_here(), b->end));
	r = gev__sys(SYS_recvmmsg, t->fd, b->msgs + b->done, b->n - b->done,
		t->flags | MSG_DONTWAIT, b->limited ? &left : NULL);
	if (r <= 0)
		return r;
	b->done += (unsigned)r;
	t->timed = false; /* SO_RCVTIMEO is for each of them */
	return is_enough(b) ? r : -EAGAIN;
}

static void begin(struct batch *b, const struct gev__transfer *t,
	struct mmsghdr *msgs, unsigned n)
{
	b->t = *t;
	b->msgs = msgs;
	b->n = n;
	b->done = 0;
	b->limited = false;
}

/*
 * As in the kernel, @timeout is looked at when a message has come, and what is
 * left of it is written back if there is one.
 */
long gev__call_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
	struct timespec *timeout)
{
	struct batch b;
	gev_time duration;
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	long r = gev__duration(timeout, &duration);

	if (!hub || r < 0)
		return hub ? r : error;
	if (n == 0 || (flags & (MSG_ERRQUEUE | MSG_OOB)))
		return gev__sys(SYS_recvmmsg, fd, msgs, n, flags, timeout);
	begin(&b,
		&(struct gev__transfer){ .attempt = attempt_recv,
			.name = "recvmmsg",
			.fd = fd,
			.side = GEV_READ,
			.flags = flags,
			.vain = true },
		msgs, n);
	b.limited = duration != GEV_FOREVER;
	b.end = gev__fd_deadline(hub, duration);
	r = gev__transfer(&b.t);
	if (b.limited && b.done)
		*timeout = gev__timespec(gev__fd_left(hub, b.end));
	return b.done ? b.done : r;
}

/* An error behind messages that were sent is forgotten, as in the kernel. */
static long attempt_send(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	struct batch *b = of(t);
	const struct msghdr *next;
	long r;

	(void)rec;
	do {
		r = gev__sys(SYS_sendmmsg, t->fd, b->msgs + b->done,
			b->n - b->done, t->flags | MSG_DONTWAIT);
		if (r > 0) {
			b->done += (unsigned)r;
			t->timed = false;
		}
	} while (r > 0 && b->done < b->n);
	if (r != -EAGAIN)
		return r;
	next = &b->msgs[b->done].msg_hdr;
	return gev__sent_to(t, next->msg_name, next->msg_namelen, r);
}

/* Messages of a stream might be sent in part, so they go one by one. */
static long send_each(struct batch *b)
{
	long r = 0, size = 0;

	while (r == size && b->done < b->n) {
		const struct msghdr *msg = &b->msgs[b->done].msg_hdr;

		r = gev__call_sendmsg(b->t.fd, msg, b->t.flags);
		if (r < 0)
			return r;
		size = (long)gev__iov_size(msg->msg_iov, (int)msg->msg_iovlen);
		b->msgs[b->done++].msg_len = (unsigned)r;
	}
	return r;
}

long gev__call_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
	struct batch b;
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;
	long r;

	if (!rec)
		return error;
	if (n == 0 || !gev__fd_is_socket(rec))
		return gev__sys(SYS_sendmmsg, fd, msgs, n, flags);
	begin(&b,
		&(struct gev__transfer){ .attempt = attempt_send,
			.name = "sendmmsg",
			.fd = fd,
			.side = GEV_WRITE,
			.flags = flags },
		msgs, n < MESSAGES_MAX ? n : MESSAGES_MAX);
	r = rec->kind == GEV__FD_PACKET ? gev__transfer(&b.t) : send_each(&b);
	return b.done ? b.done : r;
}
