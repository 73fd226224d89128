/* SPDX-License-Identifier: MIT */
/* Programs that do asynchronous I/O of their own, and wait for it. */
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <poll.h>
#include "run/call.h"
#include "run/insist.h"

/* Nothing tells when there are events, and they are wanted soon. */
#define PAUSE GEV_MS(1)

struct collect {
	const long *a;
	long got;
};

static long collect(void *arg)
{
	struct collect *c = arg;
	const struct timespec at_once = { 0, 0 };
	struct io_event *to = (struct io_event *)c->a[3] + c->got;
	long r = gev__sys(SYS_io_getevents, c->a[0], 0L, c->a[2] - c->got, to,
		&at_once);

	if (r < 0)
		return c->got ? c->got : r;
	c->got += r;
	return c->got < c->a[1] ? -EAGAIN : c->got;
}

long gev__run_io_getevents(struct gev__run_call *call)
{
	const long *a = call->call.a;
	struct collect c = { .a = a };
	struct gev__run_insist i = { .attempt = collect,
		.arg = &c,
		.pause = PAUSE,
		.fd = -1 };
	long r = gev__duration((const void *)a[4], &i.timeout);

	if (r < 0 || a[1] <= 0 || a[1] > a[2])
		return GEV__PASS;
	r = gev__run_insist(&i);
	return r == -EAGAIN || c.got ? c.got : r;
}

struct enter {
	long fd;
	long least;
	unsigned long flags;
};

static long look(void *arg)
{
	const struct enter *e = arg;
	const struct timespec at_once = { 0, 0 };
	const struct io_uring_getevents_arg more = {
		.ts = (uintptr_t)&at_once };
	long r = gev__sys(SYS_io_uring_enter, e->fd, 0L, e->least,
		e->flags | IORING_ENTER_EXT_ARG, &more, sizeof(more));

	return r == -ETIME ? -EAGAIN : r;
}

/* Those of a call that is to wait as long as it takes, and no longer. */
#define KNOWN (IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |                 \
	IORING_ENTER_SQ_WAKEUP | IORING_ENTER_REGISTERED_RING)

static const struct timespec *limit_of(const long a[6])
{
	const struct io_uring_getevents_arg *more = (const void *)a[4];

	return more && a[3] & IORING_ENTER_EXT_ARG ?
		       (const void *)(uintptr_t)more->ts : NULL;
}

static bool waits(const long a[6])
{
	return a[3] & IORING_ENTER_GETEVENTS && a[2] > 0 && !(a[3] & ~KNOWN);
}

static long submit(const long a[6])
{
	const long how = IORING_ENTER_SQ_WAKEUP | IORING_ENTER_REGISTERED_RING;

	return a[1] ? gev__sys(SYS_io_uring_enter, a[0], a[1], 0L, a[3] & how,
			      NULL, 0L) :
		      0;
}

/* Its descriptor tells of the first completion, not of the others. */
long gev__run_io_uring_enter(struct gev__run_call *c)
{
	const long *a = c->call.a;
	const bool registered = a[3] & IORING_ENTER_REGISTERED_RING;
	struct enter e = { a[0], a[2], IORING_ENTER_GETEVENTS |
		(registered ? IORING_ENTER_REGISTERED_RING : 0) };
	struct gev__run_insist i = { .attempt = look,
		.arg = &e,
		.pause = PAUSE,
		.fd = a[2] == 1 && !registered ? (int)a[0] : -1,
		.events = POLLIN };
	long submitted, r;

	if (!waits(a) || gev__duration(limit_of(a), &i.timeout) < 0)
		return GEV__PASS;
	submitted = submit(a);
	if (submitted < 0 || submitted != a[1])
		return submitted;
	r = gev__run_insist(&i);
	if (submitted)
		return submitted;
	return r == -EAGAIN ? -ETIME : r;
}
