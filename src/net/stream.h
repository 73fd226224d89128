/* SPDX-License-Identifier: MIT */
/*
 * Streams inside.
 *
 *	data [ ... start | bytes that wait | end ... ] room
 *
 * A call that may wait stands between gev__stream_enter() and
 * gev__stream_leave(), which say who is at work on which side.  What is closed
 * meanwhile is freed by the last to leave.
 */
#ifndef GEV_NET_STREAM_H
#define GEV_NET_STREAM_H

#include <gev/stream.h>
#include <gev/timeout.h>
#include "base/error.h"

#define GEV__STREAM_ROOM 8192 /* of a buffer, unless it has to grow */

struct gev__stream_buf {
	char *data;         /* NULL until it is needed */
	size_t room;
	size_t start;
	size_t end;
};

struct gev_stream {
	struct gev_stream_ops ops;
	void *object;       /* the stream itself if it stands on fd */
	int fd;             /* or -1 */
	bool more;          /* a write is followed by another at once */
	bool closed;
	uint8_t busy;       /* GEV_READ, GEV_WRITE: somebody is at work */
	gev_time timeout;
	struct gev__stream_buf in;
	struct gev__stream_buf out;
};

/* One call, on its caller's stack. */
struct gev__stream_call {
	gev_stream *s;
	int side;
	bool timed;
	gev_timeout timeout;
};

/* 0, -EINVAL, -EBUSY, or why the timeout could not be started. */
int gev__stream_enter(struct gev__stream_call *c, gev_stream *s, int side);
/* @r, or -EBADF if the stream was closed meanwhile and must not be touched. */
ssize_t gev__stream_leave(struct gev__stream_call *c, ssize_t r);

/*
 * Room for @size bytes from start on; those that are there stay.  0, -ENOMEM.
 */
int gev__stream_reserve(struct gev__stream_buf *b, size_t size);

/* Sends all that is in the buffer.  0 or -errno. */
int gev__stream_drain(gev_stream *s, bool more);

static inline size_t gev__stream_held(const struct gev__stream_buf *b)
{
	return b->end - b->start;
}

/* The first @size bytes are done with. */
static inline void gev__stream_drop(struct gev__stream_buf *b, size_t size)
{
	b->start += size;
	if (b->start == b->end) {
		b->start = 0;
		b->end = 0;
	}
}

#endif
