/* SPDX-License-Identifier: MIT */
/*
 * Waiting by request: the kernel does what is waited for, or where it can't do
 * just that, says when it can be done.  What is ready need not be known for
 * that, since the kernel looks first (IORING_RECVSEND_POLL_FIRST).
 *
 * That is what receiving and sending do; accepting, connecting and pipes are
 * polled.
 *
 * The buffer is the kernel's until the request is over.  Whoever ends the wait
 * otherwise - a kill, a timeout, a close - has it cancelled in the same moment,
 * so what came was either received before that or stays where it is.
 */
#include "base/uring.h"
#include "calls/transfer.h"
#include <poll.h>

#define SIZE_LIMIT 0x7ffff000u /* the kernel's MAX_RW_COUNT */

struct completion {
	struct gev_waiter w;
	struct gev__request q;
	gev_loop *loop;
};

static void on_done(struct gev__request *q)
{
	gev__wake(&gev__container(q, struct completion, q)->w, 0);
}

static void on_woken(struct gev_waiter *w)
{
	struct completion *c = gev__container(w, struct completion, w);

	gev__request_cancel(c->loop, &c->q);
}

static void fill_in(const struct gev__transfer *t, struct io_uring_sqe *sqe,
	unsigned op, const void *addr, size_t size)
{
	gev__uring_prep(sqe, op, t->fd, addr,
		size < SIZE_LIMIT ? (unsigned)size : SIZE_LIMIT, 0,
		sqe->user_data);
	sqe->msg_flags = (unsigned)t->flags;
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
}

void gev__request_recv(const struct gev__transfer *t, struct io_uring_sqe *sqe)
{
	fill_in(t, sqe, IORING_OP_RECV, t->buf, t->left);
}

void gev__request_send(const struct gev__transfer *t, struct io_uring_sqe *sqe)
{
	fill_in(t, sqe, IORING_OP_SEND, t->buf, t->left);
}

void gev__request_recvmsg(const struct gev__transfer *t,
	struct io_uring_sqe *sqe)
{
	fill_in(t, sqe, IORING_OP_RECVMSG, t->msg, 1);
}

void gev__request_sendmsg(const struct gev__transfer *t,
	struct io_uring_sqe *sqe)
{
	fill_in(t, sqe, IORING_OP_SENDMSG, t->msg, 1);
}

/* The same operation, if nothing was done yet or it can go on. */
static bool does_it(const struct gev__transfer *t)
{
	return t->request && !(t->msg && t->done);
}

bool gev__completable(const struct gev__fd_rec *rec,
	const struct gev__transfer *t)
{
	if (gev__fd_is_socket(rec))
		return t->side == GEV_READ || does_it(t);
	return rec->kind == GEV__FD_PIPE;
}

static void ask(const struct gev__transfer *t, struct io_uring_sqe *sqe)
{
	if (does_it(t))
		t->request(t, sqe);
	else
		gev__uring_poll(sqe, t->fd,
			t->side == GEV_READ ? POLLIN : POLLOUT, sqe->user_data);
}

/* Parks until the request is over; what the park returns. */
static int wait_for(struct gev_hub *hub, struct completion *c,
	const struct gev__transfer *t, gev_time timeout)
{
	struct io_uring_sqe *sqe = gev__request_begin(hub->loop, &c->q);
	int r;

	if (!sqe)
		return -ENOMEM;
	ask(t, sqe);
	gev__hold(hub);
	r = gev__park(&c->w, timeout);
	gev__unhold(hub);
	gev__request_finish(hub->loop, &c->q);
	return r;
}

/*
 * Whether the kernel's answer is the one to give.  A broken pipe is tried once
 * more for the signal's sake; -EAGAIN is no answer, and where it is given once
 * it is not asked for again.
 */
static bool is_answer(struct gev__transfer *t, int result)
{
	if (!does_it(t) || (result == -EPIPE && t->side == GEV_WRITE))
		return false;
	if (result != -EAGAIN && result != -ECANCELED)
		return true;
	t->request = NULL;
	return false;
}

long gev__complete(struct gev_hub *hub, struct gev__fd_rec *rec,
	struct gev__transfer *t, gev_time timeout, bool *expired)
{
	struct completion c = { .w = { .what = t->name,
		.object = (void *)(uintptr_t)t->fd,
		.describe = gev__fd_describe, .woke = on_woken },
		.q = { .done = on_done }, .loop = hub->loop };
	uint32_t generation = rec->generation;
	long r;

	r = gev__fd_occupy(hub, rec, t->side, &c.w);
	if (r < 0)
		return r;
	if (!gev__fd_is_socket(rec))
		t->request = NULL;
	rec->requested |= (uint8_t)t->side;
	r = wait_for(hub, &c, t, timeout);
	gev__fd_delist(rec, &c.w);
	*expired = c.w.expired;
	if (!gev__fd_was_closed(rec, generation)) {
		rec->requested &= (uint8_t)~t->side;
		rec->ready |= (uint8_t)t->side;
	} else if (r == 0 || *expired) {
		r = -EBADF;
	}
	if (c.q.over && (c.q.result >= 0 || !c.q.cancelled) &&
		is_answer(t, c.q.result)) {
		t->answered = true;
		t->answer = c.q.result;
		return 0;
	}
	return r;
}
