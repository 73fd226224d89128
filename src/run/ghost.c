/* SPDX-License-Identifier: MIT */
/*
 * A call of Linux that waits keeps what its descriptor stood for, whatever
 * becomes of the number.  With gev it ends with EBADF.  So before a number is
 * closed or replaced on which threads wait, it is copied to another: its ghost,
 * with which they go on (gev__fd_successor), and which the last of them closes.
 *
 * Calls are listed while they are made, since not all of those that wait are
 * in the hub's record of a descriptor.
 */
#include "run/ghost.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include "base/mem.h"
#include "calls/calls.h"
#include "calls/descriptor.h"

#define LOWEST_MAX 1024 /* or the kernel's tables get large */
#define WORD_BITS (8 * (int)sizeof(long))

struct gev__run_ghost {
	struct gev__run_ghost *next;
	int fd;                 /* whose it is */
	int number;
};

struct gev_list gev__run_under_way = { &gev__run_under_way,
	&gev__run_under_way };
static unsigned haunted; /* ghosts there are, by each call */

static struct gev__run_outlasting *of(struct gev_list *node)
{
	return gev__container(node, struct gev__run_outlasting, node);
}

static bool polls(const long a[6], int fd)
{
	const struct pollfd *p = (const void *)a[0];

	for (long i = 0; i < a[1]; i++)
		if (p[i].fd == fd)
			return true;
	return false;
}

static bool selects(const long a[6], int fd)
{
	for (int i = 1; i <= 3 && fd < (int)a[0]; i++) {
		const long *set = (const void *)a[i];

		if (set && set[fd / WORD_BITS] >> fd % WORD_BITS & 1)
			return true;
	}
	return false;
}

static bool is_for(const struct gev__run_call *c, int fd)
{
	const long *a = c->call.a;

	switch (c->call.nr) {
	case SYS_poll:
	case SYS_ppoll:
		return polls(a, fd);
	case SYS_select:
	case SYS_pselect6:
		return selects(a, fd);
	case SYS_splice:
		return (int)a[0] == fd || (int)a[2] == fd;
	case SYS_tee:
		return (int)a[0] == fd || (int)a[1] == fd;
	default:
		return (int)a[0] == fd;
	}
}

static int ghost_of(const struct gev__run_outlasting *o, int fd)
{
	for (const struct gev__run_ghost *g = o->ghosts; g; g = g->next)
		if (g->fd == fd)
			return g->number;
	return -EBADF;
}

/* The lowest of one call's, and of @found. */
static int lowest(const struct gev__run_outlasting *o, unsigned first,
	int found)
{
	for (const struct gev__run_ghost *g = o->ghosts; g; g = g->next)
		if ((unsigned)g->number >= first &&
			(found < 0 || g->number < found))
			found = g->number;
	return found;
}

int gev__run_ghost_from(unsigned first)
{
	struct gev_list *node;
	int found = -1;

	if (!haunted)
		return -1;
	gev__list_for_each(node, &gev__run_under_way)
		found = lowest(of(node), first, found);
	return found;
}

static int successor(const gev_coro *c, int fd)
{
	struct gev_list *node;

	gev__list_for_each(node, &gev__run_under_way)
		if (of(node)->coro == c)
			return ghost_of(of(node), fd);
	return -EBADF;
}

int gev__run_fd_now(int fd)
{
	int number = haunted ? successor(gev__hub_here()->thread->current, fd) :
			       -EBADF;

	return number >= 0 ? number : fd;
}

/* High up, where no program looks for its own. */
static int copy(int fd)
{
	struct rlimit limit = { 0 };
	rlim_t lowest_number;

	gev__sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
	lowest_number = limit.rlim_cur / 2;
	if (lowest_number > LOWEST_MAX)
		lowest_number = LOWEST_MAX;
	return (int)gev__call_fcntl(fd, F_DUPFD_CLOEXEC, lowest_number);
}

static void haunt(struct gev__run_outlasting *o, int fd, int number)
{
	struct gev__run_ghost *g = gev__alloc(sizeof(*g));

	if (!g)
		return;
	g->fd = fd;
	g->number = number;
	g->next = o->ghosts;
	o->ghosts = g;
	haunted++;
}

/* Or for their turn. */
static bool has_waiters(const struct gev__fd_rec *rec)
{
	return rec->reader || rec->writer || rec->polled ||
	       rec->turns[0].next || rec->turns[1].next;
}

void gev__run_leave_ghost(int fd)
{
	const struct gev__fd_rec *rec = gev__fd_peek(gev__hub_here(), fd);
	struct gev_list *node;
	int number = 0;

	if (!rec || !has_waiters(rec))
		return;
	gev__fd_successor = successor;
	gev__list_for_each(node, &gev__run_under_way) {
		struct gev__run_outlasting *o = of(node);

		if (!is_for(o->c, fd) || ghost_of(o, fd) >= 0)
			continue;
		if (!number)
			number = copy(fd);
		if (number < 0)
			return;
		haunt(o, fd, number);
	}
}

void gev__run_leave_ghosts(unsigned first, unsigned last)
{
	int fd = first < GEV__FD_MAX ? (int)first : GEV__FD_MAX;

	if (gev__list_empty(&gev__run_under_way))
		return;
	for (; (fd = gev__number_in_use(fd)) < GEV__FD_MAX; fd++) {
		if ((unsigned)fd > last)
			break;
		gev__run_leave_ghost(fd);
	}
}

void gev__run_lay_ghosts(struct gev__run_outlasting *o)
{
	struct gev__run_ghost *g;

	while ((g = o->ghosts)) {
		int number = g->number;

		o->ghosts = g->next;
		gev__free(g, sizeof(*g));
		haunted--;
		if (gev__run_ghost_from((unsigned)number) != number)
			gev__call_close(number);
	}
}

/* The one that forked makes no call that waits. */
void gev__run_ghosts_forked(void)
{
	gev__list_init(&gev__run_under_way);
	haunted = 0;
}
