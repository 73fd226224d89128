/* SPDX-License-Identifier: MIT */
/*
 * select: the kernel works on copies of the sets, so that it can be asked more
 * than once.
 */
#include "calls/calls.h"
#include "base/mem.h"
#include "calls/duration.h"
#include "calls/poller.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

#define WORD_BITS (8 * (int)sizeof(unsigned long))
#define FEW_WORDS (FD_SETSIZE / WORD_BITS)

enum { IN, OUT, EXCEPT, SETS };

struct select_call {
	struct gev__poller p;
	int n;                       /* descriptors that are looked at */
	int words;                   /* in each set */
	unsigned long *sets[SETS];   /* the caller's; NULL: none */
	unsigned long *found[SETS];  /* what the kernel makes of them */
	unsigned long *room;         /* which that stands in */
	unsigned long few[SETS * FEW_WORDS];
};

static struct select_call *of(struct gev__poller *p)
{
	return gev__container(p, struct select_call, p);
}

static size_t set_size(const struct select_call *c)
{
	return (size_t)c->words * sizeof(unsigned long);
}

static unsigned long bit_of(int fd)
{
	return 1ul << fd % WORD_BITS;
}

static unsigned long word(const struct select_call *c, int set, int i)
{
	return c->sets[set] ? c->sets[set][i] : 0;
}

static bool has(const struct select_call *c, int set, int fd)
{
	return word(c, set, fd / WORD_BITS) & bit_of(fd);
}

static void copy_sets(struct select_call *c)
{
	for (int i = 0; i < SETS; i++)
		if (c->sets[i])
			gev__copy(c->found[i], c->sets[i], set_size(c));
}

/* The kernel is not to look at what was closed. */
static void leave_out(struct select_call *c)
{
	for (int k = 0; k < c->p.n; k++)
		for (int i = 0; i < SETS && c->p.polled[k].moved; i++)
			if (c->sets[i])
				c->found[i][c->p.polled[k].fd / WORD_BITS] &=
					~bit_of(c->p.polled[k].fd);
}

/* Readable, writable, exceptional: as the kernel has it (fs/select.c). */
static const short kinds[SETS] = {
	[IN] = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR | POLLNVAL,
	[OUT] = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLNVAL,
	[EXCEPT] = POLLPRI | POLLNVAL,
};

/* One that was closed is no error any more. */
static long look_at(struct select_call *c, const struct gev__polled *e)
{
	long n = 0;
	long r = gev__fd_poll(e->fd, kinds[IN] | kinds[OUT] | kinds[EXCEPT]);

	if (r == -EBADF)
		r = POLLNVAL;

	for (int i = 0; i < SETS && r > 0; i++) {
		if (!has(c, i, e->fd) || !(r & kinds[i]))
			continue;
		c->found[i][e->fd / WORD_BITS] |= bit_of(e->fd);
		n++;
	}
	return n;
}

static long look_elsewhere(struct select_call *c)
{
	long n = 0;

	for (int k = 0; k < c->p.n; k++)
		if (c->p.polled[k].moved)
			n += look_at(c, &c->p.polled[k]);
	return n;
}

static long probe(struct gev__poller *p)
{
	struct select_call *c = of(p);
	struct timespec zero = { 0 };
	long r;

	if (p->closed)
		return -EBADF;
	do {
		copy_sets(c);
		if (p->moved)
			leave_out(c);
		r = gev__sys(SYS_pselect6, c->n, c->found[IN], c->found[OUT],
			c->found[EXCEPT], &zero, NULL);
	} while (r == -EINTR);
	return r >= 0 && p->moved ? r + look_elsewhere(c) : r;
}

static int sides_of(const struct select_call *c, int fd)
{
	int sides = has(c, OUT, fd) ? GEV_WRITE : 0;

	if (has(c, IN, fd) || has(c, EXCEPT, fd))
		sides |= GEV_READ;
	return sides;
}

static int count(const struct select_call *c)
{
	int n = 0;

	for (int fd = 0; fd < c->n; fd++)
		n += sides_of(c, fd) != 0;
	return n;
}

