/* SPDX-License-Identifier: MIT */
/*
 * An echo server of libev's callbacks.  One watcher for each connection waits
 * for what comes next: more to read, or room to send what is left over.
 */
#include <errno.h>
#include <ev.h>
#include "net/net.h"

struct connection {
	ev_io io;
	size_t unsent;
	char rest[BUFFER_SIZE];
};

static char buffer[BUFFER_SIZE];

static void wait_for(struct ev_loop *loop, ev_io *io, int events)
{
	if (io->events & events)
		return;
	ev_io_stop(loop, io);
	ev_io_set(io, io->fd, events);
	ev_io_start(loop, io);
}

static void drop(struct ev_loop *loop, struct connection *c)
{
	ev_io_stop(loop, &c->io);
	close(c->io.fd);
	free(c);
}

static void echo(struct ev_loop *loop, struct connection *c, const char *data,
	size_t size)
{
	ssize_t n = send(c->io.fd, data, size, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN) {
		drop(loop, c);
		return;
	}
	c->unsent = size - (size_t)(n < 0 ? 0 : n);
	memmove(c->rest, data + size - c->unsent, c->unsent);
	wait_for(loop, &c->io, c->unsent ? EV_WRITE : EV_READ);
}

static void ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *c = (struct connection *)io;
	ssize_t n;

	if (events & EV_WRITE) {
		echo(loop, c, c->rest, c->unsent);
		return;
	}
	n = recv(io->fd, buffer, sizeof(buffer), 0);
	if (n > 0)
		echo(loop, c, buffer, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		drop(loop, c);
}

static void welcome(struct ev_loop *loop, ev_io *listener, int events)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);
	struct connection *c;

	(void)events;
	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	bench_need(c != NULL, "calloc");
	net_nodelay(fd);
	ev_io_init(&c->io, ready, fd, EV_READ);
	ev_io_start(loop, &c->io);
}

int main(void)
{
	struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL);
	ev_io listener;

	ev_io_init(&listener, welcome, net_listen(SOCK_NONBLOCK), EV_READ);
	ev_io_start(loop, &listener);
	ev_run(loop, 0);
	return 0;
}
