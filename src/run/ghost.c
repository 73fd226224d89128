/* SPDX-License-Identifier: MIT */
/*
 * A call of Linux that waits keeps what its descriptor stood for, whatever
 * becomes of the number.  With gev it ends with EBADF.  So before a number is
 * closed or replaced on which threads wait, it is copied to another: its ghost.
 * The calls that come back for that are made again on the ghost, which the
 * last of them closes.
 *
 * Calls are listed while they are made, since not all of those that wait are
 * in the hub's record of a descriptor: only one of its readers is.
 */
#include "run/ghost.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include "base/mem.h"
#include "calls/calls.h"
#include "calls/descriptor.h"

#define LOWEST_MAX 1024 /* or the kernel's tables get large */

struct outlasting {
	struct gev_list node;
	const struct gev__run_call *c;
	int ghost;              /* of one it waits for; 0: none */
	int fd;                 /* that one */
};

static struct gev_list calls = { &calls, &calls };
static unsigned haunted; /* of them have a ghost */

static struct outlasting *of(struct gev_list *node)
{
	return gev__container(node, struct outlasting, node);
}

bool gev__run_can_outlast(long nr)
{
	switch (nr) {
	case SYS_read:
	case SYS_readv:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
	case SYS_write:
	case SYS_writev:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
	case SYS_accept:
	case SYS_accept4:
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_poll:
	case SYS_ppoll:
		return true;
	default:
		return false;
	}
}

static bool is_poll(const struct gev__run_call *c)
{
	return c->call.nr == SYS_poll || c->call.nr == SYS_ppoll;
}

static bool polls(const struct gev__run_call *c, int fd)
{
	const struct pollfd *p = (const void *)c->call.a[0];

	for (long i = 0; i < c->call.a[1]; i++)
		if (p[i].fd == fd)
			return true;
	return false;
}

static bool waits_for(const struct outlasting *o, int fd)
{
	if (o->ghost)
		return false;
	return is_poll(o->c) ? polls(o->c, fd) : (int)o->c->call.a[0] == fd;
}

int gev__run_ghost_from(unsigned first)
{
	struct gev_list *node;
	int found = -1;

	if (!haunted)
		return -1;
	gev__list_for_each(node, &calls) {
		int ghost = of(node)->ghost;

		if (ghost && (unsigned)ghost >= first &&
			(found < 0 || ghost < found))
			found = ghost;
	}
	return found;
}

/* High up, where no program looks for its own. */
static long copy(int fd)
{
	struct rlimit limit = { 0 };
	rlim_t lowest;

	gev__sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
	lowest = limit.rlim_cur / 2;
	return gev__call_fcntl(fd, F_DUPFD_CLOEXEC,
		lowest < LOWEST_MAX ? lowest : LOWEST_MAX);
}

/* Of the calls that wait for @fd some may only wait for their turn. */
void gev__run_leave_ghost(int fd)
{
	const struct gev__fd_rec *rec = gev__fd_peek(gev__hub_here(), fd);
	struct gev_list *node;
	long ghost = 0;

	if (!rec || (!rec->reader && !rec->writer && !rec->polled))
		return;
	gev__list_for_each(node, &calls) {
		struct outlasting *o = of(node);

		if (!waits_for(o, fd))
			continue;
		if (!ghost)
			ghost = copy(fd);
		if (ghost < 0)
			return;
		o->ghost = (int)ghost;
		o->fd = fd;
		haunted++;
	}
}

void gev__run_leave_ghosts(unsigned first, unsigned last)
{
	int fd = first < GEV__FD_MAX ? (int)first : GEV__FD_MAX;

	if (gev__list_empty(&calls))
		return;
	for (; (fd = gev__number_in_use(fd)) < GEV__FD_MAX; fd++) {
		if ((unsigned)fd > last)
			break;
		gev__run_leave_ghost(fd);
	}
}

/* There may be no other thread any more, and then it is left to the kernel. */
static struct gev__patch_answer make(struct gev__run_call *c,
	gev__run_answer *answer)
{
	const long *a = c->call.a;
	struct gev__patch_answer r = answer(c);

	if (r.pass)
		r.result = gev__sys_raw(c->call.nr, a[0], a[1], a[2], a[3],
			a[4], a[5]);
	r.pass = false;
	return r;
}

static struct gev__patch_answer read_ghost(const struct outlasting *o,
	struct gev__run_call *c, gev__run_answer *answer)
{
	const long fd = c->call.a[0];
	struct gev__patch_answer r;

	c->call.a[0] = o->ghost;
	r = make(c, answer);
	c->call.a[0] = fd;
	return r;
}

static bool was_closed(const struct outlasting *o, const struct pollfd *p,
	long n)
{
	for (long i = 0; i < n; i++)
		if (p[i].fd == o->fd && p[i].revents & POLLNVAL)
			return true;
	return false;
}

static struct gev__patch_answer poll_ghost(const struct outlasting *o,
	struct gev__run_call *c, gev__run_answer *answer)
{
	struct pollfd *p = (struct pollfd *)c->call.a[0];
	const long n = c->call.a[1];
	const size_t size = (size_t)n * sizeof(*p);
	struct pollfd *copied = gev__alloc(size);
	struct gev__patch_answer r = { -ENOMEM, false };

	if (!copied)
		return r;
	gev__copy(copied, p, size);
	for (long i = 0; i < n; i++)
		if (copied[i].fd == o->fd)
			copied[i].fd = o->ghost;
	c->call.a[0] = (long)copied;
	r = make(c, answer);
	c->call.a[0] = (long)p;
	for (long i = 0; i < n; i++)
		p[i].revents = copied[i].revents;
	gev__free(copied, size);
	return r;
}

static struct gev__patch_answer again(const struct outlasting *o,
	struct gev__run_call *c, struct gev__patch_answer r,
	gev__run_answer *answer)
{
	const struct pollfd *p = (const void *)c->call.a[0];

	if (!is_poll(c))
		return r.result == -EBADF ? read_ghost(o, c, answer) : r;
	if (r.result > 0 && was_closed(o, p, c->call.a[1]))
		return poll_ghost(o, c, answer);
	return r;
}

static void lay(int ghost)
{
	haunted--;
	if (gev__run_ghost_from((unsigned)ghost) != ghost)
		gev__call_close(ghost);
}

struct gev__patch_answer gev__run_outlast(struct gev__run_call *c,
	gev__run_answer *answer)
{
	struct outlasting o = { .c = c };
	struct gev__patch_answer r;

	gev__list_add(&calls, &o.node);
	r = answer(c);
	if (__builtin_expect(o.ghost, 0))
		r = again(&o, c, r, answer);
	gev__list_del(&o.node);
	if (__builtin_expect(o.ghost, 0))
		lay(o.ghost);
	return r;
}

void gev__run_ghosts_forked(void)
{
	gev__list_init(&calls);
	haunted = 0;
}
