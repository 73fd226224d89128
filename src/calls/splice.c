/* SPDX-License-Identifier: MIT */
/*
 * sendfile, splice, tee.  No flag tells the kernel not to wait for a socket or
 * a terminal here, so these are O_NONBLOCK for as long as a call takes.
 */
#include "calls/calls.h"
#include "calls/poller.h"
#include "calls/transfer.h"
#include <fcntl.h>
#include <poll.h>

#define COUNT_MAX 0x7ffff000 /* the kernel's MAX_RW_COUNT */

struct sendfile {
	struct gev__transfer t;
	int in;
	off_t *offset;
};

static long attempt_sendfile(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	struct sendfile *s = gev__container(t, struct sendfile, t);
	bool blocks = rec->kind != GEV__FD_FILE && !rec->number->nonblock;
	long flags = blocks ? gev__fd_unblock(t->fd) : 0;
	long r;

	if (flags < 0)
		return flags;
	r = gev__sys(SYS_sendfile, t->fd, s->in, s->offset, t->left);
	if (blocks)
		gev__fd_reblock(t->fd, flags);
	return r;
}

/* Into a pipe goes what it takes, as in the kernel; elsewhere all of it. */
long gev__call_sendfile(int out, int in, off_t *offset, size_t count)
{
	struct sendfile s;
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, out, &error) : NULL;

	if (!rec)
		return error;
	if (count == 0)
		return gev__sys(SYS_sendfile, out, in, offset, count);
	s.in = in;
	s.offset = offset;
	s.t = (struct gev__transfer){ .attempt = attempt_sendfile,
		.name = "sendfile",
		.fd = out,
		.side = GEV_WRITE,
		.whole = rec->kind != GEV__FD_PIPE,
		.left = count < COUNT_MAX ? count : COUNT_MAX };
	return gev__transfer(&s.t);
}

struct end {
	int fd;
	int side;
	int64_t *offset;
	bool waits;           /* for it, if it is not ready */
	bool unblock;         /* it has to be O_NONBLOCK meanwhile */
};

struct splice {
	struct gev__poller p;
	struct end in, out;
	size_t size;
	unsigned flags;
	bool tees;
	long result;
};

static long once(const struct splice *s)
{
	unsigned flags = s->flags | SPLICE_F_NONBLOCK;

	if (s->tees)
		return gev__sys(SYS_tee, s->in.fd, s->out.fd, s->size, flags);
	return gev__sys(SYS_splice, s->in.fd, s->in.offset, s->out.fd,
		s->out.offset, s->size, flags);
}

/* One of the ends at most is no pipe. */
static long once_unblocked(const struct splice *s)
{
	const struct end *e = s->in.unblock ? &s->in : &s->out;
	long flags = e->unblock ? gev__fd_unblock(e->fd) : 0;
	long r;

	if (flags < 0)
		return flags;
	r = once(s);
	if (e->unblock)
		gev__fd_reblock(e->fd, flags);
	return r;
}

/* Whether it is worthwhile to wait: who is not ready allows it. */
static bool waits(struct splice *s)
{
	if (gev__fd_poll(s->in.fd, POLLIN) == 0)
		return s->in.waits;
	if (gev__fd_poll(s->out.fd, POLLOUT) > 0 && !s->p.pause)
		s->p.pause = GEV__PAUSE; /* for what, nobody tells */
	return s->out.waits;
}

/* 1: there is a result. */
static long probe(struct gev__poller *p)
{
	struct splice *s = gev__container(p, struct splice, p);

	s->in.fd = gev__poller_fd(p, 0, s->in.fd);
	s->out.fd = gev__poller_fd(p, 1, s->out.fd);
	s->result = p->closed ? -EBADF : once_unblocked(s);
	return s->result != -EAGAIN || !waits(s);
}

static long enlist(struct gev__poller *p)
{
	struct splice *s = gev__container(p, struct splice, p);
	long r = gev__poller_room(p, 2);

	if (r == 0)
		r = gev__poller_add(p, 0, s->in.fd, GEV_READ);
	return r < 0 ? r : gev__poller_add(p, 1, s->out.fd, GEV_WRITE);
}

/* SPLICE_F_NONBLOCK is for pipes only. */
static long prepare(struct splice *s, struct end *e, gev_time *timeout)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, e->fd, &error) : NULL;
	bool pipe;

	if (!rec)
		return error;
	pipe = rec->kind == GEV__FD_PIPE;
	e->waits = !gev__fd_nonblock(rec, e->fd) &&
		   !(pipe && (s->flags & SPLICE_F_NONBLOCK));
	e->unblock = e->waits && !pipe && rec->kind != GEV__FD_FILE;
	if (e->waits && gev__fd_is_socket(rec))
		*timeout = gev__fd_timeo(rec, e->fd, e->side);
	return 0;
}

static long run(struct splice *s, const char *name)
{
	gev_time timeout = GEV_FOREVER;
	long r;

	gev__poller_init(&s->p, name, probe, enlist);
	s->in.side = GEV_READ;
	s->out.side = GEV_WRITE;
	r = prepare(s, &s->in, &timeout);
	if (r == 0)
		r = prepare(s, &s->out, &timeout);
	if (r < 0)
		return r;
	r = gev__poller_run(&s->p, timeout);
	return r < 0 ? r : s->result;
}

long gev__call_splice(int in, int64_t *in_offset, int out, int64_t *out_offset,
	size_t size, unsigned flags)
{
	struct splice s;

	s.in.fd = in;
	s.in.offset = in_offset;
	s.out.fd = out;
	s.out.offset = out_offset;
	s.size = size;
	s.flags = flags;
	s.tees = false;
	return run(&s, "splice");
}

long gev__call_tee(int in, int out, size_t size, unsigned flags)
{
	struct splice s;

	s.in.fd = in;
	s.out.fd = out;
	s.size = size;
	s.flags = flags;
	s.tees = true;
	return run(&s, "tee");
}
