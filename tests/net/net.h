/* SPDX-License-Identifier: MIT */
/* What tests with connections share. */
#ifndef TESTS_NET_NET_H
#define TESTS_NET_NET_H

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../core/core.h"

/* How many descriptors the process has. */
static T_UNUSED int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Have the hub make what it keeps, so that descriptors can be counted. */
static T_UNUSED void warm_up(void)
{
	int fds[2];

	t_eq(gev_pipe(fds), 0);
	t_fails(gev_wait_fd(fds[0], GEV_READ, 0), ETIMEDOUT);
	gev_close(fds[0]);
	gev_close(fds[1]);
}

/*
 * A listener whose queue is full, so that the system drops what else comes:
 * connecting takes for ever.
 */
struct hole {
	int listener;
	int fillers[2];
	int port;
};

static T_UNUSED void hole_open(struct hole *h, const char *host)
{
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);

	h->listener = gev_tcp_listen(host, 0, 0);
	t_ok(h->listener >= 0);
	h->port = gev_socket_port(h->listener);
	t_eq(getsockname(h->listener, (void *)&addr, &size), 0);
	for (int i = 0; i < 2; i++) {
		h->fillers[i] = socket(addr.ss_family,
			SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(h->fillers[i], (void *)&addr, size);
	}
}

static T_UNUSED void hole_close(struct hole *h)
{
	close(h->fillers[0]);
	close(h->fillers[1]);
	gev_close(h->listener);
}

#endif
