/* SPDX-License-Identifier: MIT */
/*
 * A TLS echo server: callbacks on epoll and OpenSSL, with nothing in between.
 *
 * OpenSSL works on the descriptor, which is O_NONBLOCK and edge-triggered; the
 * same step, handshake, read or write, is tried at each edge until it is done.
 */
#include <signal.h>
#include <sys/epoll.h>
#include "tls.h"

#define EVENTS 256

struct connection {
	SSL *ssl;     /* NULL: the listener */
	int fd;
	size_t unsent;
	char *rest;   /* of RECORD; allocated when first needed */
};

static int epfd;
static SSL_CTX *context;
static char buffer[RECORD];

static void watch(struct connection *c, uint32_t events)
{
	struct epoll_event e = { .events = events | EPOLLET, .data.ptr = c };

	bench_need(epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &e) == 0, "epoll_ctl");
}

static void drop(struct connection *c)
{
	SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	free(c->rest);
	free(c);
}

static void keep(struct connection *c, const char *data, size_t size)
{
	if (!c->rest)
		c->rest = malloc(RECORD);
	bench_need(c->rest != NULL, "malloc");
	memmove(c->rest, data, size);
	c->unsent = size;
}

/* 1: go on; 0: wait for the next edge; -1: it is over. */
static int judge(struct connection *c, int r)
{
	int error;

	if (r > 0)
		return 1;
	error = SSL_get_error(c->ssl, r);
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ?
		0 : -1;
}

static int echo(struct connection *c, const char *data, size_t size)
{
	int r = judge(c, SSL_write(c->ssl, data, (int)size));

	if (r == 0)
		keep(c, data, size);
	else
		c->unsent = 0;
	return r;
}

static void serve(struct connection *c)
{
	int n, r = 1;

	if (!SSL_is_init_finished(c->ssl))
		r = judge(c, SSL_accept(c->ssl));
	else if (c->unsent)
		r = echo(c, c->rest, c->unsent);
	while (r > 0) {
		n = SSL_read(c->ssl, buffer, sizeof(buffer));
		r = judge(c, n);
		if (r > 0)
			r = echo(c, buffer, (size_t)n);
	}
	if (r < 0)
		drop(c);
}

static void welcome(struct connection *listener)
{
	int fd;

	while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));

		bench_need(c != NULL, "calloc");
		net_nodelay(fd);
		c->fd = fd;
		c->ssl = SSL_new(context);
		bench_need(c->ssl && SSL_set_fd(c->ssl, fd), "SSL_new");
		SSL_set_accept_state(c->ssl);
		watch(c, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	}
}

int main(void)
{
	struct connection listener = { 0 };
	struct epoll_event events[EVENTS];

	signal(SIGPIPE, SIG_IGN);
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	tls_use_certificate(context);
	listener.fd = net_listen(SOCK_NONBLOCK);
	epfd = epoll_create1(0);
	watch(&listener, EPOLLIN);
	for (;;) {
		int n = epoll_wait(epfd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c->ssl)
				serve(c);
			else
				welcome(c);
		}
	}
}
