/* SPDX-License-Identifier: MIT */
/* Kills, timeouts and closing at each stage; and connecting and serving. */
#include "tls/raw.h"
#include <gev/tcp.h>

#define BRIEFLY GEV_MS(5)
#define BULK (8 << 20)

static char bulk[BULK];

static intptr_t shake_forever(void *tls)
{
	return gev_tls_handshake(tls, GEV_FOREVER);
}

static intptr_t read_some(void *tls)
{
	char c;

	return gev_tls_read(tls, &c, 1);
}

static intptr_t write_bulk(void *tls)
{
	return gev_tls_write(tls, bulk, BULK);
}

static intptr_t say_goodbye(void *tls)
{
	return gev_tls_shutdown(tls, SHUT_RDWR, GEV_FOREVER);
}

/* A peer that has said nothing, or stopped after its first bytes. */
static void a_handshake_that_gets_nowhere(void)
{
	struct raw r;

	raw_open(&r);
	t_fails(gev_tls_handshake(r.tls, BRIEFLY), ETIMEDOUT);
	t_fails(gev_tls_handshake(r.tls, 0), ETIMEDOUT);
	t_str(gev_tls_error(r.tls), strerror(ETIMEDOUT));
	gev_send(r.peer, "\x16\x03\x03\x00\x7a\x02", 6, 0);
	t_fails(gev_tls_handshake(r.tls, BRIEFLY), ETIMEDOUT);
	raw_close(&r);
}

static void a_handshake_goes_on_after_a_timeout(void)
{
	struct shaken r;
	struct ends e;

	open_ends(&e);
	t_fails(gev_tls_handshake(e.client, BRIEFLY), ETIMEDOUT);
	r = shake_both(&e);
	t_ok(r.client == 0 && r.server == 0);
	close_ends(&e);
}

static void reads_and_writes_have_a_time_limit(void)
{
	struct ends e;
	char c;

	open_shaken(&e);
	t_eq(gev_tls_set_timeout(e.client, BRIEFLY), 0);
	t_fails(gev_tls_set_timeout(e.client, -2), EINVAL);
	t_fails(gev_tls_read(e.client, &c, 1), ETIMEDOUT);
	t_fails(gev_tls_shutdown(e.client, SHUT_RDWR, BRIEFLY), ETIMEDOUT);
	close_ends(&e);
}

static void an_outer_timeout(void)
{
	gev_timeout t;
	struct ends e;
	char c;

	open_shaken(&e);
	gev_tls_set_timeout(e.client, SOON);
	t_eq(gev_timeout_start_with(&t, BRIEFLY, ENOANO), 0);
	t_fails(gev_tls_read(e.client, &c, 1), ENOANO);
	t_ok(gev_timeout_cancel(&t));
	close_ends(&e);
}

static intptr_t count(void *tls)
{
	static char buf[20000];
	intptr_t all = 0;
	ssize_t n;

	while ((n = gev_tls_read(tls, buf, sizeof(buf))) > 0)
		all += n;
	return n < 0 ? -1 : all;
}

/* What was accepted arrives, once, though nobody is left who waits for it. */
static void the_rest_of_a_write_that_timed_out(void)
{
	ssize_t n, all = 0;
	gev_greenlet *g;
	struct ends e;

	open_shaken(&e);
	gev_tls_set_timeout(e.client, BRIEFLY);
	while ((n = gev_tls_write(e.client, bulk, BULK)) > 0)
		all += n;
	t_eq(errno, ETIMEDOUT);
	t_ok(all > 0);
	g = gev_spawn(count, e.server);
	gev_tls_set_timeout(e.client, SOON);
	t_eq(gev_tls_write(e.client, bulk, BULK), BULK);
	t_eq(gev_tls_shutdown(e.client, SHUT_WR, SOON), 0);
	t_eq(gev_get(g, SOON), all + BULK);
	gev_unref(g);
	close_ends(&e);
}

