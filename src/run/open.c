/* SPDX-License-Identifier: MIT */
/*
 * Opening a FIFO, which waits for the other end.
 *
 * To write, it can be tried.  To read, the kernel opens it at once, and it is
 * for us to find out whether somebody writes: without, there is nothing to be
 * copied by tee(2), not even later.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "calls/descriptor.h"
#include "run/call.h"
#include "run/insist.h"

struct opening {
	long directory;
	const char *path;
	int flags;
	long mode;
};

static long open_at_once(void *arg)
{
	const struct opening *o = arg;
	long r = gev__sys(SYS_openat, o->directory, o->path,
		o->flags | O_NONBLOCK, o->mode);

	return r == -ENXIO ? -EAGAIN : r;
}

static bool was_left(int fd)
{
	struct pollfd p = { .fd = fd };

	return gev__sys(SYS_poll, &p, 1, 0) == 1 && p.revents & POLLHUP;
}

static long find_writer(void *arg)
{
	const int fd = *(const int *)arg;
	int to[2];
	long r = gev__sys(SYS_pipe2, to, O_CLOEXEC | O_NONBLOCK);

	if (r < 0)
		return r;
	r = gev__sys(SYS_tee, fd, to[1], 1L, O_NONBLOCK);
	gev__sys(SYS_close, to[0]);
	gev__sys(SYS_close, to[1]);
	return r == 0 && !was_left(fd) ? -EAGAIN : 0;
}

static long insist(gev__run_attempt *attempt, void *arg)
{
	const struct gev__run_insist i = { .attempt = attempt,
		.arg = arg,
		.timeout = GEV_FOREVER,
		.pause = GEV__PAUSE_MAX,
		.fd = -1 };

	return gev__run_insist(&i);
}

static long open_fifo(struct opening *o)
{
	long r = insist(open_at_once, o);
	int fd = (int)r;

	if (r < 0)
		return r;
	if ((o->flags & O_ACCMODE) == O_RDONLY)
		r = insist(find_writer, &fd);
	if (r < 0) {
		gev__sys(SYS_close, fd);
		return r;
	}
	gev__sys(SYS_fcntl, fd, F_SETFL, o->flags & ~O_NONBLOCK);
	return fd;
}

static bool is_fifo(const struct opening *o)
{
	struct stat st;
	int flags = o->flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;

	return gev__sys(SYS_newfstatat, o->directory, o->path, &st, flags) ==
		       0 && S_ISFIFO(st.st_mode);
}

static long open_at(struct opening *o)
{
	if (o->flags & (O_NONBLOCK | O_PATH | O_DIRECTORY | O_EXCL) ||
		(o->flags & O_ACCMODE) == O_RDWR || !is_fifo(o))
		return GEV__PASS;
	return open_fifo(o);
}

long gev__run_openat(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return open_at(&(struct opening){ a[0], (const char *)a[1], (int)a[2],
		a[3] });
}

long gev__run_open(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return open_at(&(struct opening){ AT_FDCWD, (const char *)a[0],
		(int)a[1], a[2] });
}
