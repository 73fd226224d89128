/* SPDX-License-Identifier: MIT */
/*
 * Making connections.  connect and accept have no MSG_DONTWAIT: a connecting
 * socket is O_NONBLOCK for as long as the call takes to begin, a listener from
 * its first accept on.
 */
#include "calls/calls.h"
#include "calls/descriptor.h"
#include <fcntl.h>

/* An AF_UNIX listener's full backlog is announced by nothing: look again. */
#define BACKLOG_PAUSE GEV_MS(1)
#define BACKLOG_PAUSE_MAX GEV_MS(50)

static int kind_of_type(int type)
{
	return (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM ?
		GEV__FD_STREAM : GEV__FD_PACKET;
}

long gev__call_socket(int domain, int type, int protocol)
{
	long fd = gev__sys(SYS_socket, domain, type, protocol);

	if (fd >= 0)
		gev__fd_fresh(gev__hub_here(), (int)fd, kind_of_type(type),
			type & SOCK_NONBLOCK);
	return fd;
}

long gev__call_socketpair(int domain, int type, int protocol, int fds[2])
{
	long r = gev__sys(SYS_socketpair, domain, type, protocol, fds);

	for (int i = 0; r == 0 && i < 2; i++)
		gev__fd_fresh(gev__hub_here(), fds[i], kind_of_type(type),
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

/* One connect(2) that does not wait. */
static long begin(int fd, const struct sockaddr *addr, socklen_t size)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);
	long r;

	if (flags < 0)
		return flags;
	gev__sys(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
	r = gev__sys(SYS_connect, fd, addr, size);
	gev__sys(SYS_fcntl, fd, F_SETFL, flags);
	return r;
}

/* An attempt that is under way. */
static long await(struct gev_hub *hub, struct gev__fd_rec *rec, int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);
	bool expired = false;
	long r = gev__fd_wait(hub, rec, fd, GEV_WRITE,
		gev__fd_timeo(rec, fd, GEV_WRITE), &expired, "connect");

	if (expired)
		return -EINPROGRESS;
	if (r == 0)
		r = gev__sys(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error,
			&size);
	return r < 0 ? r : -error;
}

static long await_backlog(int fd, const struct sockaddr *addr, socklen_t size)
{
	gev_time pause = BACKLOG_PAUSE;
	long r;

	while ((r = begin(fd, addr, size)) == -EAGAIN) {
		struct gev_waiter w = { .what = "connect" };

		r = gev__park(&w, pause);
		if (!w.expired)
			return r;
		if (pause < BACKLOG_PAUSE_MAX)
			pause *= 2;
	}
	return r;
}

long gev__call_connect(int fd, const struct sockaddr *addr, socklen_t size)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;
	long r;

	if (!rec)
		return error;
	if (rec->nonblock)
		return gev__sys(SYS_connect, fd, addr, size);
	if (rec->asked && !rec->reader && !rec->writer) {
		/* The number may have been closed and used again meanwhile. */
		gev__fd_retire(hub, fd, -EBADF);
		rec = gev__fd_get(hub, fd, &error);
		if (!rec)
			return error;
	}
	r = begin(fd, addr, size);
	if (r == -EAGAIN)
		return await_backlog(fd, addr, size);
	return r == -EINPROGRESS || r == -EALREADY ? await(hub, rec, fd) : r;
}

static long listen_nonblocking(struct gev__fd_rec *rec, int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return flags;
	if (!(flags & O_NONBLOCK))
		gev__sys(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
	rec->listens = true;
	return 0;
}

static long accept_one(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	struct sockaddr *addr, socklen_t *size, int flags)
{
	long r = gev__sys(SYS_accept4, fd, addr, size, flags);

	if (r >= 0)
		gev__fd_fresh(hub, (int)r, rec->kind, flags & SOCK_NONBLOCK);
	return r;
}

long gev__call_accept4(int fd, struct sockaddr *addr, socklen_t *size,
	int flags)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;
	bool expired = false;
	long r;

	if (!rec)
		return error;
	if (!rec->listens && !rec->nonblock) {
		r = listen_nonblocking(rec, fd);
		if (r < 0)
			return r;
	}
	for (;;) {
		r = accept_one(hub, rec, fd, addr, size, flags);
		if (r != -EAGAIN || rec->nonblock)
			break;
		r = gev__fd_wait(hub, rec, fd, GEV_READ,
			gev__fd_timeo(rec, fd, GEV_READ), &expired, "accept");
		if (r < 0)
			return expired ? -EAGAIN : r;
	}
	gev__spend(hub);
	return r;
}
