/* SPDX-License-Identifier: MIT */
/*
 * The echo server that others are measured against: callbacks on epoll with
 * nothing in between, as an expert would write it.
 *
 * Each connection is registered once, edge-triggered.  All share one buffer.
 * A short read means that the socket is drained, so that a message costs one
 * recv() and one send().  What could not be sent is kept with the connection,
 * which reads no more until it is gone.
 */
#include <errno.h>
#include <sys/epoll.h>
#include "net.h"

#define EVENTS 256

struct connection {
	void (*ready)(struct connection *c, uint32_t events);
	int fd;
	size_t unsent;
	char *rest; /* of BUFFER_SIZE; allocated when first needed */
};

static int epfd;
static char buffer[BUFFER_SIZE];

static void watch(struct connection *c, uint32_t events)
{
	struct epoll_event e = { .events = events | EPOLLET, .data.ptr = c };

	bench_need(epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &e) == 0, "epoll_ctl");
}

static void drop(struct connection *c)
{
	close(c->fd);
	free(c->rest);
	free(c);
}

static void keep(struct connection *c, const char *data, size_t size)
{
	if (!c->rest)
		c->rest = malloc(BUFFER_SIZE);
	bench_need(c->rest != NULL, "malloc");
	memmove(c->rest, data, size);
	c->unsent = size;
}

/* Whether all of it went out; what did not is kept. -1: the peer is gone. */
static int echo(struct connection *c, const char *data, size_t size)
{
	ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL);

	if (n == (ssize_t)size) {
		c->unsent = 0;
		return 1;
	}
	if (n < 0 && errno != EAGAIN)
		return -1;
	n = n < 0 ? 0 : n;
	keep(c, data + n, size - (size_t)n);
	return 0;
}

static void serve(struct connection *c, uint32_t events)
{
	int going = c->unsent ? echo(c, c->rest, c->unsent) : 1;

	while (going > 0) {
		ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

		if (n < 0 && errno == EAGAIN)
			return;
		going = n > 0 ? echo(c, buffer, (size_t)n) : -1;
		if (n < BUFFER_SIZE && !(events & (EPOLLRDHUP | EPOLLHUP)))
			break;
	}
	if (going < 0)
		drop(c);
}

static void welcome(struct connection *listener, uint32_t events)
{
	int fd;

	(void)events;
	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));

		bench_need(c != NULL, "calloc");
		net_nodelay(fd);
		c->fd = fd;
		c->ready = serve;
		watch(c, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	}
}

int main(void)
{
	struct connection listener = { .ready = welcome };
	struct epoll_event events[EVENTS];

	listener.fd = net_listen(SOCK_NONBLOCK);
	epfd = epoll_create1(0);
	watch(&listener, EPOLLIN);
	for (;;) {
		int n = epoll_wait(epfd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			c->ready(c, events[i].events);
		}
	}
}
