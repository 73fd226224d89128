/* SPDX-License-Identifier: MIT */
/* net.h - loopback sockets for the servers and for those who load them. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"

#define BUFFER_SIZE 4096 /* of every server */

/* Let the process have as many descriptors as it may. */
static inline void net_raise_limit(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static inline struct sockaddr_in net_loopback(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((uint16_t)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* Without Nagle's algorithm: a message goes out when it is sent. */
static inline void net_nodelay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* A listener on a port that is free, which is printed for bench/run. */
static inline int net_listen(int flags)
{
	struct sockaddr_in a = net_loopback(0);
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	net_raise_limit();
	bench_need(bind(fd, (struct sockaddr *)&a, size) == 0, "bind");
	bench_need(listen(fd, 4096) == 0, "listen");
	getsockname(fd, (struct sockaddr *)&a, &size);
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

static inline int net_connect(int port)
{
	struct sockaddr_in a = net_loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bench_need(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0,
		"connect");
	net_nodelay(fd);
	return fd;
}

#endif
