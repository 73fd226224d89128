/* SPDX-License-Identifier: MIT */
/*
 * io_uring as a backend: descriptors are polled by requests, and others can be
 * made besides (request.h).  Linux 6.1 is the least, whose completions come
 * when the loop waits and at no other moment.
 *
 * A descriptor with an edge has a multishot poll: each time something happens
 * to it there is a completion, which tells of that only; at the start, and when
 * the kernel does not know what happened, of all that is.  One that has but
 * watchers is polled once, and once more before each wait, which makes levels
 * of it.  The user_data of a poll is the tag of its registration with the
 * lowest bit set; that of a request is its address.
 *
 * A poll keeps the file open.  So a descriptor that is to be closed has its
 * poll cancelled first, and who cancelled something may have it carried out at
 * once (flush).  Whenever we come back from the kernel all that is complete is
 * dealt with, in whoever's name we were there.
 *
 * That completions come when we wait means that they wake nobody who sleeps on
 * the ring's descriptor: a host of the loop is given an eventfd.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/uring.h"
#include "loop/backend.h"
#include "loop/request.h"
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define ENTRIES 512
#define IGNORED 2 /* user_data of what nobody waits for */

struct poller {
	struct gev__uring ring;
	struct gev_list requests; /* under way */
	int again;                /* to be polled before we wait; see gev__fd */
	bool cancelled;           /* something was, since we last waited */
	int reaped;               /* events, since wait() began */
	int notice;               /* a host sleeps on it; -1: there is none */
};

static uint64_t poll_tag(const gev_loop *loop, int fd)
{
	return (uint64_t)loop->fds[fd].polled << 32 | (uint32_t)fd << 1 | 1;
}

