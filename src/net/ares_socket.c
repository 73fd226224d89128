/* SPDX-License-Identifier: MIT */
/*
 * c-ares before 1.20 says of servers that fail, refuse or can't be reached
 * nothing but ARES_ECONNREFUSED.  Which it was says the datagram that was read
 * last: what ends a question is found in it.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "net/ares_channel.h"

#define RCODE_OFFSET 3

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
	struct gev__ares_channel *c = arg;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd < 0 && errno != EAFNOSUPPORT)
		c->no_socket = errno;
	return fd;
}

static int close_socket(ares_socket_t fd, void *arg)
{
	(void)arg;
	return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *addr,
	ares_socklen_t size, void *arg)
{
	(void)arg;
	return connect(fd, addr, size);
}

static ares_ssize_t receive(ares_socket_t fd, void *buffer, size_t size,
	int flags, struct sockaddr *from, ares_socklen_t *from_size, void *arg)
{
	struct gev__ares_channel *c = arg;
	ares_ssize_t n = recvfrom(fd, buffer, size, flags, from, from_size);

	c->rcode = n > RCODE_OFFSET ? ((uint8_t *)buffer)[RCODE_OFFSET] & 15
				    : 0;
	return n;
}

static ares_ssize_t send_all(ares_socket_t fd, const struct iovec *iov, int n,
	void *arg)
{
	(void)arg;
	return writev(fd, iov, n);
}

void gev__ares_watch_codes(struct gev__ares_channel *c)
{
	static const struct ares_socket_functions functions = {
		.asocket = open_socket,
		.aclose = close_socket,
		.aconnect = connect_socket,
		.arecvfrom = receive,
		.asendv = send_all,
	};

	ares_set_socket_functions(c->ares, &functions, c);
}