static void the_rest_goes_out_by_itself(void)
{
	struct ends e;
	gev_greenlet *g;
	ssize_t n, done = 0;

	open_shaken(&e);
	gev_tls_set_timeout(e.client, BRIEFLY);
	n = gev_tls_write(e.client, bulk, BULK);
	g = gev_spawn(read_some, e.client);
	while (done < n) {
		ssize_t more = gev_tls_read(e.server, bulk, BULK);

		t_ok(more > 0);
		if (more <= 0)
			break;
		done += more;
	}
	t_eq(done, n);
	gev_kill(g, SOON);
	gev_unref(g);
	close_ends(&e);
}

/* A greenlet in @fn, on an end that it keeps waiting. */
static gev_greenlet *stuck(gev_fn *fn, struct ends *e)
{
	gev_greenlet *g;

	if (fn == shake_forever)
		open_ends(e);
	else
		open_shaken(e);
	g = gev_spawn(fn, e->client);
	gev_sleep(GEV_MS(1));
	t_ok(!gev_ready(g));
	return g;
}

static gev_fn *const stages[] = { shake_forever, read_some, write_bulk,
	say_goodbye };

static void killed_at_each_stage(void)
{
	for (int i = 0; i < 4; i++) {
		struct ends e;
		gev_greenlet *g = stuck(stages[i], &e);

		t_eq(gev_kill(g, SOON), 0);
		t_ok(gev_dead(g));
		gev_unref(g);
		close_ends(&e);
	}
}

static void closed_at_each_stage(void)
{
	for (int i = 0; i < 4; i++) {
		struct ends e;
		gev_greenlet *g = stuck(stages[i], &e);

		gev_tls_close(e.client);
		t_fails(gev_get(g, SOON), EBADF);
		gev_unref(g);
		e.client = NULL;
		close_ends(&e);
	}
}

static void freed_at_each_stage(void)
{
	for (int i = 0; i < 4; i++) {
		struct ends e;
		gev_greenlet *g = stuck(stages[i], &e);
		int fd = gev_tls_fd(e.client);

		gev_tls_free(e.client);
		t_fails(gev_get(g, SOON), EBADF);
		gev_unref(g);
		t_eq(gev_close(fd), 0);
		e.client = NULL;
		close_ends(&e);
	}
}

static void closed_under_a_reader_and_a_writer(void)
{
	struct ends e;
	gev_greenlet *g[2];

	open_ends(&e);
	g[0] = gev_spawn(read_some, e.client);
	g[1] = gev_spawn(write_bulk, e.client);
	gev_sleep(GEV_MS(1));
	gev_tls_close(e.client);
	for (int i = 0; i < 2; i++) {
		t_fails(gev_get(g[i], SOON), EBADF);
		gev_unref(g[i]);
	}
	e.client = NULL;
	close_ends(&e);
}

static void the_peer_resets_at_each_stage(void)
{
	for (int i = 0; i < 4; i++) {
		struct ends e;
		gev_greenlet *g = stuck(stages[i], &e);
		int fd = gev_tls_fd(e.server);
		intptr_t r;

		SSL_set_quiet_shutdown(gev_tls_ssl(e.server), 1);
		gev_tls_free(e.server);
		reset(fd);
		r = gev_get(g, SOON);
		t_ok(r == -1 && (errno == ECONNRESET || errno == EPIPE));
		gev_unref(g);
		e.server = NULL;
		close_ends(&e);
	}
}

/* In a server that is not there yet: its accept loop, and one service. */
struct site {
	int listener;
	struct gev_tls_service service;
};

static intptr_t serve(void *arg)
{
	struct site *site = arg;
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	int fd;

	while ((fd = gev_accept(site->listener, (struct sockaddr *)&peer,
			&size)) >= 0) {
		gev_tls_handle(fd, (struct sockaddr *)&peer, size,
			&site->service);
		gev_close(fd);
	}
	return 0;
}

static void echo(gev_tls *tls, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	char buf[64];
	ssize_t n;

	t_ok(peer->sa_family == AF_INET && size > 0);
	t_str(arg, "arg");
	while ((n = gev_tls_read(tls, buf, sizeof(buf))) > 0)
		t_eq(gev_tls_write(tls, buf, (size_t)n), n);
}

static void refused(gev_tls *tls, int error, void *arg)
{
	t_str(arg, "arg");
	t_log("%s: %s\n", strerror(error), gev_tls_error(tls));
}

