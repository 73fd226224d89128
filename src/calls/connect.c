/* SPDX-License-Identifier: MIT */
/*
 * Making connections.  connect and accept have no MSG_DONTWAIT: a connecting
 * socket is O_NONBLOCK for as long as an attempt takes, a listener from its
 * first accept on.
 */
#include "calls/calls.h"
#include "calls/transfer.h"
#include <fcntl.h>

long gev__call_socket(int domain, int type, int protocol)
{
	long fd = gev__sys(SYS_socket, domain, type, protocol);

	if (fd >= 0)
		gev__fd_fresh(gev__hub_here(), (int)fd,
			gev__fd_kind_of(domain, type, protocol),
			type & SOCK_NONBLOCK);
	return fd;
}

long gev__call_socketpair(int domain, int type, int protocol, int fds[2])
{
	long r = gev__sys(SYS_socketpair, domain, type, protocol, fds);

	for (int i = 0; r == 0 && i < 2; i++)
		gev__fd_fresh(gev__hub_here(), fds[i],
			gev__fd_kind_of(domain, type, protocol),
			type & SOCK_NONBLOCK);
	return r;
}

long gev__call_setsockopt(int fd, int level, int name, const void *value,
	socklen_t size)
{
	struct gev__fd_rec *rec = gev__fd_peek(gev__hub_here(), fd);

	if (rec && level == SOL_SOCKET)
		rec->timeo_known = false;
	return gev__sys(SYS_setsockopt, fd, level, name, value, size);
}

/*
 * What is under way is asked for by connecting again.  A full backlog (AF_UNIX
 * only) is announced by nothing.
 */
static long attempt_connect(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	bool again = t->expiry;
	long r = gev__fd_unblocked(SYS_connect, t->fd, t->addr, t->addrsize);

	(void)rec;
	if (again && r == -EISCONN)
		return 0;
	if (r == -EAGAIN)
		t->pause = t->pause ? t->pause : GEV__PAUSE;
	if (r != -EINPROGRESS && r != -EALREADY)
		return r;
	if (!again)
		t->expiry = (int)r;
	return -EAGAIN;
}

long gev__call_connect(int fd, const struct sockaddr *addr, socklen_t size)
{
	struct gev__transfer t = { .attempt = attempt_connect,
		.name = "connect", .fd = fd, .side = GEV_WRITE,
		.addr = (void *)addr, .addrsize = size };
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;

	if (!rec)
		return error;
	if (gev__fd_nonblock(rec, fd))
		return gev__sys(SYS_connect, fd, addr, size);
	/* The number may have been closed and used again meanwhile. */
	if (rec->asked && !rec->reader && !rec->writer) {
		gev__edge_drop(hub->loop, fd);
		rec->asked = 0;
	}
	rec->ready |= GEV_WRITE;
	return gev__transfer(&t);
}

/* Anything but a listener is left alone: accept will say what is wrong. */
static void listen_nonblocking(struct gev__number *number, int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);
	int listens = 0;
	socklen_t size = sizeof(listens);

	gev__sys(SYS_getsockopt, fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
		&size);
	if (!listens)
		return;
	number->listens = true;
	gev__sys(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
}

/*
 * There is no request for it: an io_uring's waits for a connection are woken
 * one at a time, all processes together, and one that is cancelled in that
 * moment tells no other.
 */
static long attempt_accept(struct gev__transfer *t, struct gev__fd_rec *rec)
{
	long r = gev__sys(SYS_accept4, t->fd, t->addr, t->addrlen, t->flags);

	if (r >= 0)
		gev__fd_fresh(gev__hub_here(), (int)r, rec->kind,
			t->flags & SOCK_NONBLOCK);
	return r;
}

long gev__call_accept4(int fd, struct sockaddr *addr, socklen_t *size,
	int flags)
{
	struct gev__transfer t = { .attempt = attempt_accept,
		.name = "accept", .fd = fd, .side = GEV_READ, .flags = flags,
		.vain = true, .addr = addr, .addrlen = size };
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;

	if (!rec)
		return error;
	if (!rec->number->listens && !rec->number->nonblock)
		listen_nonblocking(rec->number, fd);
	return gev__transfer(&t);
}
