/* SPDX-License-Identifier: MIT */
/* Whole files at once. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <gev/file.h>
#include <gev/io.h>
#include "base/error.h"

#define ROOM_MIN 4096

/* Room for all of the file and one byte more; less is known of /proc. */
static size_t first_room(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < ROOM_MIN)
		return ROOM_MIN;
	return (size_t)st.st_size + 1;
}

/* To the end of the file.  NULL with errno. */
static char *read_to_end(int fd, size_t *size)
{
	size_t room = first_room(fd), used = 0;
	char *data = malloc(room);
	ssize_t n = 1;

	while (data && n > 0) {
		char *more = data;

		if (used + 1 == room)
			more = realloc(data, room *= 2);
		n = more ? gev_file_read(fd, more + used, room - used - 1) : -1;
		if (n < 0)
			free(more ? more : data);
		data = n < 0 ? NULL : more;
		used += n > 0 ? (size_t)n : 0;
	}
	if (data)
		data[used] = '\0';
	*size = used;
	return data;
}

/* Directly: that is done even by a greenlet that was killed. */
static int close_keeping_errno(int fd)
{
	int saved = errno;
	int r = gev_close(fd);

	errno = saved;
	return r;
}

char *gev_file_read_all(const char *path, size_t *size)
{
	size_t ignored;
	char *data;
	int fd;

	if (!path)
		return gev__null(EINVAL);
	fd = gev_file_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	data = read_to_end(fd, size ? size : &ignored);
	close_keeping_errno(fd);
	return data;
}

static int write_to_end(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = gev_file_write(fd, data, size);

		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int gev_file_write_all(const char *path, const void *data, size_t size,
	mode_t mode)
{
	int fd, r;

	if (!path || (size > 0 && !data))
		return (int)gev__ret(-EINVAL);
	fd = gev_file_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		mode);
	if (fd < 0)
		return -1;
	r = write_to_end(fd, data, size);
	if (r == 0)
		return gev_file_close(fd);
	close_keeping_errno(fd);
	return r;
}