static gev_greenlet *open_site(struct site *site)
{
	*site = (struct site){ gev_tcp_listen("127.0.0.1", 0, 5),
		{ .context = server_context("good.pem"), .handle = echo,
			.refused = refused, .arg = "arg" } };
	t_ok(site->listener >= 0);
	return gev_spawn(serve, site);
}

static void close_site(struct site *site, gev_greenlet *g)
{
	gev_close(site->listener);
	gev_join(g, SOON);
	gev_unref(g);
	gev_tls_context_free(site->service.context);
}

static void connect_to_a_service(void)
{
	gev_tls_context *c = client_context();
	struct site site;
	gev_greenlet *g = open_site(&site);
	int port = gev_socket_port(site.listener);
	gev_tls *tls = gev_tls_connect("127.0.0.1", port, c, SOON);
	char buf[8] = "";

	t_ok(tls != NULL);
	t_eq(gev_tls_write(tls, "hello", 5), 5);
	t_eq(gev_tls_read(tls, buf, sizeof(buf)), 5);
	t_str(buf, "hello");
	t_eq(gev_tls_shutdown(tls, SHUT_RDWR, SOON), 0);
	gev_tls_close(tls);
	gev_tls_context_free(c);
	close_site(&site, g);
	t_log_is("");
}

static void connect_to_what_is_not_trusted(void)
{
	gev_tls_context *c = gev_tls_context_new(GEV_TLS_CLIENT);
	struct site site;
	gev_greenlet *g = open_site(&site);
	int port = gev_socket_port(site.listener);

	t_eq(gev_tls_context_load_ca(c, pki("other.pem"), NULL), 0);
	t_fails(gev_tls_connect("127.0.0.1", port, c, SOON), EKEYREJECTED);
	t_ok(strstr(gev_exception_message(gev_current()), "issuer") != NULL);
	gev_tls_context_free(c);
	close_site(&site, g);
	t_log_is("Permission denied: tlsv1 alert unknown ca\n");
}

static void connect_to_nobody(void)
{
	gev_tls_context *c = client_context();
	int fd = gev_tcp_listen("127.0.0.1", 0, 5);
	int port = gev_socket_port(fd);

	t_fails(gev_tls_connect("127.0.0.1", port, c, BRIEFLY), ETIMEDOUT);
	gev_close(fd);
	t_fails(gev_tls_connect("127.0.0.1", port, c, SOON), ECONNREFUSED);
	t_fails(gev_tls_connect("127.0.0.1", port, c, -2), EINVAL);
	t_fails(gev_tls_connect("127.0.0.1", port, NULL, SOON), EINVAL);
	gev_tls_context_free(c);
}

static void a_service_does_not_wait_for_ever(void)
{
	struct site site;
	gev_greenlet *g = open_site(&site);
	int port = gev_socket_port(site.listener), fd;
	char c;

	site.service.timeout = BRIEFLY;
	fd = gev_tcp_connect("127.0.0.1", port, SOON);
	t_eq(gev_recv(fd, &c, 1, 0), 0);
	gev_close(fd);
	close_site(&site, g);
	t_log_is("Connection timed out: Connection timed out\n");
}

int main(void)
{
	pki_open();
	T_RUN(a_handshake_that_gets_nowhere);
	T_RUN(a_handshake_goes_on_after_a_timeout);
	T_RUN(reads_and_writes_have_a_time_limit);
	T_RUN(an_outer_timeout);
	T_RUN(the_rest_of_a_write_that_timed_out);
	T_RUN(the_rest_goes_out_by_itself);
	T_RUN(killed_at_each_stage);
	T_RUN(closed_at_each_stage);
	T_RUN(freed_at_each_stage);
	T_RUN(closed_under_a_reader_and_a_writer);
	T_RUN(the_peer_resets_at_each_stage);
	T_RUN(connect_to_a_service);
	T_RUN(connect_to_what_is_not_trusted);
	T_RUN(connect_to_nobody);
	T_RUN(a_service_does_not_wait_for_ever);
	pki_close();
	return t_done();
}