static int open_uring(gev_loop *loop)
{
	struct poller *p = gev__alloc(sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	r = gev__uring_open(&p->ring, ENTRIES,
		GEV__URING_DEFER | IORING_SETUP_SUBMIT_ALL);
	if (r < 0) {
		gev__free(p, sizeof(*p));
		return r == -EINVAL ? -ENOSYS : r; /* it is too old */
	}
	gev__list_init(&p->requests);
	p->again = -1;
	p->notice = -1;
	loop->poller = p;
	loop->poll_fd = p->ring.fd;
	loop->completes = true;
	return 0;
}

static void end(struct gev__request *q, int result, unsigned flags)
{
	gev__list_del(&q->node);
	q->result = result;
	q->flags = flags;
	q->over = true;
}

/* Who waits for a request tries again, and finds out. */
static void close_uring(gev_loop *loop)
{
	struct poller *p = loop->poller;

	if (!p)
		return;
	loop->poller = NULL;
	loop->completes = false;
	if (loop->poll_fd < 0)
		p->ring.fd = -1;
	loop->poll_fd = -1;
	gev__uring_close(&p->ring);
	if (p->notice >= 0)
		gev__sys(SYS_close, p->notice);
	for (unsigned fd = 0; fd < loop->fds_room; fd++) {
		loop->fds[fd].polled = 0;
		loop->fds[fd].again = 0;
	}
	while (!gev__list_empty(&p->requests)) {
		struct gev__request *q = gev__container(p->requests.next,
			struct gev__request, node);

		end(q, -EAGAIN, 0);
		if (!q->cancelled)
			q->done(q);
	}
	gev__free(p, sizeof(*p));
}

/* It is to be polled before we wait. */
static void put_again(struct poller *p, struct gev__fd *f, int fd)
{
	if (f->again)
		return;
	f->again = p->again;
	p->again = fd + 1;
}

/*
 * Whether it was asked for.  The kernel adds RDHUP to what any poll waits for,
 * and on a socket that has come to its end that is so forever: then the poll is
 * a multishot one, of which this is told once.
 */
static bool is_asked_for(struct gev__fd *f, uint32_t *bits)
{
	if (f->edge)
		return true;
	if (*bits == EPOLLRDHUP)
		f->half_closed = true;
	*bits &= ~(uint32_t)EPOLLRDHUP;
	return *bits;
}

/* Something a poll has to tell; 0 if it is nothing to anybody. */
static int poll_event(gev_loop *loop, uint64_t tag, int result, unsigned flags)
{
	int fd = (int)((uint32_t)tag >> 1);
	struct gev__fd *f = &loop->fds[fd];
	uint32_t generation = (uint32_t)(tag >> 32);
	uint32_t bits = result < 0 ? EPOLLERR : (uint32_t)result;
	bool asked;

	if (f->polled != generation)
		return 0;
	if (!(flags & IORING_CQE_F_MORE))
		f->polled = 0;
	asked = is_asked_for(f, &bits);
	if (result >= 0 && (!f->polled || (asked && !f->edge)))
		put_again(loop->poller, f, fd);
	if (!asked)
		return 0;
	/* What came may be urgent or not: the kernel does not say. */
	gev__io_event(loop, (uint64_t)generation << 32 | (uint32_t)fd,
		gev__from_epoll(bits) & ~GEV__URGENT);
	return 1;
}

static int request_event(uint64_t tag, int result, unsigned flags)
{
	struct gev__request *q = (struct gev__request *)(uintptr_t)tag;

	end(q, result, flags);
	if (!q->cancelled)
		q->done(q);
	return 1;
}

/* Deals with what is complete. */
static void reap(gev_loop *loop)
{
	struct poller *p = loop->poller;
	struct io_uring_cqe *c;

	while ((c = gev__uring_cqe(&p->ring))) {
		uint64_t tag = c->user_data;
		int result = c->res;
		unsigned flags = c->flags;

		gev__uring_seen(&p->ring);
		if (tag & 1)
			p->reaped += poll_event(loop, tag, result, flags);
		else if (tag != IGNORED)
			p->reaped += request_event(tag, result, flags);
	}
}

static bool has_more(const struct poller *p)
{
	return gev__uring_due(&p->ring) || gev__uring_cqe(&p->ring);
}

static void notify(struct poller *p)
{
	uint64_t one = 1;

	gev__sys(SYS_write, p->notice, &one, sizeof(one));
}

/* What the host was told of is done, but for what came while we did it. */
static void settle(struct poller *p)
{
	uint64_t count;

	if (p->notice < 0)
		return;
	gev__sys(SYS_read, p->notice, &count, sizeof(count));
	if (has_more(p))
		notify(p);
}

/* Has the kernel do what is to be done, and waits for @n completions. */
static int enter(gev_loop *loop, unsigned n, gev_time timeout)
{
	struct poller *p = loop->poller;
	int r;

	p->cancelled = false;
	r = gev__uring_wait(&p->ring, n, timeout);
	reap(loop);
	settle(p);
	/* Interrupted, or first to see completions, which was done now. */
	return r == -EINTR || r == -EAGAIN || r == -EBUSY ? 0 : r;
}

/* An entry; NULL: the ring is of no use. */
static struct io_uring_sqe *entry(gev_loop *loop)
{
	struct poller *p = loop->poller;
	struct io_uring_sqe *sqe = p ? gev__uring_sqe(&p->ring) : NULL;

	if (sqe || !p)
		return sqe;
	enter(loop, 0, 0);
	return gev__uring_sqe(&p->ring);
}

static void cancel(gev_loop *loop, uint64_t tag)
{
	struct poller *p = loop->poller;
	struct io_uring_sqe *sqe = entry(loop);

	if (!sqe)
		return;
	gev__uring_cancel(sqe, tag, IGNORED);
	p->cancelled = true;
}

static void forget(gev_loop *loop, int fd)
{
	if (loop->fds[fd].polled)
		cancel(loop, poll_tag(loop, fd));
	loop->fds[fd].polled = 0;
}

/* Polls @fd, of whatever generation it is. */
static int arm(gev_loop *loop, int fd, int events)
{
	struct io_uring_sqe *sqe = entry(loop);
	struct gev__fd *f = &loop->fds[fd];

	if (!sqe)
		return -EBADF;
	f->polled = f->generation;
	gev__uring_poll(sqe, fd, gev__to_epoll(events) & ~EPOLLET,
		poll_tag(loop, fd));
	if ((events & GEV__ET) || f->half_closed)
		sqe->len = IORING_POLL_ADD_MULTI;
	return 0;
}

/* Memory devices (null, zero, full and so on), but those that wait. */
static bool is_always_ready(dev_t device)
{
	unsigned n = minor(device);

	return major(device) == 1 && n != 8 && n != 9 && n != 11;
}

/* What epoll would say of it; the kernel polls anything. */
static int pollable(int fd)
{
	struct stat st;
	long r = gev__sys(SYS_fstat, fd, &st);

	if (r < 0)
		return (int)r;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return -EPERM;
	return S_ISCHR(st.st_mode) && is_always_ready(st.st_rdev) ? -EPERM : 0;
}

static void flush(gev_loop *loop, bool wholly);

static int watch(gev_loop *loop, int fd, int events)
{
	int r = 0;

	if (loop->poll_fd < 0)
		return -EBADF;
	if (events)
		r = pollable(fd);
	if (r < 0)
		return r;
	forget(loop, fd);
	loop->fds[fd].half_closed = false;
	if (events)
		r = arm(loop, fd, events);
	if (!events)
		flush(loop, true);
	else if (!loop->running)
		flush(loop, false);
	return r;
}

/* Before we wait: those that were polled once. */
static void poll_again(gev_loop *loop)
{
	struct poller *p = loop->poller;

	int next = p->again;

	p->again = -1;
	while (next > 0) {
		int fd = next - 1;
		struct gev__fd *f = &loop->fds[fd];

		next = f->again;
		f->again = 0;
		if (f->polled && f->half_closed && !f->edge) {
			forget(loop, fd);
			f->generation++; /* what is cancelled is told apart */
		}
		if (f->registered && !f->polled)
			arm(loop, fd, gev__io_wanted(f));
	}
}

static void flush(gev_loop *loop, bool wholly)
{
	struct poller *p = loop->poller;

	if (!p)
		return;
	if (wholly) {
		if (p->cancelled)
			enter(loop, 0, 0);
		return;
	}
	poll_again(loop);
	if (gev__uring_waiting(&p->ring))
		gev__uring_submit(&p->ring);
}

static int wait(gev_loop *loop, gev_time timeout)
{
	struct poller *p = loop->poller;
	int r = 0;

	p->reaped = 0;
	poll_again(loop);
	if (p->reaped)
		timeout = 0;
	if (timeout != 0 || gev__uring_due(&p->ring))
		r = enter(loop, 1, timeout);
	else
		reap(loop);
	return r < 0 ? r : p->reaped;
}

static int descriptor(gev_loop *loop)
{
	struct poller *p = loop->poller;
	long fd = p->notice, r;

	if (fd >= 0)
		return (int)fd;
	fd = gev__sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return (int)fd;
	p->notice = (int)fd;
	r = gev__sys(SYS_io_uring_register, p->ring.fd, IORING_REGISTER_EVENTFD,
		&p->notice, 1);
	if (r < 0) {
		gev__sys(SYS_close, fd);
		p->notice = -1;
		return (int)r;
	}
	if (has_more(p))
		notify(p);
	return p->notice;
}

struct io_uring_sqe *gev__request_begin(gev_loop *loop, struct gev__request *q)
{
	struct io_uring_sqe *sqe = entry(loop);
	struct poller *p = loop->poller;

	if (!sqe)
		return NULL;
	q->number = p->ring.tail - 1;
	q->over = false;
	q->cancelled = false;
	gev__list_add_tail(&p->requests, &q->node);
	sqe->user_data = (uintptr_t)q;
	return sqe;
}

/* The kernel has not seen it yet: nothing becomes of it. */
static bool take_back(struct poller *p, struct gev__request *q)
{
	unsigned waiting = gev__uring_waiting(&p->ring);
	struct io_uring_sqe *sqe = &p->ring.sqes[q->number & p->ring.sq_mask];

	if (p->ring.tail - q->number > waiting)
		return false;
	gev__zero(sqe, sizeof(*sqe));
	gev__uring_prep(sqe, IORING_OP_NOP, -1, NULL, 0, 0, IGNORED);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	end(q, -ECANCELED, 0);
	return true;
}

void gev__request_cancel(gev_loop *loop, struct gev__request *q)
{
	if (q->over || q->cancelled)
		return;
	q->cancelled = true;
	if (!take_back(loop->poller, q))
		cancel(loop, (uintptr_t)q);
}

void gev__request_finish(gev_loop *loop, struct gev__request *q)
{
	gev__request_cancel(loop, q);
	while (!q->over)
		if (enter(loop, 1, GEV_FOREVER) < 0)
			gev__io_remake(loop);
}

void gev__requests_finish(gev_loop *loop)
{
	struct poller *p = loop->poller;

	while (loop->completes && !gev__list_empty(&p->requests))
		gev__request_finish(loop,
			gev__container(p->requests.next, struct gev__request,
				node));
}

void gev__requests_forked(gev_loop *loop)
{
	struct poller *p = loop->poller;

	while (loop->completes && !gev__list_empty(&p->requests))
		end(gev__container(p->requests.next, struct gev__request, node),
			-EAGAIN, 0);
}

const struct gev__backend gev__io_uring = {
	.name = "io_uring",
	.open = open_uring,
	.close = close_uring,
	.watch = watch,
	.forget = forget,
	.flush = flush,
	.descriptor = descriptor,
	.wait = wait,
};
