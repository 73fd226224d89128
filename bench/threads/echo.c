/* SPDX-License-Identifier: MIT */
/*
 * An echo server as it is written without gev: a thread for each connection.
 * bench/run starts it natively and under gev run.
 */
#include <pthread.h>
#include "net/net.h"

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buffer[BUFFER_SIZE];
	ssize_t n;

	net_nodelay(fd);
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		if (send(fd, buffer, (size_t)n, MSG_NOSIGNAL) < n)
			break;
	close(fd);
	return NULL;
}

int main(void)
{
	int listener = net_listen(0);

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t t;

		bench_need(fd >= 0, "accept");
		errno = pthread_create(&t, NULL, serve, (void *)(intptr_t)fd);
		bench_need(errno == 0, "pthread_create");
		pthread_detach(t);
	}
}
