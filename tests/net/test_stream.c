/* SPDX-License-Identifier: MIT */
/* Streams on descriptors and on other things. */
#include <fcntl.h>
#include <gev.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../core/core.h"
#include "base/inject.h"

/* A stream on one end of a pair, whose other end is fds[1]. */
static gev_stream *stream_of_pair(int fds[2])
{
	gev_stream *s;

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s = gev_stream_open(fds[0], 0);
	t_ok(s != NULL);
	return s;
}

static void send_text(int fd, const char *text)
{
	t_eq(gev_send(fd, text, strlen(text), 0), (long long)strlen(text));
}

static void close_both(gev_stream *s, int peer)
{
	t_eq(gev_stream_close(s), 0);
	t_eq(gev_close(peer), 0);
}

/* The next line, or how it fails, goes into the log. */
static void log_line(gev_stream *s, size_t size)
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

static void lines(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);

	send_text(fds[1], "one\ntwo\n\nthree");
	t_eq(gev_shutdown(fds[1], SHUT_WR), 0);
	for (int i = 0; i < 6; i++)
		log_line(s, 64);
	t_log_is("4:one 4:two 1: 5:three 0: 0: ");
	close_both(s, fds[1]);
}

static void a_long_line_is_not_lost(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);

	send_text(fds[1], "12345\n67890\n1234");
	log_line(s, 6);
	log_line(s, 1);
	log_line(s, 7);
	log_line(s, 7);
	t_eq(gev_shutdown(fds[1], SHUT_WR), 0);
	log_line(s, 4);
	log_line(s, 5);
	t_log_is("EMSGSIZE EMSGSIZE 6:12345 6:67890 EMSGSIZE 4:1234 ");
	close_both(s, fds[1]);
}

int main(void)
{
	T_RUN(lines);
	T_RUN(a_long_line_is_not_lost);
	return t_done();
}
