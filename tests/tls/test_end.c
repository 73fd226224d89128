/* SPDX-License-Identifier: MIT */
/* How connections end: by a goodbye, and without one. */
#include "tls/raw.h"
#include <gev/stream.h>

static intptr_t drain(void *tls)
{
	char buf[100];
	ssize_t n;

	while ((n = gev_tls_read(tls, buf, sizeof(buf))) > 0)
		;
	return n < 0 ? -1 : gev_tls_shutdown(tls, SHUT_WR, SOON);
}

static void goodbye_from_both(void)
{
	struct ends e;
	gev_greenlet *g;
	char c;

	open_shaken(&e);
	g = gev_spawn(drain, e.server);
	t_eq(gev_tls_write(e.client, "last", 4), 4);
	t_eq(gev_tls_shutdown(e.client, SHUT_RDWR, SOON), 0);
	t_eq(gev_get(g, SOON), 0);
	gev_unref(g);
	t_eq(gev_tls_read(e.client, &c, 1), 0);
	t_eq(gev_tls_read(e.server, &c, 1), 0);
	t_fails(gev_tls_write(e.client, "x", 1), EPIPE);
	t_fails(gev_tls_write(e.server, "x", 1), EPIPE);
	close_ends(&e);
}

static void half_closed(void)
{
	struct ends e;
	char buf[8] = "";

	open_shaken(&e);
	t_eq(gev_tls_shutdown(e.client, SHUT_WR, SOON), 0);
	t_eq(gev_tls_read(e.server, buf, 1), 0);
	t_eq(gev_tls_write(e.server, "still", 5), 5);
	t_eq(gev_tls_read(e.client, buf, sizeof(buf)), 5);
	t_str(buf, "still");
	t_eq(gev_tls_shutdown(e.server, SHUT_RDWR, SOON), 0);
	t_eq(gev_tls_read(e.client, buf, 1), 0);
	t_eq(gev_tls_shutdown(e.client, SHUT_WR, SOON), 0);
	close_ends(&e);
}

static void what_comes_after_the_goodbye_is_thrown_away(void)
{
	struct ends e;
	gev_greenlet *g;
	char data[5000] = { 0 };

	open_shaken(&e);
	for (int i = 0; i < 10; i++)
		t_eq(gev_tls_write(e.server, data, sizeof(data)), sizeof(data));
	g = gev_spawn(drain, e.server);
	t_eq(gev_tls_shutdown(e.client, SHUT_RDWR, SOON), 0);
	t_eq(gev_get(g, SOON), 0);
	gev_unref(g);
	close_ends(&e);
}

static void closing_says_goodbye(void)
{
	struct ends e;
	char c;

	open_shaken(&e);
	gev_tls_close(e.client);
	t_eq(gev_tls_read(e.server, &c, 1), 0);
	e.client = NULL;
	close_ends(&e);
}

static void freeing_leaves_the_descriptor(void)
{
	struct ends e;
	int fd;
	char c;

	open_shaken(&e);
	fd = gev_tls_fd(e.client);
	gev_tls_free(e.client);
	t_eq(gev_tls_read(e.server, &c, 1), 0);
	gev_tls_free(e.server);
	t_eq(gev_close(fd), 0);
	e.client = e.server = NULL;
	close_ends(&e);
}

/* Anyone in between can do that. */
static void an_end_without_goodbye(void)
{
	struct ends e;
	char buf[8];

	open_shaken(&e);
	t_eq(gev_tls_write(e.server, "all?", 4), 4);
	t_eq(gev_shutdown(gev_tls_fd(e.server), SHUT_WR), 0);
	t_eq(gev_tls_read(e.client, buf, sizeof(buf)), 4);
	t_fails(gev_tls_read(e.client, buf, sizeof(buf)), ECONNRESET);
	t_str(gev_tls_error(e.client), "unexpected eof while reading");
	t_fails(gev_tls_read(e.client, buf, sizeof(buf)), ECONNRESET);
	close_ends(&e);
}

static void unless_that_is_allowed(void)
{
	struct ends e;
	char c;

	open_ends(&e);
	SSL_set_options(gev_tls_ssl(e.client), SSL_OP_IGNORE_UNEXPECTED_EOF);
	t_eq(shake_both(&e).client, 0);
	gev_shutdown(gev_tls_fd(e.server), SHUT_WR);
	t_eq(gev_tls_read(e.client, &c, 1), 0);
	close_ends(&e);
}

/* The beginning of a record, and no more of it. */
static void a_truncated_record(void)
{
	static const char *const starts[] = { "\x17", "\x17\x03\x03\x40",
		"\x17\x03\x03\x40\x01garbage" };

	for (int i = 0; i < 3; i++) {
		struct ends e;
		char c;

		open_shaken(&e);
		gev_send(gev_tls_fd(e.server), starts[i], strlen(starts[i]),
			0);
		gev_shutdown(gev_tls_fd(e.server), SHUT_WR);
		t_fails(gev_tls_read(e.client, &c, 1), ECONNRESET);
		close_ends(&e);
	}
}

