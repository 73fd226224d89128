/* SPDX-License-Identifier: MIT */
/* A stream on a file, by gev_file_read() and its kin. */
#include <errno.h>
#include <fcntl.h>
#include <gev/file.h>
#include <gev/io.h>
#include <gev/stream.h>

/* The object is the number and one more, so that it is not NULL. */
static int number(void *object)
{
	return (int)(intptr_t)object - 1;
}

static ssize_t read_file(void *object, void *buf, size_t size)
{
	return gev_file_read(number(object), buf, size);
}

static ssize_t write_file(void *object, const void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = gev_file_write(number(object),
			(const char *)buf + done, size - done);

		if (n < 0)
			return done ? (ssize_t)done : -1;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int close_file(void *object)
{
	return gev_file_close(number(object));
}

gev_stream *gev_file_stream(int fd, unsigned flags)
{
	static const struct gev_stream_ops ops = { read_file, write_file,
		close_file };

	if (gev_fcntl(fd, F_GETFD) < 0)
		return NULL;
	return gev_stream_open_ops(&ops, (void *)((intptr_t)fd + 1), flags);
}
