/* SPDX-License-Identifier: MIT */
/*
 * Writing to streams.
 *
 * The buffer never grows: what does not fit sends it on its way first, and
 * what would fill it goes past it.
 */
#include "net/stream.h"
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

/* One write to what is beneath: how much went, and why not all in *error. */
static size_t push(gev_stream *s, const void *buf, size_t size, bool more,
	int *error)
{
	ssize_t n;

	s->more = more;
	errno = 0;
	n = s->ops.write(s->object, buf, size);
	*error = n == (ssize_t)size ? 0 : errno ? -errno : -EIO;
	if (s->closed)
		*error = -EBADF;
	return n > 0 ? (size_t)n : 0;
}

int gev__stream_drain(gev_stream *s, bool more)
{
	struct gev__stream_buf *b = &s->out;
	size_t n;
	int error = 0;

	if (gev__stream_held(b) == 0)
		return 0;
	n = push(s, b->data + b->start, gev__stream_held(b), more, &error);
	gev__stream_drop(b, n);
	return error;
}

static void put(struct gev__stream_buf *b, const void *buf, size_t size)
{
	memcpy(b->data + b->end, buf, size);
	b->end += size;
}

/* Room for @size bytes behind what is in the buffer, which may have to go. */
static int make_room(gev_stream *s, size_t size)
{
	struct gev__stream_buf *b = &s->out;
	int r;

	if (gev__stream_held(b) + size > GEV__STREAM_ROOM) {
		r = gev__stream_drain(s, true);
		if (r < 0)
			return r;
	}
	return gev__stream_reserve(b, gev__stream_held(b) + size);
}

static ssize_t write_past(gev_stream *s, const void *buf, size_t size)
{
	int error = gev__stream_drain(s, true);
	size_t n = error ? 0 : push(s, buf, size, false, &error);

	return n ? (ssize_t)n : error;
}

static ssize_t write_all(gev_stream *s, const void *buf, size_t size)
{
	int r;

	if (size >= GEV__STREAM_ROOM)
		return write_past(s, buf, size);
	if (size == 0)
		return 0;
	r = make_room(s, size);
	if (r < 0)
		return r;
	put(&s->out, buf, size);
	return (ssize_t)size;
}

/* A text of @n bytes that may be too long for the buffer. */
static ssize_t print_long(gev_stream *s, size_t n, const char *format,
	va_list ap)
{
	char *text = gev__alloc(n + 1);
	ssize_t r;

	if (!text)
		return -ENOMEM;
	vsnprintf(text, n + 1, format, ap);
	r = write_all(s, text, n);
	gev__free(text, n + 1);
	return r;
}

static ssize_t print(gev_stream *s, const char *format, va_list ap)
{
	char text[512];
	va_list again;
	ssize_t r;
	int n;

	va_copy(again, ap);
	n = vsnprintf(text, sizeof(text), format, ap);
	if (n < 0)
		r = -errno;
	else if ((size_t)n < sizeof(text))
		r = write_all(s, text, (size_t)n);
	else
		r = print_long(s, (size_t)n, format, again);
	va_end(again);
	return r;
}

ssize_t gev_stream_write(gev_stream *s, const void *buf, size_t size)
{
	struct gev__stream_call c;
	ssize_t r = gev__stream_enter(&c, s, GEV_WRITE);

	if (r == 0)
		r = gev__stream_leave(&c, write_all(s, buf, size));
	return gev__ret(r);
}

ssize_t gev_stream_puts(gev_stream *s, const char *text)
{
	if (!text)
		return gev__ret(-EINVAL);
	return gev_stream_write(s, text, strlen(text));
}

ssize_t gev_stream_vprintf(gev_stream *s, const char *format, va_list ap)
{
	struct gev__stream_call c;
	ssize_t r = format ? gev__stream_enter(&c, s, GEV_WRITE) : -EINVAL;

	if (r == 0)
		r = gev__stream_leave(&c, print(s, format, ap));
	return gev__ret(r);
}

ssize_t gev_stream_printf(gev_stream *s, const char *format, ...)
{
	va_list ap;
	ssize_t r;

	va_start(ap, format);
	r = gev_stream_vprintf(s, format, ap);
	va_end(ap);
	return r;
}

int gev_stream_flush(gev_stream *s)
{
	struct gev__stream_call c;
	ssize_t r = gev__stream_enter(&c, s, GEV_WRITE);

	if (r == 0)
		r = gev__stream_leave(&c, gev__stream_drain(s, false));
	return (int)gev__ret(r);
}
