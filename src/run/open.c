/* SPDX-License-Identifier: MIT */
/*
 * Opening a FIFO, which waits for the other end.
 *
 * To write, it can be tried.  To read, the kernel opens it at once, and it is
 * for us to find out whether somebody writes: without, there is nothing to be
 * copied by tee(2), not even later.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "calls/descriptor.h"
#include "run/call.h"
#include "run/comm.h"
#include "run/insist.h"

struct opening {
	long directory;
	const char *path;
	struct open_how how;
	bool by_how;            /* openat2() */
};

/* All together: who waits is few. */
static struct gev_list waiters = { &waiters, &waiters };

static long open_it(const struct opening *o, uint64_t more)
{
	struct open_how how = o->how;

	how.flags |= more;
	if (o->by_how)
		return gev__sys(SYS_openat2, o->directory, o->path, &how,
			sizeof(how));
	return gev__sys(SYS_openat, o->directory, o->path, how.flags, how.mode);
}

static long open_at_once(void *arg)
{
	long r = open_it(arg, O_NONBLOCK);

	if (r >= 0)
		gev__run_try_again(&waiters);
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
	r = gev__sys(SYS_tee, fd, to[1], 1L, SPLICE_F_NONBLOCK);
	gev__sys(SYS_close, to[0]);
	gev__sys(SYS_close, to[1]);
	return r == 0 && !was_left(fd) ? -EAGAIN : 0;
}

static long insist(gev__run_attempt *attempt, void *arg)
{
	const struct gev__run_insist i = { .attempt = attempt,
		.arg = arg,
		.timeout = GEV_FOREVER,
		.among = &waiters,
		.fd = -1 };

	return gev__run_insist(&i);
}

static long open_fifo(struct opening *o)
{
	const int flags = (int)o->how.flags;
	long r = insist(open_at_once, o);
	int fd = (int)r;

	if (r < 0)
		return r;
	if ((flags & O_ACCMODE) == O_RDONLY)
		r = insist(find_writer, &fd);
	if (r < 0) {
		gev__sys(SYS_close, fd);
		return r;
	}
	gev__sys(SYS_fcntl, fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}

static bool is_fifo(const struct opening *o)
{
	struct stat st;
	int flags = o->how.flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;

	return gev__sys(SYS_newfstatat, o->directory, o->path, &st, flags) ==
		       0 && S_ISFIFO(st.st_mode);
}

static bool may_wait(const struct opening *o)
{
	const int flags = (int)o->how.flags;

	return !(flags & (O_NONBLOCK | O_PATH | O_DIRECTORY | O_EXCL)) &&
	       (flags & O_ACCMODE) != O_RDWR;
}

/* One that does not wait may be what others wait for. */
static long open_at(struct opening *o)
{
	long r = GEV__PASS;

	if (o->path)
		r = gev__run_comm_open(o->path, (int)o->how.flags);
	if (r != GEV__PASS)
		return r;
	if (may_wait(o))
		return is_fifo(o) ? open_fifo(o) : GEV__PASS;
	if (gev__list_empty(&waiters))
		return GEV__PASS;
	r = open_it(o, 0);
	gev__run_try_again(&waiters);
	return r;
}

static long open_classic(long directory, long path, long flags, long mode)
{
	return open_at(&(struct opening){ directory, (const char *)path,
		{ (unsigned)flags, (uint64_t)mode, 0 }, false });
}

long gev__run_openat(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return open_classic(a[0], a[1], a[2], a[3]);
}

long gev__run_open(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return open_classic(AT_FDCWD, a[0], a[1], a[2]);
}

long gev__run_creat(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return open_classic(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]);
}

/* What is not known of it is the kernel's. */
long gev__run_openat2(struct gev__run_call *c)
{
	const long *a = c->call.a;
	struct opening o = { .directory = a[0], .path = (const char *)a[1],
		.by_how = true };

	if ((size_t)a[3] != sizeof(o.how))
		return GEV__PASS;
	gev__copy(&o.how, (const void *)a[2], sizeof(o.how));
	return open_at(&o);
}
