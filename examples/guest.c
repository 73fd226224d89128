/* SPDX-License-Identifier: MIT */
#include "guest.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

static gev_server *server;
static long bytes;

static void echo(int fd, const struct sockaddr *peer, socklen_t size, void *arg)
{
	char data[4096];
	ssize_t n;

	(void)peer, (void)size, (void)arg;
	while ((n = gev_recv(fd, data, sizeof(data), 0)) > 0) {
		if (gev_send(fd, data, (size_t)n, MSG_NOSIGNAL) < n)
			break;
		bytes += n;
	}
}

void guest_start(void)
{
	struct gev_server_options options = { .address = "127.0.0.1:0",
		.handle = echo };

	server = gev_server_new(&options);
	if (!server || gev_server_start(server) < 0)
		die("cannot start: %s", strerror(errno));
	printf("echoing on port %d\n", gev_server_port(server));
	fflush(stdout);
}

long guest_stop(void)
{
	gev_server_free(server);
	return bytes;
}
