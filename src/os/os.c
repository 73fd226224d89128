/* SPDX-License-Identifier: MIT */
#include <gev/os.h>
#include <errno.h>
#include <fcntl.h>
#include <gev/io.h>
#include "base/error.h"
#include "os/file.h"

int gev_make_nonblocking(int fd)
{
	int flags = gev_fcntl(fd, F_GETFL);

	if (flags < 0 || flags & O_NONBLOCK)
		return flags < 0 ? -1 : 0;
	return gev_fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -1 : 1;
}

/* Whether it is worth trying again. */
static bool has_passed(int fd, int side)
{
	return errno == EINTR || (errno == EAGAIN &&
		gev_wait_fd(fd, side, GEV_FOREVER) >= 0);
}

ssize_t gev_nb_read(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = gev_read(fd, buf, size);
	while (n < 0 && has_passed(fd, GEV_READ));
	return n;
}

ssize_t gev_nb_write(int fd, const void *buf, size_t size)
{
	ssize_t n;

	do
		n = gev_write(fd, buf, size);
	while (n < 0 && has_passed(fd, GEV_WRITE));
	return n;
}

static ssize_t on_thread(const struct gev__file_op *op, int fd, void *buf,
	size_t size)
{
	struct iovec iov = { buf, size };
	struct gev__file_request r = { .op = op, .fd = fd, .iov = &iov, .n = 1,
		.offset = -1 };

	return gev__ret(gev__file_thread_do(&r));
}

ssize_t gev_tp_read(int fd, void *buf, size_t size)
{
	return on_thread(&gev__file_read, fd, buf, size);
}

ssize_t gev_tp_write(int fd, const void *buf, size_t size)
{
	return on_thread(&gev__file_write, fd, (void *)buf, size);
}
