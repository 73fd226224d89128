/* SPDX-License-Identifier: MIT */
/* An echo server on State Threads, with its epoll event system. */
#include <st.h>
#include "net/net.h"

static void *serve(void *arg)
{
	st_netfd_t fd = arg;
	char buffer[BUFFER_SIZE];
	ssize_t n;

	net_nodelay(st_netfd_fileno(fd));
	while ((n = st_read(fd, buffer, BUFFER_SIZE, ST_UTIME_NO_TIMEOUT)) > 0)
		if (st_write(fd, buffer, (size_t)n, ST_UTIME_NO_TIMEOUT) < n)
			break;
	st_netfd_close(fd);
	return NULL;
}

int main(void)
{
	st_netfd_t listener;

	net_raise_limit();
	bench_need(st_set_eventsys(ST_EVENTSYS_ALT) == 0, "st_set_eventsys");
	bench_need(st_init() == 0, "st_init");
	listener = st_netfd_open_socket(net_listen(0));
	for (;;) {
		st_netfd_t fd = st_accept(listener, NULL, NULL,
			ST_UTIME_NO_TIMEOUT);

		bench_need(fd != NULL, "st_accept");
		bench_need(st_thread_create(serve, fd, 0, 0) != NULL,
			"st_thread_create");
	}
}
