/* SPDX-License-Identifier: MIT */
/* An echo server in plain blocking style: one greenlet for each connection. */
#include <gev.h>
#include "net/net.h"

static intptr_t serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buffer[BUFFER_SIZE];
	ssize_t n;

	net_nodelay(fd);
	while ((n = gev_recv(fd, buffer, sizeof(buffer), 0)) > 0)
		if (gev_send(fd, buffer, (size_t)n, MSG_NOSIGNAL) < n)
			break;
	gev_close(fd);
	return 0;
}

int main(void)
{
	int listener = net_listen(0);

	for (;;) {
		int fd = gev_accept(listener, NULL, NULL);

		bench_need(fd >= 0, "gev_accept");
		bench_need(gev_go(serve, (void *)(intptr_t)fd) == 0, "gev_go");
	}
}
