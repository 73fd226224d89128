/* SPDX-License-Identifier: MIT */
/* What tests of servers share: clients, and handlers to talk to. */
#ifndef TESTS_SERVER_SERVER_H
#define TESTS_SERVER_SERVER_H

#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "../net/net.h"

/* Sends back what comes. */
static T_UNUSED void echo(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	char buf[256];
	ssize_t n;

	(void)peer;
	(void)size;
	(void)arg;
	while ((n = gev_recv(fd, buf, sizeof(buf), 0)) > 0)
		gev_send(fd, buf, (size_t)n, MSG_NOSIGNAL);
}

/* Waits until the peer goes away or it is killed, and notes which. */
static T_UNUSED void linger(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	char c;
	ssize_t n = gev_recv(fd, &c, 1, 0);

	(void)peer;
	(void)size;
	(void)arg;
	t_log("%s ", n < 0 ? strerrorname_np(errno) : "end");
}

static T_UNUSED gev_server *serve(gev_stream_handler *handle)
{
	struct gev_server_options options = { .address = "127.0.0.1:0",
		.handle = handle };
	gev_server *s = gev_server_new(&options);

	t_ok(s != NULL);
	t_eq(gev_server_start(s), 0);
	return s;
}

static T_UNUSED int connect_to(const gev_server *s)
{
	int fd = gev_tcp_connect("127.0.0.1", gev_server_port(s), GEV_SEC(5));

	t_ok(fd >= 0);
	return fd;
}

/* Whether it echoes within @timeout. */
static T_UNUSED bool answers_in(int fd, gev_time timeout)
{
	gev_timeout t;
	char c = '?';
	bool ok = gev_send(fd, "x", 1, MSG_NOSIGNAL) == 1;

	gev_timeout_start(&t, timeout);
	ok = ok && gev_recv(fd, &c, 1, 0) == 1 && c == 'x';
	gev_timeout_cancel(&t);
	return ok;
}

static T_UNUSED bool answers(int fd)
{
	return answers_in(fd, GEV_SEC(5));
}

/* The other end has closed it. */
static T_UNUSED bool is_closed(int fd)
{
	gev_timeout t;
	char c;
	ssize_t n;

	gev_timeout_start(&t, GEV_SEC(5));
	n = gev_recv(fd, &c, 1, 0);
	gev_timeout_cancel(&t);
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

static T_UNUSED struct gev_server_stats stats_of(const gev_server *s)
{
	struct gev_server_stats stats;

	t_eq(gev_server_get_stats(s, &stats), 0);
	return stats;
}

#endif
