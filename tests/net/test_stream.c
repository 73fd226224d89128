/* SPDX-License-Identifier: MIT */
/* Reading from and writing to streams. */
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <unistd.h>
#include "stream.h"

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
	log_line(s, 4);
	t_eq(gev_shutdown(fds[1], SHUT_WR), 0);
	log_line(s, 5);
	t_log_is("EMSGSIZE EMSGSIZE 6:12345 6:67890 EMSGSIZE 4:1234 ");
	close_both(s, fds[1]);
}

static intptr_t log_lines(void *s)
{
	while (gev_stream_peek(s, 1, &(const void *){ NULL }) > 0)
		log_line(s, 64);
	return 0;
}

static void lines_in_pieces(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	gev_greenlet *g = gev_spawn(log_lines, s);
	const char *text = "one\ntwo\nthree";

	for (; *text; text++) {
		t_eq(gev_send(fds[1], text, 1, 0), 1);
		settle();
	}
	t_log_is("4:one 4:two ");
	t_eq(gev_shutdown(fds[1], SHUT_WR), 0);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	t_log_is("5:three ");
	gev_unref(g);
	close_both(s, fds[1]);
}

static void any_delimiter(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	char buf[32];

	send_text(fds[1], "a\r\r\nb");
	send_text(fds[1], "\r\n\r\n");
	t_eq(gev_stream_read_until(s, buf, sizeof(buf), "\r\n", 2), 4);
	t_str(buf, "a\r\r\n");
	t_eq(gev_stream_read_until(s, buf, sizeof(buf), "\r\n\r\n", 4), 5);
	t_str(buf, "b\r\n\r\n");
	t_eq(gev_send(fds[1], "x\0y", 4, 0), 4);
	t_eq(gev_stream_read_until(s, buf, sizeof(buf), "", 1), 2);
	t_fails(gev_stream_read_until(s, buf, 2, "", 1), EMSGSIZE);
	t_eq(gev_stream_read_until(s, buf, 3, "", 1), 2);
	close_both(s, fds[1]);
}

static void some_and_all(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	char buf[32];

	send_text(fds[1], "0123456789");
	t_eq(gev_stream_read(s, buf, 3), 3);
	t_eq(gev_stream_read(s, buf, 0), 0);
	t_eq(gev_stream_read_all(s, buf, 5), 5);
	t_ok(!memcmp(buf, "34567", 5));
	t_eq(gev_stream_read(s, buf, sizeof(buf)), 2);
	send_text(fds[1], "abc");
	t_eq(gev_shutdown(fds[1], SHUT_WR), 0);
	t_eq(gev_stream_read_all(s, buf, sizeof(buf)), 3);
	t_ok(!memcmp(buf, "abc", 3));
	t_eq(gev_stream_read_all(s, buf, sizeof(buf)), 0);
	t_eq(gev_stream_read(s, buf, sizeof(buf)), 0);
	close_both(s, fds[1]);
}

static void peek_and_skip(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	const void *data;
	char c;

	t_eq(gev_stream_peek(s, 0, &data), 0);
	send_text(fds[1], "0123");
	t_eq(gev_stream_peek(s, 0, &data), 0);
	t_eq(gev_stream_peek(s, 2, &data), 4);
	t_ok(!memcmp(data, "0123", 4));
	t_eq(gev_stream_skip(s, 3), 0);
	t_fails(gev_stream_skip(s, 2), EINVAL);
	t_eq(gev_stream_peek(s, 0, &data), 1);
	t_eq(*(const char *)data, '3');
	t_eq(gev_shutdown(fds[1], SHUT_WR), 0);
	t_eq(gev_stream_peek(s, 2, &data), 1);
	t_eq(gev_stream_read(s, &c, 1), 1);
	t_eq(gev_stream_peek(s, 1, &data), 0);
	close_both(s, fds[1]);
}

#define MUCH 1000000

static char much[MUCH], back[MUCH];

static void fill_much(void)
{
	for (int i = 0; i < MUCH; i++)
		much[i] = (char)(i * 31 >> 3);
}

/* In pieces of several sizes, some of them larger than the buffer. */
static intptr_t write_much(void *s)
{
	static const size_t sizes[] = { 1, 100, 8191, 8192, 8193, 50000 };
	size_t at = 0;

	for (int i = 0; at < MUCH; i++) {
		size_t n = sizes[i % 6] < MUCH - at ? sizes[i % 6] : MUCH - at;

		t_eq(gev_stream_write(s, much + at, n), (long long)n);
		at += n;
	}
	return gev_stream_close(s);
}

static void much_of_it(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds), *r = gev_stream_open(fds[1], 0);
	gev_greenlet *g = gev_spawn(write_much, s);

	fill_much();
	t_eq(gev_stream_read_all(r, back, 10), 10);
	t_eq(gev_stream_read_all(r, back + 10, MUCH / 2), MUCH / 2);
	t_eq(gev_stream_read_all(r, back + 10 + MUCH / 2, MUCH),
		MUCH / 2 - 10);
	t_ok(!memcmp(much, back, MUCH));
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_stream_close(r), 0);
}

static void received(int fd, const char *text)
{
	char buf[64] = "";

	t_ok(gev_recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT) >= 0);
	t_str(buf, text);
}

