/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that come, change and go.  Those calls are followed wherever
 * they are made, so that no hub goes by what a number once was.
 */
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "patch/handlers.h"
#include <sys/ioctl.h>

long gev__patch_socket(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_socket((int)a[0], (int)a[1], (int)a[2]);
}

long gev__patch_socketpair(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_socketpair((int)a[0], (int)a[1], (int)a[2],
		(int *)a[3]);
}

long gev__patch_setsockopt(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_setsockopt((int)a[0], (int)a[1], (int)a[2],
		(void *)a[3], (socklen_t)a[4]);
}

long gev__patch_connect(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_connect((int)a[0], (void *)a[1], (socklen_t)a[2]);
}

/* A listener that greenlets accept from is O_NONBLOCK: only we know it. */
static bool made_nonblocking(long fd)
{
	const struct gev__number *number =
		fd >= 0 && fd < GEV__FD_MAX ? gev__number((int)fd) : NULL;

	return number && number->listens && !number->nonblock;
}

static long accept_in_thread(const long a[6])
{
	struct pollfd p = { .fd = (int)a[0], .events = POLLIN };
	long r;

	if (!made_nonblocking(a[0]))
		return GEV__PASS;
	for (;;) {
		r = gev__sys(SYS_accept4, a[0], a[1], a[2], a[3]);
		if (r != -EAGAIN)
			return r;
		r = gev__sys(SYS_ppoll, &p, 1, NULL, NULL, 0);
		if (r < 0)
			return r;
	}
}

long gev__patch_accept4(struct gev_hub *hub, const long a[6])
{
	if (!hub)
		return accept_in_thread(a);
	return gev__call_accept4((int)a[0], (void *)a[1], (void *)a[2],
		(int)a[3]);
}

long gev__patch_accept(struct gev_hub *hub, const long a[6])
{
	const long a4[6] = { a[0], a[1], a[2], 0 };

	return gev__patch_accept4(hub, a4);
}

long gev__patch_close(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_close((int)a[0]);
}

long gev__patch_close_range(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_close_range((unsigned)a[0], (unsigned)a[1],
		(unsigned)a[2]);
}

long gev__patch_pipe(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_pipe2((int *)a[0], 0);
}

long gev__patch_pipe2(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_pipe2((int *)a[0], (int)a[1]);
}

long gev__patch_dup(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_dup((int)a[0]);
}

long gev__patch_dup2(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_dup2((int)a[0], (int)a[1]);
}

long gev__patch_dup3(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_dup3((int)a[0], (int)a[1], (int)a[2]);
}

long gev__patch_fcntl(struct gev_hub *hub, const long a[6])
{
	switch ((int)a[1]) {
	case F_SETLKW:
	case F_OFD_SETLKW:
		if (!hub)
			return GEV__PASS;
		break;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_GETFL:
	case F_SETFL:
		break;
	default:
		return GEV__PASS;
	}
	return gev__call_fcntl((int)a[0], (int)a[1], (unsigned long)a[2]);
}

long gev__patch_ioctl(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	if ((unsigned long)a[1] != FIONBIO)
		return GEV__PASS;
	return gev__call_ioctl((int)a[0], FIONBIO, (unsigned long)a[2]);
}

long gev__patch_flock(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_flock((int)a[0], (int)a[1]);
}
