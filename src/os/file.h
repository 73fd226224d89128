/* SPDX-License-Identifier: MIT */
/*
 * Requests to the file system.
 *
 *	file.c --> request --> file_ring.c    io_uring, on the caller's memory
 *	                  \--> file_thread.c  a thread, on a copy of it
 */
#ifndef GEV_OS_FILE_H
#define GEV_OS_FILE_H

#include <linux/io_uring.h>
#include <sys/uio.h>
#include <gev/file.h>
#include "core/hub.h"

struct gev__file_request;

/* What can be asked for; prepare and run do the same. */
struct gev__file_op {
	const char *name;
	uint8_t opcode;   /* IORING_OP_*; prepare fills in the rest */
	void (*prepare)(struct io_uring_sqe *sqe,
		const struct gev__file_request *r);
	long (*run)(const struct gev__file_request *r);
	bool reads;       /* into iov */
	bool writes;      /* from iov */
	bool opens;       /* the result is a descriptor */
	bool closes;      /* is to be done even if nobody waits for it */
};

extern const struct gev__file_op gev__file_read;
extern const struct gev__file_op gev__file_write;

struct gev__file_request {
	const struct gev__file_op *op;
	int fd;
	const char *path;
	const char *to;
	const struct iovec *iov;
	int n;
	int64_t offset;   /* -1: where the file is */
	int64_t length;
	unsigned flags;
	unsigned mode;
	struct statx *statx;
};

struct gev__file_ring;

/* The hub's ring; NULL with *error 0 if threads are to do it, or -errno. */
struct gev__file_ring *gev__file_ring(struct gev_hub *hub, int *error);

/* Whether it knows the operation. */
bool gev__file_ring_can(const struct gev__file_ring *ring,
	const struct gev__file_op *op);

/* The result or -errno; -EXFULL: the ring takes no more just now. */
long gev__file_ring_do(struct gev__file_ring *ring,
	const struct gev__file_request *r);

/* The result or -errno. */
long gev__file_thread_do(const struct gev__file_request *r);

#endif