static void written_when_flushed(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	char c;

	t_eq(gev_stream_write(s, "ab", 2), 2);
	t_eq(gev_stream_puts(s, "cd"), 2);
	t_eq(gev_stream_printf(s, "%s %d", "ef", 7), 4);
	t_eq(gev_stream_printf(s, "%s", ""), 0);
	t_fails(gev_recv(fds[1], &c, 1, MSG_DONTWAIT), EAGAIN);
	t_eq(gev_stream_flush(s), 0);
	received(fds[1], "abcdef 7");
	t_eq(gev_stream_flush(s), 0);
	t_fails(gev_recv(fds[1], &c, 1, MSG_DONTWAIT), EAGAIN);
	t_eq(gev_stream_puts(s, "at last"), 7);
	t_eq(gev_stream_close(s), 0);
	received(fds[1], "at last");
	t_eq(gev_recv(fds[1], &c, 1, MSG_DONTWAIT), 0);
	gev_close(fds[1]);
}

static void a_long_text(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds), *r = gev_stream_open(fds[1], 0);

	t_eq(gev_stream_printf(s, "%511d|", 1), 512);
	t_eq(gev_stream_printf(s, "%*d|", 20000, 2), 20001);
	t_eq(gev_stream_flush(s), 0);
	t_eq(gev_stream_read_until(r, back, MUCH, "|", 1), 512);
	t_eq(gev_stream_read_until(r, back, MUCH, "|", 1), 20001);
	t_str(back + 19998, " 2|");
	close_both(s, fds[1]);
	t_fails(gev_stream_close(r), EBADF);
}

/* What is written past the buffer takes along what was in it. */
static void no_small_packets(void)
{
	int l = gev_tcp_listen("127.0.0.1", 0, -1);
	int fd = gev_tcp_connect("127.0.0.1", gev_socket_port(l), GEV_SEC(5));
	gev_stream *s = gev_stream_open(fd, 0);
	struct tcp_info info;
	socklen_t size = sizeof(info);

	t_eq(gev_stream_puts(s, "header"), 6);
	t_eq(gev_stream_write(s, much, 20000), 20000);
	t_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	if (t_under("qemu"))
		t_skip("TCP_INFO is cut short");
	else
		t_eq(info.tcpi_data_segs_out, 1);
	close_both(s, l);
}

static void few_writes(void)
{
	int fds[2], n = 0;
	gev_stream *s;

	t_eq(gev_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	s = gev_stream_open(fds[0], 0);
	for (int i = 0; i < 3; i++)
		t_eq(gev_stream_write(s, much, 4096), 4096);
	t_eq(gev_stream_write(s, much, 20000), 20000);
	while (gev_recv(fds[1], back, MUCH, MSG_DONTWAIT) > 0)
		n++;
	t_eq(n, 3);
	close_both(s, fds[1]);
}

static void pipes(void)
{
	int fds[2];
	gev_stream *in, *out;
	gev_greenlet *g;

	t_eq(gev_pipe(fds), 0);
	in = gev_stream_open(fds[0], 0);
	out = gev_stream_open(fds[1], 0);
	g = gev_spawn(write_much, out);
	memset(back, 0, MUCH);
	t_eq(gev_stream_read_all(in, back, MUCH), MUCH);
	t_ok(!memcmp(much, back, MUCH));
	t_eq(gev_stream_read(in, back, MUCH), 0);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_stream_close(in), 0);
}

static void files(void)
{
	char path[] = "/tmp/gev-stream-XXXXXX", line[16];
	int fd = mkstemp(path);
	gev_stream *s = gev_stream_open(fd, 0);

	t_eq(unlink(path), 0);
	t_eq(gev_stream_puts(s, "one\ntwo\n"), 8);
	t_eq(gev_stream_flush(s), 0);
	t_eq(lseek(fd, 0, SEEK_SET), 0);
	t_eq(gev_stream_read_line(s, line, sizeof(line)), 4);
	t_eq(gev_stream_read_line(s, line, sizeof(line)), 4);
	t_str(line, "two\n");
	t_eq(gev_stream_read_line(s, line, sizeof(line)), 0);
	t_eq(gev_stream_close(s), 0);
}

static void a_descriptor_that_never_waits(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	ssize_t n;
	char c;

	t_eq(gev_fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	send_text(fds[1], "half");
	t_fails(gev_stream_read_line(s, &c, 8), EAGAIN);
	do
		n = gev_stream_write(s, much, 50000);
	while (n == 50000);
	t_ok(n > 0 || (n == -1 && errno == EAGAIN));
	t_fails(gev_stream_write(s, much, 50000), EAGAIN);
	t_eq(gev_stream_read(s, &c, 1), 1);
	close_both(s, fds[1]);
}

int main(void)
{
	T_RUN(lines);
	T_RUN(a_long_line_is_not_lost);
	T_RUN(lines_in_pieces);
	T_RUN(any_delimiter);
	T_RUN(some_and_all);
	T_RUN(peek_and_skip);
	T_RUN(much_of_it);
	T_RUN(written_when_flushed);
	T_RUN(a_long_text);
	T_RUN(no_small_packets);
	T_RUN(few_writes);
	T_RUN(pipes);
	T_RUN(files);
	T_RUN(a_descriptor_that_never_waits);
	return t_done();
}
