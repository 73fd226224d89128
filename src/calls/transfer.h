/* SPDX-License-Identifier: MIT */
/*
 * One call that may have to wait, however often it has to be tried.
 */
#ifndef GEV_CALLS_TRANSFER_H
#define GEV_CALLS_TRANSFER_H

#include "calls/descriptor.h"
#include "loop/request.h"
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * No more than 128 bytes: that much clang zeroes without calling memset().
 */
struct gev__transfer {
	/*
	 * What to do, without waiting: the result, or -errno; -EAGAIN if it is
	 * to be tried again when @side is ready.
	 */
	long (*attempt)(struct gev__transfer *t, struct gev__fd_rec *rec);
	/*
	 * The same as a request, where the loop takes them (all but user_data
	 * of the entry).  NULL: there is none, or it would not do.
	 */
	void (*request)(const struct gev__transfer *t,
		struct io_uring_sqe *sqe);
	const char *name;         /* for reports */
	int fd;
	int flags;                /* MSG_*, or those of accept4 */
	int expiry;               /* what it answers in the end; 0: -EAGAIN */
	int answer;               /* of a request, if answered */
	int32_t pause;            /* try after that, ready or not; 0: don't */
	int iovcnt;               /* of iov */
	socklen_t addrsize;       /* in, for sendto and connect */
	uint32_t controlsize;     /* of msg as it was, if whole */
	uint8_t side;             /* GEV_READ or GEV_WRITE */
	bool whole;               /* goes on until nothing is left */
	bool strict;              /* an error counts, whatever was done */
	bool vain;                /* a short read of it says nothing */
	bool enough;              /* an attempt says: don't go on */
	bool answered;            /* a request was done */
	bool timed;               /* deadline is set */
	bool patient;             /* there is nothing by then: that is all */
	gev_time deadline;        /* by the loop's clock */
	size_t done;              /* bytes, if whole */
	size_t left;              /* bytes, if whole or a stream is read */

	/* What of these the attempt needs. */
	void *buf;                /* moves on, with left */
	const struct iovec *iov;  /* the first @done bytes of it are done */
	struct msghdr *msg;       /* likewise */
	void *addr;
	socklen_t *addrlen;       /* in and out, for recvfrom and accept */
};

_Static_assert(sizeof(struct gev__transfer) <= 128,
	"to be zeroed in place");

/*
 * The result of the last attempt, or of the wait before it; but what was done
 * by then if that is more than nothing (and not strict).
 */
long gev__transfer(struct gev__transfer *t);

/*
 * @r, what sending to @addr returned.  The full queue of an AF_UNIX receiver,
 * if the sender is not connected to it, is announced by nothing: look again.
 */
long gev__sent_to(struct gev__transfer *t, const struct sockaddr *addr,
	socklen_t size, long r);

/*
 * complete.c: whether waiting by request is of any use.  It is not for writing
 * to a socket unless the request does it: io_uring's polls of one whose peer
 * has ended its side are over at once.
 */
bool gev__completable(const struct gev__fd_rec *rec,
	const struct gev__transfer *t);

/*
 * Waits, where the loop takes requests, until what @t is to do is
 * done (t->answered) or worth trying.  0, or as gev__fd_wait().
 */
long gev__complete(struct gev_hub *hub, struct gev__fd_rec *rec,
	struct gev__transfer *t, gev_time timeout, bool *expired);

/* Requests. */
void gev__request_recv(const struct gev__transfer *t, struct io_uring_sqe *sqe);
void gev__request_send(const struct gev__transfer *t, struct io_uring_sqe *sqe);
void gev__request_recvmsg(const struct gev__transfer *t,
	struct io_uring_sqe *sqe);
void gev__request_sendmsg(const struct gev__transfer *t,
	struct io_uring_sqe *sqe);

/* Bytes in a vector. */
size_t gev__iov_size(const struct iovec *iov, int n);

/*
 * A piece of a vector: what comes after the first @skip bytes, at most @max
 * bytes, and no more elements than @window has.  The number of those.
 */
#define GEV__WINDOW 16
int gev__iov_piece(struct iovec window[GEV__WINDOW], const struct iovec *iov,
	int n, size_t skip, size_t max);

#endif
