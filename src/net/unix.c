/* SPDX-License-Identifier: MIT */
/* Sockets that have a path, or a name in the abstract space. */
#include <gev/tcp.h>
#include <gev/timeout.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/error.h"
#include "calls/calls.h"

struct address {
	struct sockaddr_un un;
	socklen_t size;
};

static int make_address(struct address *a, const char *path)
{
	size_t length = path ? strlen(path) : 0;
	bool abstract = length && *path == '@';

	if (length == 0)
		return -EINVAL;
	if (length + !abstract > sizeof(a->un.sun_path))
		return -ENAMETOOLONG;
	a->un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->un.sun_path, path, length);
	if (abstract)
		a->un.sun_path[0] = '\0';
	a->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length +
			      !abstract);
	return 0;
}

static int close_unless(int r, int fd)
{
	if (r == 0)
		return fd;
	gev__call_close(fd);
	return r;
}

static int connect_to(const struct address *a)
{
	int fd = (int)gev__call_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	return close_unless((int)gev__call_connect(fd,
				    (const struct sockaddr *)&a->un, a->size),
		fd);
}

/* Whether it is a socket that nobody listens on. */
static bool is_left_over(const struct address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)&a->un, a->size) < 0 &&
		  errno == ECONNREFUSED &&
		  lstat(a->un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode);
	close(fd);
	return refused;
}

static int bind_to(int fd, const struct address *a)
{
	const struct sockaddr *addr = (const struct sockaddr *)&a->un;

	if (bind(fd, addr, a->size) == 0)
		return 0;
	if (errno != EADDRINUSE || a->un.sun_path[0] == '\0')
		return -errno;
	if (!is_left_over(a) || unlink(a->un.sun_path) < 0)
		return -EADDRINUSE;
	return bind(fd, addr, a->size) == 0 ? 0 : -errno;
}

static int listen_at(const struct address *a, int backlog)
{
	int fd = (int)gev__call_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fd;
	r = bind_to(fd, a);
	if (r == 0 && listen(fd, backlog < 0 ? SOMAXCONN : backlog) < 0)
		r = -errno;
	return close_unless(r, fd);
}

int gev_unix_connect(const char *path, gev_time timeout)
{
	struct address a;
	gev_timeout t;
	int r = make_address(&a, path);

	if (r < 0)
		return (int)gev__ret(r);
	if (timeout != GEV_FOREVER && gev_timeout_start(&t, timeout) < 0)
		return -1;
	r = connect_to(&a);
	if (timeout != GEV_FOREVER)
		gev_timeout_cancel(&t);
	return (int)gev__ret(r);
}

int gev_unix_listen(const char *path, int backlog)
{
	struct address a;
	int r = make_address(&a, path);

	return (int)gev__ret(r < 0 ? r : listen_at(&a, backlog));
}
