/* SPDX-License-Identifier: MIT */
/* What the tests of streams share. */
#ifndef TESTS_NET_STREAM_H
#define TESTS_NET_STREAM_H

#include <sys/socket.h>
#include "../core/core.h"

/* A stream on one end of a pair, whose other end is fds[1]. */
static T_UNUSED gev_stream *stream_of_pair(int fds[2])
{
	gev_stream *s;

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s = gev_stream_open(fds[0], 0);
	t_ok(s != NULL);
	return s;
}

static T_UNUSED void send_text(int fd, const char *text)
{
	t_eq(gev_send(fd, text, strlen(text), 0), (long long)strlen(text));
}

static T_UNUSED void close_both(gev_stream *s, int peer)
{
	t_eq(gev_stream_close(s), 0);
	t_eq(gev_close(peer), 0);
}

/* The next line, or how it fails, goes into the log. */
static T_UNUSED void log_line(gev_stream *s, size_t size)
{
	char line[64];
	ssize_t n = gev_stream_read_line(s, line, size);

	if (n < 0)
		t_log("%s ", strerrorname_np(errno));
	else
		t_log("%zd:%.*s ", n, (int)strcspn(line, "\n"), line);
	if (n >= 0)
		t_eq(strlen(line), n);
}

#endif
