/* SPDX-License-Identifier: MIT */
/*
 * An io_uring of one's own, without liburing.
 *
 *	struct gev__uring ring;
 *	struct io_uring_cqe *c;
 *
 *	r = gev__uring_open(&ring, 64, 0);
 *	gev__uring_read(gev__uring_sqe(&ring), fd, buf, size, offset, tag);
 *	r = gev__uring_wait(&ring, 1, GEV_FOREVER);
 *	while ((c = gev__uring_cqe(&ring)))
 *		... c->user_data, c->res, then gev__uring_seen(&ring);
 *	gev__uring_close(&ring);
 *
 * Requests are written into entries (SQEs) and go to the kernel together, at
 * the next submit or wait.  Each gives one completion (CQE), in any order; a
 * multishot one gives many, IORING_CQE_F_MORE in all but the last.  What a
 * request points to stays where it is until its completion was seen, and so
 * does the open file, even if its descriptor is closed: to cancel a request is
 * to ask for its completion soon, not to be rid of it.
 *
 * Between a loop and a ring there is only the descriptor: it is readable while
 * completions wait to be seen.  Not so with GEV__URING_DEFER: then a completion
 * is made when its owner waits (a timeout of 0 will do), at no other moment, and
 * nobody else is woken for it, but by an eventfd (IORING_REGISTER_EVENTFD).
 *
 * A ring belongs to one thread at a time, with GEV__URING_DEFER to the one that
 * opened it.  It is the parent's after a fork: the child does nothing with it
 * but close its copy, which the parent does not notice.  Linux 5.11 is the
 * least; nothing else is asked for here but by the flags.
 */
#ifndef GEV_BASE_URING_H
#define GEV_BASE_URING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <gev/base.h>

/* One thread only, which is not disturbed by completions (Linux 6.1). */
#define GEV__URING_DEFER                                                       \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |             \
		IORING_SETUP_TASKRUN_FLAG)

struct gev__uring {
	int fd;             /* -1: not open */
	unsigned features;  /* IORING_FEAT_* */
	uint64_t ops[2];    /* the opcodes there are */
	unsigned tail;      /* SQEs handed out, so many in all */
	unsigned sq_mask;
	unsigned cq_mask;
	unsigned *sq_head;  /* in memory that the kernel shares */
	unsigned *sq_tail;
	unsigned *sq_flags;
	unsigned *cq_head;
	unsigned *cq_tail;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *map;
	size_t map_size;
	size_t sqes_size;
};

/*
 * Opens a ring for @entries requests at a time, rounded up to a power of two,
 * and four times as many completions; @flags are IORING_SETUP_*.  0; -ENOSYS (there
 * is no io_uring, or it is too old), -EPERM (it is forbidden), -EINVAL (a flag
 * the kernel does not know), -EMFILE, -ENFILE, -ENOMEM.
 */
int gev__uring_open(struct gev__uring *ring, unsigned entries, unsigned flags);

/*
 * Gives it back, also if it is not open (fd -1).  Requests under way are
 * cancelled some time later.
 */
void gev__uring_close(struct gev__uring *ring);

/* Whether the kernel knows IORING_OP_*. */
static inline bool gev__uring_can(const struct gev__uring *ring, unsigned op)
{
	return op < 128 && ring->ops[op / 64] >> op % 64 & 1;
}

/* The number of SQEs that the kernel has not taken yet. */
static inline unsigned gev__uring_waiting(const struct gev__uring *ring)
{
	return ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
}

/* The next SQE, all zero; NULL if there is none: submit, and try again. */
struct io_uring_sqe *gev__uring_sqe(struct gev__uring *ring);

/*
 * Hands all SQEs to the kernel.  0 or -errno: -EBUSY or -EAGAIN mean that
 * completions are to be seen first.
 */
int gev__uring_submit(struct gev__uring *ring);

/*
 * The same, then waits until @n completions are there, at most @timeout.  0,
 * also if time is up; -EINTR or what submit answers.
 */
int gev__uring_wait(struct gev__uring *ring, unsigned n, gev_time timeout);

/* The first completion; NULL if there is none.  It is there until seen. */
static inline struct io_uring_cqe *gev__uring_cqe(const struct gev__uring *ring)
{
	unsigned head = *ring->cq_head;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return NULL;
	return &ring->cqes[head & ring->cq_mask];
}

static inline void gev__uring_seen(struct gev__uring *ring)
{
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
}

/*
 * Whether a wait with a timeout of 0 could bring anything: there is something
 * to submit, or to be done by the kernel (GEV__URING_DEFER), or completions
 * that had no room.
 */
static inline bool gev__uring_due(const struct gev__uring *ring)
{
	return gev__uring_waiting(ring) ||
	       __atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED) &
		       (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/*
 * What an SQE consists of.  An @offset of -1 is the file's own position.  Of
 * other operations the caller fills in what is special.
 */
static inline void gev__uring_prep(struct io_uring_sqe *sqe, unsigned op,
	int fd, const void *addr, unsigned len, uint64_t offset, uint64_t tag)
{
	sqe->opcode = (uint8_t)op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = len;
	sqe->off = offset;
	sqe->user_data = tag;
}

static inline void gev__uring_read(struct io_uring_sqe *sqe, int fd, void *buf,
	unsigned size, uint64_t offset, uint64_t tag)
{
	gev__uring_prep(sqe, IORING_OP_READ, fd, buf, size, offset, tag);
}

static inline void gev__uring_write(struct io_uring_sqe *sqe, int fd,
	const void *buf, unsigned size, uint64_t offset, uint64_t tag)
{
	gev__uring_prep(sqe, IORING_OP_WRITE, fd, buf, size, offset, tag);
}

/* One event; with IORING_POLL_ADD_MULTI in sqe->len each, edge-triggered. */
static inline void gev__uring_poll(struct io_uring_sqe *sqe, int fd,
	uint32_t events, uint64_t tag)
{
	gev__uring_prep(sqe, IORING_OP_POLL_ADD, fd, NULL, 0, 0, tag);
	sqe->poll32_events = events;
}

/*
 * Asks for the completion of the request tagged @which, with -ECANCELED unless
 * it is done already.  The request to cancel has a completion of its own if it
 * fails: -ENOENT, there is none, or -EALREADY, it can't be stopped any more.
 */
static inline void gev__uring_cancel(struct io_uring_sqe *sqe, uint64_t which,
	uint64_t tag)
{
	gev__uring_prep(sqe, IORING_OP_ASYNC_CANCEL, -1,
		(void *)(uintptr_t)which, 0, 0, tag);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
}

#endif
