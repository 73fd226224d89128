/* SPDX-License-Identifier: MIT */
/*
 * Waiting for file locks.  Nothing announces that one is free: it is tried
 * again, after pauses that grow.  Only that the file is closed is noticed.
 */
#include "calls/calls.h"
#include "calls/poller.h"
#include <fcntl.h>
#include <sys/file.h>

struct lock {
	struct gev__poller p;
	long nr;             /* SYS_flock or SYS_fcntl */
	int fd;
	long op;             /* the one that does not wait */
	struct flock *range; /* of fcntl */
};

/* 1: it is locked. */
static long probe(struct gev__poller *p)
{
	struct lock *l = gev__container(p, struct lock, p);
	long r;

	if (p->closed)
		return -EBADF;
	r = gev__sys(l->nr, gev__poller_fd(p, 0, l->fd), l->op, l->range);
	if (r == -EAGAIN)
		return 0;
	return r < 0 ? r : 1;
}

static long enlist(struct gev__poller *p)
{
	long r = gev__poller_room(p, 1);

	if (r < 0)
		return r;
	return gev__poller_add(p, 0, gev__container(p, struct lock, p)->fd, 0);
}

static long run(struct lock *l, const char *name)
{
	long r;

	gev__poller_init(&l->p, name, probe, enlist);
	l->p.pause = GEV__PAUSE;
	r = gev__poller_run(&l->p, GEV_FOREVER);
	return r < 0 ? r : 0;
}

long gev__call_flock(int fd, int op)
{
	struct lock l;

	if (op & (LOCK_NB | LOCK_UN))
		return gev__sys(SYS_flock, fd, op);
	l.nr = SYS_flock;
	l.fd = fd;
	l.op = op | LOCK_NB;
	l.range = NULL;
	return run(&l, "flock");
}

long gev__call_setlkw(int fd, int cmd, struct flock *range)
{
	struct lock l;

	l.nr = SYS_fcntl;
	l.fd = fd;
	l.op = cmd == F_SETLKW ? F_SETLK : F_OFD_SETLK;
	l.range = range;
	return run(&l, "fcntl");
}
