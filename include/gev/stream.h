/* SPDX-License-Identifier: MIT */
/*
 * gev/stream.h - buffered reading and writing, by lines or by pieces.
 *
 *	gev_stream *s = gev_stream_open(fd, 0);
 *
 *	while ((n = gev_stream_read_line(s, line, sizeof(line))) > 0)
 *		if (gev_stream_printf(s, "%zd: %s", n, line) < 0 ||
 *			gev_stream_flush(s) < 0)
 *			break;
 *	gev_stream_close(s);
 *
 * A stream stands on a descriptor, or on anything else that can read and write
 * (a TLS connection).  Mirrors what gevent's socket.makefile() gives.
 *
 * One greenlet may read while another writes; one more on the same side fails
 * with EBUSY.  A read that fails, by a timeout or a kill too, has taken nothing
 * out of the stream, and a write or flush that fails has lost nothing: what was
 * accepted is still in the buffer, or was sent.  So both may be tried again.
 *
 * Where "as for gev_read()" is said: what lies beneath failed with that.
 * Besides, all functions fail with EINVAL for a NULL stream, EBUSY, EBADF if
 * the stream is closed meanwhile, ETIMEDOUT (see gev_stream_set_timeout()) and
 * ENOMEM.
 */
#ifndef GEV_STREAM_H
#define GEV_STREAM_H

#include <stdarg.h>
#include <sys/types.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_stream gev_stream;

/*
 * What a stream can stand on.
 *
 * read      some bytes, at least one; 0 at the end; or -1 with errno.
 * write     all of it; or, having failed after a part, the size of that part,
 *           with errno set; or -1 with errno.
 * close     0, or -1 with errno; NULL: there is nothing to close.  A read or
 *           write that is under way in another greenlet has to fail then.
 */
struct gev_stream_ops {
	ssize_t (*read)(void *object, void *buf, size_t size);
	ssize_t (*write)(void *object, const void *buf, size_t size);
	int (*close)(void *object);
};

/* Flags of gev_stream_open(), GEV_STREAM_KEEP of gev_stream_open_ops() too. */
#define GEV_STREAM_KEEP 1u /* what is beneath stays open */
#define GEV_STREAM_DUP 2u  /* on a duplicate of @fd: each is closed by itself */

/*
 * gev_stream_open - a stream on the descriptor @fd.
 * gev_stream_open_ops - a stream on @object.
 *
 * Returns   a new stream; or NULL with errno EINVAL (NULL, bad flags),
 *           EBADF (@fd is not open), EMFILE (GEV_STREAM_DUP), ENOMEM.
 * Context   any thread; needs no hub.
 * Memory    freed by gev_stream_close(), which also closes what is beneath.
 *           On error @fd and @object stay the caller's.  @ops is copied.
 */
GEV_API gev_stream *gev_stream_open(int fd, unsigned flags);
GEV_API gev_stream *gev_stream_open_ops(const struct gev_stream_ops *ops,
	void *object, unsigned flags);

/*
 * gev_stream_close - write what is left, close what is beneath, free @s.
 *
 * Whatever fails, @s is gone afterwards.  Who is using it fails with EBADF.
 *
 * Waits     as gev_stream_flush().
 * Returns   0 (NULL too); or -1 with errno as for gev_stream_flush() or
 *           gev_close().
 */
GEV_API int gev_stream_close(gev_stream *s);

/*
 * gev_stream_set_timeout - how long each call on @s may take from now on.
 *
 * It then fails with ETIMEDOUT.  GEV_FOREVER, as at first: as long as it takes.
 *
 * Returns   0; or -1 with errno EINVAL.
 */
GEV_API int gev_stream_set_timeout(gev_stream *s, gev_time timeout);

/* gev_stream_fd - the descriptor it stands on; -1 if it stands on none. */
GEV_API int gev_stream_fd(const gev_stream *s);

/*
 * gev_stream_read - read what there is, at least one byte.
 * gev_stream_read_all - read exactly @size bytes.
 *
 * Returns   the number of bytes; at the end 0, or as many as there were before
 *           it; or -1 with errno as for gev_read().
 */
GEV_API ssize_t gev_stream_read(gev_stream *s, void *buf, size_t size);
GEV_API ssize_t gev_stream_read_all(gev_stream *s, void *buf, size_t size);

/*
 * gev_stream_read_line - read up to and with the next newline.
 * gev_stream_read_until - the same for any delimiter, of @n bytes.
 *
 * The delimiter is in @buf; a NUL stands behind, which is not counted.  The
 * last line may be without one.
 *
 * Returns   the length; 0 at the end; or -1 with errno EMSGSIZE (there is no
 *           delimiter within @size - 1 bytes; nothing was taken), EINVAL (@n or
 *           @size is 0), or as for gev_read().
 */
GEV_API ssize_t gev_stream_read_line(gev_stream *s, char *buf, size_t size);
GEV_API ssize_t gev_stream_read_until(gev_stream *s, char *buf, size_t size,
	const void *delimiter, size_t n);

/*
 * gev_stream_peek - look at the next @size bytes, which stay in the stream.
 *
 * Returns   how many bytes there are at @data, @size or more; fewer at the end;
 *           or -1 with errno as for gev_read().  With @size 0: what there is
 *           without waiting.
 * Memory    @data is the stream's, until the next read of it.
 */
GEV_API ssize_t gev_stream_peek(gev_stream *s, size_t size, const void **data);

/*
 * gev_stream_skip - take @size bytes out that were peeked at.
 *
 * Returns   0; or -1 with errno EINVAL (there are not so many; none is taken).
 */
GEV_API int gev_stream_skip(gev_stream *s, size_t size);

/*
 * gev_stream_write - write all of @buf, to the buffer or beyond it.
 * gev_stream_puts - write a string, without a newline of its own.
 * gev_stream_printf, gev_stream_vprintf - as printf(3).
 *
 * Waits     when the buffer is full.
 * Returns   the number of bytes; or how many were accepted if it fails after
 *           that; or -1 with errno as for gev_send() or gev_write(), EPIPE
 *           (a socket raises no SIGPIPE here), EOVERFLOW (gev_stream_printf()).
 */
GEV_API ssize_t gev_stream_write(gev_stream *s, const void *buf, size_t size);
GEV_API ssize_t gev_stream_puts(gev_stream *s, const char *text);
GEV_API ssize_t gev_stream_printf(gev_stream *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
GEV_API ssize_t gev_stream_vprintf(gev_stream *s, const char *format,
	va_list ap) __attribute__((format(printf, 2, 0)));

/*
 * gev_stream_flush - see to it that all that was written has gone.
 *
 * Returns   0; or -1 with errno as for gev_stream_write().
 */
GEV_API int gev_stream_flush(gev_stream *s);

GEV_END_DECLS

#endif
