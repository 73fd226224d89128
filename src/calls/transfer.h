/* SPDX-License-Identifier: MIT */
/*
 * One read or write, however often it has to be tried.
 */
#ifndef GEV_CALLS_TRANSFER_H
#define GEV_CALLS_TRANSFER_H

#include "calls/descriptor.h"
#include <sys/socket.h>
#include <sys/uio.h>

struct gev__transfer {
	/* What to do, without waiting; the result or -errno. */
	long (*attempt)(struct gev__transfer *t, struct gev__fd_rec *rec);
	const char *name;         /* for reports */
	int fd;
	int side;                 /* GEV_READ or GEV_WRITE */
	int flags;                /* MSG_* */
	bool whole;               /* goes on until nothing is left */
	bool vain;                /* a short read of it says nothing */
	bool timed;               /* deadline is set */
	int expiry;               /* what it answers when that is over */
	gev_time deadline;        /* by the loop's clock */
	size_t left;              /* bytes, if whole or a stream is read */

	/* What of these the attempt needs. */
	void *buf;                /* moves on, with left */
	const struct iovec *iov;
	int iovcnt;
	struct msghdr *msg;
	void *addr;
	socklen_t *addrlen;       /* in and out, for recvfrom */
	socklen_t addrsize;       /* in, for sendto */
};

/* The count transferred, whatever came after it; or -errno. */
long gev__transfer(struct gev__transfer *t);

/* Writes a buffer of a vector; the count or -errno. */
typedef long gev__put_fn(int fd, const void *buf, size_t size, int flags);

/*
 * A vector of which @done bytes are written: the rest, element by element, so
 * that the caller's vector is not touched.  The count in all.
 */
long gev__transfer_rest(int fd, const struct iovec *iov, size_t n, long done,
	int flags, gev__put_fn *put);

/* The kind of @fd; or -errno. */
int gev__fd_kind(int fd);

/* Whether a call on @fd may wait: it is not O_NONBLOCK. */
bool gev__fd_blocks(int fd);

static inline bool gev__fd_is_socket(int kind)
{
	return kind == GEV__FD_STREAM || kind == GEV__FD_PACKET;
}

#endif