static long enlist(struct gev__poller *p)
{
	struct select_call *c = of(p);
	long r = gev__poller_room(p, count(c));

	for (int fd = 0, i = 0; r == 0 && fd < c->n; fd++)
		if (sides_of(c, fd))
			r = gev__poller_add(p, i++, fd, sides_of(c, fd));
	return r;
}

/* The number behind @name in @text. */
static long number_after(const char *text, const char *name)
{
	long n = 0;
	size_t i;

	for (; *text; text++) {
		for (i = 0; name[i] && text[i] == name[i]; i++)
			;
		if (!name[i])
			break;
	}
	if (!*text)
		return 0;
	for (text += i; *text == '\t' || (*text >= '0' && *text <= '9'); text++)
		if (*text != '\t')
			n = n * 10 + (*text - '0');
	return n;
}

/*
 * The kernel looks at no more descriptors than the process has room for just
 * now, and programs that pass getdtablesize() with an fd_set count on that.
 */
int gev__select_looked_at(int n)
{
	char text[1024];
	long room, fd;

	if (n <= FD_SETSIZE)
		return n;
	fd = gev__sys(SYS_openat, AT_FDCWD, "/proc/self/status",
		O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return n;
	room = gev__sys(SYS_read, fd, text, sizeof(text) - 1);
	text[room > 0 ? room : 0] = '\0';
	gev__sys(SYS_close, fd);
	room = number_after(text, "FDSize:");
	return room > 0 && room < n ? (int)room : n;
}

static long prepare(struct select_call *c, int n)
{
	if (n < 0)
		return -EINVAL;
	c->n = gev__select_looked_at(n);
	c->words = (c->n + WORD_BITS - 1) / WORD_BITS;
	c->room = c->few;
	if (c->words > FEW_WORDS)
		c->room = gev__alloc(SETS * set_size(c));
	if (!c->room)
		return -ENOMEM;
	for (int i = 0; i < SETS; i++)
		c->found[i] = c->sets[i] ? c->room + i * c->words : NULL;
	return 0;
}

static void finish(struct select_call *c, long r)
{
	for (int i = 0; r >= 0 && i < SETS; i++)
		if (c->sets[i])
			gev__copy(c->sets[i], c->found[i], set_size(c));
	if (c->room != c->few)
		gev__free(c->room, SETS * set_size(c));
}

long gev__call_pselect6(int n, fd_set *in, fd_set *out, fd_set *except,
	struct timespec *timeout, const struct gev__mask_arg *m)
{
	struct select_call c;
	gev_time t;
	long r = gev__duration(timeout, &t);

	gev__poller_init(&c.p, "select", probe, enlist);
	c.sets[IN] = (unsigned long *)in;
	c.sets[OUT] = (unsigned long *)out;
	c.sets[EXCEPT] = (unsigned long *)except;
	c.p.mask = m ? m->mask : NULL;
	if (r == 0)
		r = gev__mask_check(c.p.mask, m ? m->size : 0);
	if (r == 0)
		r = prepare(&c, n);
	if (r < 0)
		return r;
	r = gev__poller_run(&c.p, t);
	finish(&c, r);
	gev__duration_left(timeout, t, gev__poller_left(&c.p, t));
	return r;
}

/* Microseconds may be more than a second, as in the kernel. */
long gev__call_select(int n, fd_set *in, fd_set *out, fd_set *except,
	struct timeval *timeout)
{
	struct timespec ts;
	long r;

	if (!timeout)
		return gev__call_pselect6(n, in, out, except, NULL, NULL);
	if (timeout->tv_usec < 0)
		return -EINVAL;
	ts.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
	ts.tv_nsec = timeout->tv_usec % 1000000 * 1000;
	r = gev__call_pselect6(n, in, out, except, &ts, NULL);
	timeout->tv_sec = ts.tv_sec;
	timeout->tv_usec = ts.tv_nsec / 1000;
	return r;
}
