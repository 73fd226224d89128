/* SPDX-License-Identifier: MIT */
/*
 * Reading from streams.
 *
 * What a call needs is collected in the stream's buffer, and taken out only
 * when there is enough of it: so whatever ends the wait, nothing is lost.
 */
#include "net/stream.h"
#include <string.h>

/* One read from beneath, to @buf.  It may be closed when this returns. */
static ssize_t fetch(gev_stream *s, void *buf, size_t size)
{
	ssize_t n = s->ops.read(s->object, buf, size);

	if (s->closed)
		return -EBADF;
	return n < 0 ? -errno : n;
}

/* Reads on until the buffer holds @size bytes.  How many it holds then. */
static ssize_t collect(gev_stream *s, size_t size)
{
	struct gev__stream_buf *b = &s->in;
	int r = 0;

	if (gev__stream_held(b) < size)
		r = gev__stream_reserve(b, size);
	while (r == 0 && gev__stream_held(b) < size) {
		ssize_t n = fetch(s, b->data + b->end, b->room - b->end);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		b->end += (size_t)n;
	}
	return r < 0 ? r : (ssize_t)gev__stream_held(b);
}

static ssize_t take(gev_stream *s, void *buf, size_t size)
{
	struct gev__stream_buf *b = &s->in;

	if (size > gev__stream_held(b))
		size = gev__stream_held(b);
	if (size > 0)
		memcpy(buf, b->data + b->start, size);
	gev__stream_drop(b, size);
	return (ssize_t)size;
}

/* What would fill the buffer need not go through it. */
static ssize_t read_some(gev_stream *s, void *buf, size_t size)
{
	ssize_t r;

	if (size == 0)
		return 0;
	if (gev__stream_held(&s->in) == 0 && size >= GEV__STREAM_ROOM)
		return fetch(s, buf, size);
	r = collect(s, 1);
	return r < 0 ? r : take(s, buf, size);
}

static ssize_t read_all(gev_stream *s, void *buf, size_t size)
{
	ssize_t r = collect(s, size);

	return r < 0 ? r : take(s, buf, size);
}

/* Where in the buffer the first delimiter behind @from ends; 0: there is none. */
static size_t find(const struct gev__stream_buf *b, size_t from,
	const void *delimiter, size_t n)
{
	const char *text = b->data + b->start;
	const char *at = memmem(text + from, gev__stream_held(b) - from,
		delimiter, n);

	return at ? (size_t)(at - text) + n : 0;
}

/* How long the line is that comes next, at most @max; 0 at the end. */
static ssize_t find_line(gev_stream *s, size_t max, const void *delimiter,
	size_t n)
{
	size_t seen = 0, held = gev__stream_held(&s->in);
	ssize_t r;

	for (;;) {
		size_t length = held ? find(&s->in, seen, delimiter, n) : 0;

		if (length > max || (!length && held > max))
			return -EMSGSIZE;
		if (length)
			return (ssize_t)length;
		seen = held >= n ? held - n + 1 : 0;
		r = collect(s, held + 1);
		if (r < 0 || (size_t)r == held)
			return r;
		held = (size_t)r;
	}
}

static ssize_t peek(gev_stream *s, size_t size, const void **data)
{
	ssize_t r = collect(s, size);

	if (r >= 0)
		*data = s->in.data + s->in.start;
	return r;
}

ssize_t gev_stream_read(gev_stream *s, void *buf, size_t size)
{
	struct gev__stream_call c;
	ssize_t r = gev__stream_enter(&c, s, GEV_READ);

	if (r == 0)
		r = gev__stream_leave(&c, read_some(s, buf, size));
	return gev__ret(r);
}

ssize_t gev_stream_read_all(gev_stream *s, void *buf, size_t size)
{
	struct gev__stream_call c;
	ssize_t r = gev__stream_enter(&c, s, GEV_READ);

	if (r == 0)
		r = gev__stream_leave(&c, read_all(s, buf, size));
	return gev__ret(r);
}

ssize_t gev_stream_read_until(gev_stream *s, char *buf, size_t size,
	const void *delimiter, size_t n)
{
	struct gev__stream_call c;
	ssize_t r = !n || !size ? -EINVAL :
				  gev__stream_enter(&c, s, GEV_READ);

	if (r == 0) {
		r = find_line(s, size - 1, delimiter, n);
		if (r >= 0)
			buf[take(s, buf, (size_t)r)] = '\0';
		r = gev__stream_leave(&c, r);
	}
	return gev__ret(r);
}

ssize_t gev_stream_read_line(gev_stream *s, char *buf, size_t size)
{
	return gev_stream_read_until(s, buf, size, "\n", 1);
}

ssize_t gev_stream_peek(gev_stream *s, size_t size, const void **data)
{
	struct gev__stream_call c;
	ssize_t r = data ? gev__stream_enter(&c, s, GEV_READ) : -EINVAL;

	if (r == 0)
		r = gev__stream_leave(&c, peek(s, size, data));
	return gev__ret(r);
}

int gev_stream_skip(gev_stream *s, size_t size)
{
	if (!s || size > gev__stream_held(&s->in))
		return (int)gev__ret(-EINVAL);
	if (s->busy & GEV_READ)
		return (int)gev__ret(-EBUSY);
	gev__stream_drop(&s->in, size);
	return 0;
}
