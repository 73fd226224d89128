/* SPDX-License-Identifier: MIT */
/* The life of streams, and what they stand on. */
#include "net/stream.h"
#include <fcntl.h>
#include <gev/io.h>
#include <gev/socket.h>
#include <string.h>
#include "base/mem.h"
#include "calls/calls.h"

static int descriptor(void *object)
{
	return ((gev_stream *)object)->fd;
}

static ssize_t descriptor_read(void *object, void *buf, size_t size)
{
	return gev_read(descriptor(object), buf, size);
}

/* @r of a call that sends all or fails, having sent @sent bytes. */
static ssize_t sent_by(long r, size_t size, size_t sent)
{
	if (r == 0)
		return (ssize_t)size;
	gev__ret(r);
	return sent ? (ssize_t)sent : -1;
}

static ssize_t descriptor_write(void *object, const void *buf, size_t size)
{
	size_t sent = 0;
	long r = gev__call_writeall(descriptor(object), buf, size, &sent);

	return sent_by(r, size, sent);
}

/* What is followed by more is not worth a packet of its own. */
static ssize_t socket_write(void *object, const void *buf, size_t size)
{
	gev_stream *s = object;
	size_t sent = 0;
	long r = gev__call_sendall(s->fd, buf, size,
		MSG_NOSIGNAL | (s->more ? MSG_MORE : 0), GEV_FOREVER, &sent);

	return sent_by(r, size, sent);
}

static int descriptor_close(void *object)
{
	return gev_close(descriptor(object));
}

static const struct gev_stream_ops on_descriptor = { descriptor_read,
	descriptor_write, descriptor_close };
static const struct gev_stream_ops on_socket = { descriptor_read, socket_write,
	descriptor_close };

static void release(gev_stream *s)
{
	gev__free(s->in.data, s->in.room);
	gev__free(s->out.data, s->out.room);
	gev__free(s, sizeof(*s));
}

int gev__stream_enter(struct gev__stream_call *c, gev_stream *s, int side)
{
	if (!s)
		return -EINVAL;
	if (s->busy & side)
		return -EBUSY;
	c->s = s;
	c->side = side;
	c->timed = s->timeout != GEV_FOREVER;
	if (c->timed && gev_timeout_start(&c->timeout, s->timeout) < 0)
		return -errno;
	s->busy |= (uint8_t)side;
	return 0;
}

ssize_t gev__stream_leave(struct gev__stream_call *c, ssize_t r)
{
	gev_stream *s = c->s;

	if (c->timed)
		gev_timeout_cancel(&c->timeout);
	s->busy &= (uint8_t)~c->side;
	if (!s->closed)
		return r;
	if (!s->busy)
		release(s);
	return -EBADF;
}

static int grow(struct gev__stream_buf *b, size_t size)
{
	size_t room = b->room ? b->room : GEV__STREAM_ROOM;
	char *data;

	if (size > SIZE_MAX / 4)
		return -ENOMEM;
	while (room < size)
		room *= 2;
	data = gev__alloc(room);
	if (!data)
		return -ENOMEM;
	if (b->data)
		memcpy(data, b->data + b->start, gev__stream_held(b));
	gev__free(b->data, b->room);
	b->end -= b->start;
	b->start = 0;
	b->data = data;
	b->room = room;
	return 0;
}

int gev__stream_reserve(struct gev__stream_buf *b, size_t size)
{
	if (b->data && size <= b->room - b->start && b->start < b->room / 2)
		return 0;
	if (!b->data || size > b->room)
		return grow(b, size);
	memmove(b->data, b->data + b->start, gev__stream_held(b));
	b->end -= b->start;
	b->start = 0;
	return 0;
}

static gev_stream *make(const struct gev_stream_ops *ops, unsigned flags)
{
	gev_stream *s = gev__alloc(sizeof(*s));

	if (!s)
		return gev__null(ENOMEM);
	s->ops = *ops;
	if (flags & GEV_STREAM_KEEP)
		s->ops.close = NULL;
	s->fd = -1;
	s->timeout = GEV_FOREVER;
	return s;
}

/* 1: a socket; 0: anything else that is open; -1 with errno. */
static int is_socket(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
		return 1;
	return errno == ENOTSOCK ? 0 : -1;
}

gev_stream *gev_stream_open(int fd, unsigned flags)
{
	int saved = errno, socket;
	gev_stream *s;

	if (flags & ~(GEV_STREAM_KEEP | GEV_STREAM_DUP))
		return gev__null(EINVAL);
	if ((flags & GEV_STREAM_DUP) && (flags & GEV_STREAM_KEEP))
		return gev__null(EINVAL);
	socket = is_socket(fd);
	if (socket < 0)
		return NULL;
	errno = saved;
	if (flags & GEV_STREAM_DUP)
		fd = gev_fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	s = make(socket ? &on_socket : &on_descriptor, flags);
	if (s) {
		s->object = s;
		s->fd = fd;
	} else if (flags & GEV_STREAM_DUP) {
		gev_close(fd);
	}
	return s;
}

gev_stream *gev_stream_open_ops(const struct gev_stream_ops *ops, void *object,
	unsigned flags)
{
	gev_stream *s;

	if (!ops || !ops->read || !ops->write || (flags & ~GEV_STREAM_KEEP))
		return gev__null(EINVAL);
	s = make(ops, flags);
	if (s)
		s->object = object;
	return s;
}

int gev_stream_close(gev_stream *s)
{
	int r, error = 0;

	if (!s)
		return 0;
	if (gev_stream_flush(s) < 0)
		error = errno;
	r = s->ops.close ? s->ops.close(s->object) : 0;
	if (r < 0 && !error)
		error = errno;
	s->closed = true;
	if (!s->busy)
		release(s);
	return (int)gev__ret(-error);
}

int gev_stream_set_timeout(gev_stream *s, gev_time timeout)
{
	if (!s || timeout < GEV_FOREVER)
		return (int)gev__ret(-EINVAL);
	s->timeout = timeout;
	return 0;
}

int gev_stream_fd(const gev_stream *s)
{
	return s ? s->fd : -1;
}
