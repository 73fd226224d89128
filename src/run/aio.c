/* SPDX-License-Identifier: MIT */
/* Programs that do asynchronous I/O of their own, and wait for it. */
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/eventfd.h>
#include "base/host.h"
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "core/wait.h"
#include "loop/watch.h"
#include "patch/futex.h"
#include "run/aio.h"
#include "run/insist.h"
#include "run/signals.h"

/*
 * The kernel adds to an eventfd when a request is done, if it is told to.  Ours
 * has all who wait look again; requests that have the program's own are found
 * by looking now and then.
 */
static struct {
	bool tried;
	int fd;
	gev_io_watcher watcher;
} done = { .fd = -1 };

static struct gev_list waiters = { &waiters, &waiters };

static int on_done(gev_watcher *w, int revents, void *arg)
{
	uint64_t n;

	(void)w;
	(void)revents;
	(void)arg;
	gev__sys(SYS_read, done.fd, &n, sizeof(n));
	gev__run_try_again(&waiters);
	return 0;
}

static void open_eventfd(struct gev_hub *hub)
{
	long fd = gev__sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);

	done.tried = true;
	if (fd < 0)
		return;
	done.fd = gev__host_fd((int)fd);
	gev__fd_retire(hub, done.fd);
	gev_io_init(&done.watcher, hub->loop, done.fd, GEV_READ);
	gev_watcher_set_ref(&done.watcher.w, false);
	if (gev__io_start(&done.watcher, on_done, NULL) == 0)
		return;
	gev__sys(SYS_close, done.fd);
	done.fd = -1;
}

int gev__run_aio_fd(void)
{
	return done.fd;
}

/* Its contexts are the parent's. */
void gev__run_aio_forked(void)
{
	if (done.fd < 0)
		return;
	if (gev_watcher_active(&done.watcher.w))
		gev_watcher_stop(&done.watcher.w);
	gev__sys(SYS_close, done.fd);
	done.fd = -1;
	done.tried = false;
}

static void lend(struct iocb *request)
{
	if (request->aio_flags & IOCB_FLAG_RESFD)
		return;
	request->aio_flags |= IOCB_FLAG_RESFD;
	request->aio_resfd = (unsigned)done.fd;
}

static void take_back(struct iocb *request)
{
	if (request->aio_flags & IOCB_FLAG_RESFD &&
		request->aio_resfd == (unsigned)done.fd)
		request->aio_flags &= ~(unsigned)IOCB_FLAG_RESFD;
}

long gev__run_io_submit(struct gev__run_call *c)
{
	const long *a = c->call.a;
	struct iocb **requests = (struct iocb **)a[2];
	long r;

	if (!done.tried)
		open_eventfd(gev__hub_here());
	if (done.fd < 0)
		return GEV__PASS;
	for (long i = 0; i < a[1]; i++)
		lend(requests[i]);
	r = gev__sys(SYS_io_submit, a[0], a[1], requests);
	for (long i = 0; i < a[1]; i++)
		take_back(requests[i]);
	return r;
}

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
		.among = &waiters,
		.fd = -1 };
	long r = gev__duration((const void *)a[4], &i.timeout);

	if (r < 0 || a[1] <= 0 || a[1] > a[2])
		return GEV__PASS;
	r = gev__run_insist(&i);
	return r == -EAGAIN || c.got ? c.got : r;
}

long gev__run_io_pgetevents(struct gev__run_call *c)
{
	const struct gev__mask_arg *m = (const void *)c->call.a[5];

	if (m && m->mask && m->size != GEV__MASK_SIZE)
		return -EINVAL;
	return m && m->mask ?
		       gev__run_masked(c, m->mask, gev__run_io_getevents) :
		       gev__run_io_getevents(c);
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

/*
 * Its descriptor tells of the first completion, not of the others; of none if
 * the ring leaves the last of the work to who waits (DEFER_TASKRUN).
 */
long gev__run_io_uring_enter(struct gev__run_call *c)
{
	const long *a = c->call.a;
	const bool registered = a[3] & IORING_ENTER_REGISTERED_RING;
	struct enter e = { a[0], a[2], IORING_ENTER_GETEVENTS |
		(registered ? IORING_ENTER_REGISTERED_RING : 0) };
	struct gev__run_insist i = { .attempt = look,
		.arg = &e,
		.fd = a[2] == 1 && !registered ? (int)a[0] : -1,
		.events = POLLIN,
		.unsure = true };
	long submitted, r;

	gev__futex_strangers = true; /* a request can be to wait for one */
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