static void a_record_that_was_tampered_with(void)
{
	struct ends e;
	char c;

	open_shaken(&e);
	gev_send(gev_tls_fd(e.server),
		"\x17\x03\x03\x00\x20"
		"0123456789abcdef0123456789abcdef", 37, 0);
	t_fails(gev_tls_read(e.client, &c, 1), EPROTO);
	t_fails(gev_tls_write(e.client, &c, 1), EPROTO);
	t_fails(gev_tls_read(e.server, &c, 1), EPROTO); /* the alert */
	close_ends(&e);
}

static void garbage_instead_of_tls(void)
{
	struct raw r;

	raw_open(&r);
	gev_send(r.peer, "SSH-2.0-OpenSSH_9.2\r\n", 21, 0);
	t_fails(gev_tls_handshake(r.tls, SOON), EPROTO);
	t_str(gev_tls_error(r.tls), "wrong version number");
	raw_close(&r);
}

static void an_end_in_the_handshake(void)
{
	struct raw r;

	raw_open(&r);
	gev_shutdown(r.peer, SHUT_WR);
	t_fails(gev_tls_handshake(r.tls, SOON), ECONNRESET);
	raw_close(&r);
}

static intptr_t read_and_reset(void *arg)
{
	struct raw *r = arg;
	char buf[16];

	gev_recv(r->peer, buf, sizeof(buf), 0);
	reset(r->peer);
	r->peer = -1;
	return 0;
}

static void a_reset_in_the_handshake(void)
{
	struct raw r;

	raw_open(&r);
	gev_go(read_and_reset, &r);
	t_fails(gev_tls_handshake(r.tls, SOON), ECONNRESET);
	raw_close(&r);
}

static void a_reset_later(void)
{
	struct ends e;
	char c;
	int fd;

	open_shaken(&e);
	fd = gev_tls_fd(e.server);
	gev_tls_free(e.server);
	t_eq(gev_tls_read(e.client, &c, 1), 0);
	reset(fd);
	t_fails(gev_tls_write(e.client, "x", 1), ECONNRESET);
	t_fails(gev_tls_write(e.client, "x", 1), ECONNRESET);
	e.server = NULL;
	close_ends(&e);
}

/* What the peer said before it went can still be read. */
static void last_words_after_a_failed_write(void)
{
	struct ends e;
	char buf[8] = "";

	open_shaken(&e);
	t_eq(gev_tls_write(e.server, "no!", 3), 3);
	gev_shutdown(gev_tls_fd(e.client), SHUT_WR);
	t_fails(gev_tls_write(e.client, "x", 1), EPIPE);
	t_eq(gev_tls_read(e.client, buf, sizeof(buf)), 3);
	t_str(buf, "no!");
	close_ends(&e);
}

static void no_goodbye_before_the_handshake(void)
{
	struct ends e;

	open_ends(&e);
	t_fails(gev_tls_shutdown(e.client, SHUT_WR, SOON), ENOTCONN);
	t_fails(gev_tls_shutdown(e.client, SHUT_RD, SOON), EINVAL);
	t_eq(shake_both(&e).client, 0);
	close_ends(&e);
}

static void a_stream_over_it(void)
{
	gev_stream *client, *server;
	struct ends e;
	char line[64];

	open_shaken(&e);
	client = gev_tls_stream(e.client, 0);
	server = gev_tls_stream(e.server, 0);
	t_ok(gev_stream_printf(client, "one\ntwo %d\nrest", 2) > 0);
	t_eq(gev_stream_close(client), 0);
	t_eq(gev_stream_read_line(server, line, sizeof(line)), 4);
	t_str(line, "one\n");
	t_eq(gev_stream_read_line(server, line, sizeof(line)), 6);
	t_str(line, "two 2\n");
	t_eq(gev_stream_read_line(server, line, sizeof(line)), 4);
	t_eq(gev_stream_read_line(server, line, sizeof(line)), 0);
	t_eq(gev_stream_close(server), 0);
	e.client = e.server = NULL;
	close_ends(&e);
}

int main(void)
{
	pki_open();
	T_RUN(goodbye_from_both);
	T_RUN(half_closed);
	T_RUN(what_comes_after_the_goodbye_is_thrown_away);
	T_RUN(closing_says_goodbye);
	T_RUN(freeing_leaves_the_descriptor);
	T_RUN(an_end_without_goodbye);
	T_RUN(unless_that_is_allowed);
	T_RUN(a_truncated_record);
	T_RUN(a_record_that_was_tampered_with);
	T_RUN(garbage_instead_of_tls);
	T_RUN(an_end_in_the_handshake);
	T_RUN(a_reset_in_the_handshake);
	T_RUN(a_reset_later);
	T_RUN(last_words_after_a_failed_write);
	T_RUN(no_goodbye_before_the_handshake);
	T_RUN(a_stream_over_it);
	pki_close();
	return t_done();
}
