/* SPDX-License-Identifier: MIT */
/* Sockets that are bound to a port. */
#include "net/tcp.h"
#include <gev/dns.h>
#include <gev/tcp.h>
#include <netinet/in.h>
#include "base/error.h"
#include "calls/calls.h"

/* What is bound, and how. */
struct binding {
	int type;
	int backlog;
	unsigned flags;
	bool dual;      /* IPv4 too, on an IPv6 socket */
};

static int prepare(int fd, int family, const struct binding *b)
{
	int on = 1, off = 0, r = 0;

	if (b->type == SOCK_STREAM)
		r = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (r == 0 && (b->flags & GEV_REUSE_PORT))
		r = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (r == 0 && b->dual && family == AF_INET6)
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
			sizeof(off));
	return r;
}

/* The descriptor, or -errno. */
static int bind_one(const struct sockaddr *addr, socklen_t size,
	const struct binding *b)
{
	int fd = (int)gev__call_socket(addr->sa_family, b->type | SOCK_CLOEXEC,
		0);
	int r;

	if (fd < 0)
		return fd;
	r = prepare(fd, addr->sa_family, b);
	if (r == 0)
		r = bind(fd, addr, size);
	if (r == 0 && b->type == SOCK_STREAM)
		r = listen(fd, b->backlog < 0 ? SOMAXCONN : b->backlog);
	if (r == 0)
		return fd;
	r = -errno;
	gev__call_close(fd);
	return r;
}

static int bind_any(int port, struct binding *b)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd;

	b->dual = true;
	fd = bind_one((struct sockaddr *)&in6, sizeof(in6), b);
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = bind_one((struct sockaddr *)&in, sizeof(in), b);
	return fd;
}

static int bind_host(const char *host, int port, const struct binding *b)
{
	struct addrinfo *list;
	int r = gev__resolve(host, port, b->type, AI_PASSIVE, &list);
	int error = r;

	for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		r = bind_one(ai->ai_addr, ai->ai_addrlen, b);
		if (r >= 0)
			break;
		if (error == 0)
			error = r;
	}
	gev_freeaddrinfo(list);
	return r >= 0 ? r : error;
}

static int bind_to(const char *host, int port, struct binding *b)
{
	if (port < 0 || port > 65535 || (b->flags & ~GEV_REUSE_PORT))
		return -EINVAL;
	return host && *host ? bind_host(host, port, b) : bind_any(port, b);
}

int gev_tcp_listen_with(const char *host, int port, int backlog,
	unsigned flags)
{
	struct binding b = { .type = SOCK_STREAM,
		.backlog = backlog,
		.flags = flags };

	return (int)gev__ret(bind_to(host, port, &b));
}

int gev_tcp_listen(const char *host, int port, int backlog)
{
	return gev_tcp_listen_with(host, port, backlog, 0);
}

int gev_udp_bind(const char *host, int port, unsigned flags)
{
	struct binding b = { .type = SOCK_DGRAM, .flags = flags };

	return (int)gev__ret(bind_to(host, port, &b));
}

int gev_socket_port(int fd)
{
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		return -1;
	switch (addr.ss_family) {
	case AF_INET:
		return ntohs(((struct sockaddr_in *)&addr)->sin_port);
	case AF_INET6:
		return ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
	default:
		return (int)gev__ret(-EAFNOSUPPORT);
	}
}
