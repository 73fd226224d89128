/* SPDX-License-Identifier: MIT */
/*
 * The hub's own descriptors, out of the program's way: high enough that those
 * it opens have the numbers that they have natively, and not to be closed or
 * replaced by it, as daemons do at their start with all they don't know.  To
 * the program they are not open, nor are ghosts (ghost.c).
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include "base/host.h"
#include "calls/calls.h"
#include "core/hub.h"
#include "loop/state.h"
#include "patch/futex.h"
#include "run/aio.h"
#include "run/call.h"
#include "run/comm.h"
#include "run/file.h"
#include "run/ghost.h"

/* What the kernel has per process goes by the highest number. */
#define HIGHEST 1024u
#define ROOM 24u
#define OWN 5

int gev__host_fd(int fd)
{
	struct rlimit64 limit = { 0, 0 };
	long high;

	gev__sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
	if (limit.rlim_cur > HIGHEST)
		limit.rlim_cur = HIGHEST;
	if (limit.rlim_cur < 4 * ROOM)
		return fd;
	high = gev__sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, limit.rlim_cur - ROOM);
	if (high < 0)
		return fd;
	gev__sys(SYS_close, fd);
	return (int)high;
}

/* Those there are; -1: none. */
static void list(int own[OWN])
{
	const struct gev_hub *hub = gev__hub_here();

	own[0] = hub ? hub->loop->poll_fd : -1;
	own[1] = hub ? hub->loop->wake_fd : -1;
	own[2] = hub ? gev__futex_ring_fd(hub) : -1;
	own[3] = gev__run_request_fd();
	own[4] = gev__run_aio_fd();
}

/* The lowest from @first on; -1: there is none. */
static int find(unsigned first)
{
	int found = gev__run_ghost_from(first);
	int own[OWN];

	list(own);
	for (int i = 0; i < OWN; i++)
		if (own[i] >= 0 && (unsigned)own[i] >= first &&
			(found < 0 || own[i] < found))
			found = own[i];
	return found;
}

static bool is_own(long fd)
{
	return fd >= 0 && find((unsigned)fd) == (int)fd;
}

/* Before they are closed or replaced. */
static void leave(int fd)
{
	if (gev__run_comm_files)
		gev__run_comm_close((unsigned)fd, (unsigned)fd);
	gev__run_leave_ghost(fd);
}

long gev__run_close(struct gev__run_call *c)
{
	if (is_own((int)c->call.a[0]))
		return -EBADF;
	leave((int)c->call.a[0]);
	return GEV__PASS;
}

long gev__run_dup_to(struct gev__run_call *c)
{
	const int from = (int)c->call.a[0], to = (int)c->call.a[1];

	if (is_own(to))
		return -EBADF;
	if (from != to && gev__sys(SYS_fcntl, from, F_GETFD) >= 0)
		leave(to);
	return GEV__PASS;
}

/* In pieces, before and after each of ours. */
long gev__run_close_range(struct gev__run_call *c)
{
	unsigned first = (unsigned)c->call.a[0];
	const unsigned last = (unsigned)c->call.a[1];
	const unsigned flags = (unsigned)c->call.a[2];
	int own;
	long r = 0;

	if (flags & ~CLOSE_RANGE_UNSHARE || first > last)
		return GEV__PASS;
	gev__run_comm_close(first, last);
	gev__run_leave_ghosts(first, last);
	while (r == 0 && (own = find(first)) >= 0 && (unsigned)own <= last) {
		if ((unsigned)own > first)
			r = gev__call_close_range(first, (unsigned)own - 1,
				flags);
		first = (unsigned)own + 1;
	}
	return r == 0 && first <= last ?
		       gev__call_close_range(first, last, flags) : r;
}
