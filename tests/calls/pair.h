/* SPDX-License-Identifier: MIT */
/* Pairs of connected descriptors, of every sort. */
#ifndef TESTS_CALLS_PAIR_H
#define TESTS_CALLS_PAIR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include "world.h"

enum sort {
	TCP4,
	TCP6,
	UNIX_STREAM,
	UNIX_SEQPACKET,
	UNIX_DGRAM,
	UDP4,
	UDP6,
	PIPE,
	FIFO,
	PTY,
	SORTS
};

static T_UNUSED const char *const sort_names[SORTS] = { "tcp4", "tcp6",
	"unix stream", "unix seqpacket", "unix dgram", "udp4", "udp6", "pipe",
	"fifo", "pty" };

/* An address of loopback with port 0. */
static T_UNUSED socklen_t loopback(int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (void *)addr;
	struct sockaddr_in6 *in6 = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = (sa_family_t)family;
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		in6->sin6_addr = in6addr_loopback;
	return family == AF_INET ? sizeof(*in) : sizeof(*in6);
}

/* A bound socket, its address in @addr. */
static T_UNUSED int bound(const struct world *w, int family, int type,
	struct sockaddr_storage *addr, socklen_t *size)
{
	int fd = w->socket(family, type, 0);

	*size = loopback(family, addr);
	t_ok(fd >= 0);
	t_eq(bind(fd, (void *)addr, *size), 0);
	t_eq(getsockname(fd, (void *)addr, size), 0);
	return fd;
}

static T_UNUSED int listener(const struct world *w, int family,
	struct sockaddr_storage *addr, socklen_t *size)
{
	int fd = bound(w, family, SOCK_STREAM, addr, size);

	t_eq(listen(fd, 128), 0);
	return fd;
}

static T_UNUSED void pair_tcp(const struct world *w, int family, int fds[2])
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(w, family, &addr, &size);

	fds[0] = w->socket(family, SOCK_STREAM, 0);
	t_eq(w->connect(fds[0], (void *)&addr, size), 0);
	fds[1] = w->accept(l, NULL, NULL);
	t_ok(fds[1] >= 0);
	t_eq(w->close(l), 0);
}

static T_UNUSED void pair_udp(const struct world *w, int family, int fds[2])
{
	struct sockaddr_storage addr[2];
	socklen_t size;

	for (int i = 0; i < 2; i++)
		fds[i] = bound(w, family, SOCK_DGRAM, &addr[i], &size);
	for (int i = 0; i < 2; i++)
		t_eq(w->connect(fds[i], (void *)&addr[!i], size), 0);
}

static T_UNUSED void pair_fifo(int fds[2])
{
	char path[64];
	int both;

	snprintf(path, sizeof(path), "/tmp/gev-fifo-%d", getpid());
	unlink(path);
	t_eq(mkfifo(path, 0600), 0);
	both = open(path, O_RDWR);
	fds[0] = open(path, O_RDONLY);
	fds[1] = open(path, O_WRONLY);
	t_ok(fds[0] >= 0 && fds[1] >= 0);
	close(both);
	unlink(path);
}

/* The slave is raw: what goes in comes out. */
static T_UNUSED void pair_pty(int fds[2])
{
	struct termios tio;

	fds[1] = posix_openpt(O_RDWR | O_NOCTTY);
	t_ok(fds[1] >= 0 && grantpt(fds[1]) == 0 && unlockpt(fds[1]) == 0);
	fds[0] = open(ptsname(fds[1]), O_RDWR | O_NOCTTY);
	t_ok(fds[0] >= 0);
	t_eq(tcgetattr(fds[0], &tio), 0);
	cfmakeraw(&tio);
	t_eq(tcsetattr(fds[0], TCSANOW, &tio), 0);
}

/* What is written to fds[1] is read from fds[0] (and often vice versa). */
static T_UNUSED void make_pair(const struct world *w, enum sort sort,
	int fds[2])
{
	switch (sort) {
	case TCP4:
	case TCP6:
		pair_tcp(w, sort == TCP4 ? AF_INET : AF_INET6, fds);
		break;
	case UDP4:
	case UDP6:
		pair_udp(w, sort == UDP4 ? AF_INET : AF_INET6, fds);
		break;
	case PIPE:
		t_eq(w->pipe(fds), 0);
		break;
	case FIFO:
		pair_fifo(fds);
		break;
	case PTY:
		pair_pty(fds);
		break;
	default:
		t_eq(w->socketpair(AF_UNIX,
			     sort == UNIX_STREAM ? SOCK_STREAM :
			     sort == UNIX_DGRAM ? SOCK_DGRAM :
						  SOCK_SEQPACKET,
			     0, fds), 0);
	}
	if (w == &gev_world && (sort == FIFO || sort == PTY))
		for (int i = 0; i < 2; i++)
			gev_forget(fds[i]);
}

static T_UNUSED void close_pair(const struct world *w, const int fds[2])
{
	t_eq(w->close(fds[0]), 0);
	t_eq(w->close(fds[1]), 0);
}

static inline bool is_socket(enum sort sort)
{
	return sort <= UDP6;
}

static inline bool is_stream(enum sort sort)
{
	return sort <= UNIX_STREAM || sort >= PIPE;
}

#endif
