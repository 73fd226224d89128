/* SPDX-License-Identifier: MIT */
/* A reader and a writer at the same time, and what comes between them. */
#include "tls/ends.h"
#include <openssl/err.h>

#define BULK (4 << 20)
#define CHUNK 10000

static intptr_t pour(void *tls)
{
	static char data[CHUNK];
	size_t done;

	for (done = 0; done < BULK; done += CHUNK)
		if (gev_tls_write(tls, data, CHUNK) != CHUNK)
			return -1;
	return (intptr_t)done;
}

static intptr_t drink(void *tls)
{
	static char buf[CHUNK];
	size_t done = 0;
	ssize_t n;

	while (done < BULK && (n = gev_tls_read(tls, buf, sizeof(buf))) > 0)
		done += (size_t)n;
	return (intptr_t)done;
}

/* Both directions at once, with @disturb called now and then for each end. */
static void converse(struct ends *e, void (*disturb)(gev_tls *tls))
{
	gev_greenlet *g[4] = { gev_spawn(pour, e->client),
		gev_spawn(drink, e->client), gev_spawn(pour, e->server),
		gev_spawn(drink, e->server) };

	while (gev_ready(g[0]) + gev_ready(g[1]) + gev_ready(g[2]) +
		       gev_ready(g[3]) < 4) {
		if (disturb && !gev_ready(g[0]) && !gev_ready(g[2])) {
			disturb(e->client);
			disturb(e->server);
		}
		if (gev_sleep(GEV_MS(1)) < 0)
			break;
	}
	for (int i = 0; i < 4; i++) {
		t_ok(gev_get(g[i], SOON) >= BULK);
		gev_unref(g[i]);
	}
}

/* The peer answers with one of its own, also where it is in a write. */
static void update_key(gev_tls *tls)
{
	SSL_key_update(gev_tls_ssl(tls), SSL_KEY_UPDATE_REQUESTED);
	ERR_clear_error();
}

static void key_updates_in_bulk_both_ways(void)
{
	struct ends e;

	open_shaken(&e);
	converse(&e, update_key);
	close_ends(&e);
}

/* Of TLS 1.2; OpenSSL lets a server begin one. */
static void renegotiate(gev_tls *tls)
{
	if (SSL_is_server(gev_tls_ssl(tls)) &&
		!SSL_renegotiate_pending(gev_tls_ssl(tls)))
		SSL_renegotiate(gev_tls_ssl(tls));
	ERR_clear_error();
}

static intptr_t answer(void *tls)
{
	char c;

	while (gev_tls_read(tls, &c, 1) == 1)
		if (gev_tls_write(tls, &c, 1) != 1)
			return -1;
	return 0;
}

static void renegotiations(void)
{
	gev_tls_context *s = server_context("good.pem");
	struct ends e;
	gev_greenlet *g;
	char c;

	only_version(s, TLS1_2_VERSION);
	open_with(&e, client_context(), s, "localhost");
	t_eq(shake_both(&e).client, 0);
	g = gev_spawn(answer, e.client);
	for (int i = 0; i < 10; i++) {
		renegotiate(e.server);
		t_eq(gev_tls_write(e.server, "?", 1), 1);
		t_eq(gev_tls_read(e.server, &c, 1), 1);
	}
	t_ok(SSL_num_renegotiations(gev_tls_ssl(e.server)) >= 5);
	gev_tls_close(e.server);
	t_eq(gev_get(g, SOON), 0);
	gev_unref(g);
	e.server = NULL;
	close_ends(&e);
}

static intptr_t read_one(void *tls)
{
	char c;

	return gev_tls_read(tls, &c, 1);
}

static intptr_t write_one(void *tls)
{
	return gev_tls_write(tls, "x", 1);
}

/* Both want to read: the one to get a byte, the other to agree on a key. */
static void reader_and_writer_share_the_handshake(void)
{
	for (int order = 0; order < 2; order++) {
		struct ends e;
		gev_greenlet *g[4];

		open_ends(&e);
		g[order] = gev_spawn(order ? write_one : read_one, e.client);
		g[!order] = gev_spawn(order ? read_one : write_one, e.client);
		gev_sleep(GEV_MS(1));
		g[2] = gev_spawn(read_one, e.server);
		g[3] = gev_spawn(write_one, e.server);
		for (int i = 0; i < 4; i++) {
			t_eq(gev_get(g[i], SOON), 1);
			gev_unref(g[i]);
		}
		close_ends(&e);
	}
}

static void the_sharer_takes_over(void)
{
	struct ends e;
	gev_greenlet *g[2];

	open_ends(&e);
	g[0] = gev_spawn(read_one, e.client);
	g[1] = gev_spawn(write_one, e.client);
	gev_sleep(GEV_MS(1));
	gev_kill(g[0], 0);
	t_fails(gev_get(g[0], SOON), ECANCELED);
	t_eq(read_one(e.server), 1);
	t_eq(gev_get(g[1], SOON), 1);
	gev_unref(g[0]);
	gev_unref(g[1]);
	close_ends(&e);
}

static void a_second_reader(void)
{
	struct ends e;
	gev_greenlet *g;

	open_shaken(&e);
	g = gev_spawn(read_one, e.client);
	gev_yield();
	t_fails(read_one(e.client), EBUSY);
	t_fails(gev_tls_handshake(e.client, SOON), EBUSY);
	t_fails(gev_tls_shutdown(e.client, SHUT_RDWR, SOON), EBUSY);
	t_eq(gev_tls_write(e.server, "x", 1), 1);
	t_eq(gev_get(g, SOON), 1);
	gev_unref(g);
	close_ends(&e);
}

static void goodbye_while_the_other_reads(void)
{
	struct ends e;
	gev_greenlet *g;

	open_shaken(&e);
	g = gev_spawn(read_one, e.client);
	gev_yield();
	t_eq(gev_tls_shutdown(e.client, SHUT_WR, SOON), 0);
	t_eq(read_one(e.server), 0);
	t_eq(gev_tls_shutdown(e.server, SHUT_WR, SOON), 0);
	t_eq(gev_get(g, SOON), 0);
	gev_unref(g);
	close_ends(&e);
}

static void a_slow_reader(void)
{
	struct ends e;
	gev_greenlet *g;
	size_t done = 0;
	char buf[3000];
	int size = 4096;
	ssize_t n;

	open_shaken(&e);
	gev_setsockopt(gev_tls_fd(e.client), SOL_SOCKET, SO_SNDBUF, &size,
		sizeof(size));
	g = gev_spawn(pour, e.client);
	while (done < BULK && (n = gev_tls_read(e.server, buf,
				       sizeof(buf))) > 0) {
		done += (size_t)n;
		gev_yield();
	}
	t_ok(done >= BULK);
	t_ok(gev_get(g, SOON) >= BULK);
	gev_unref(g);
	close_ends(&e);
}

static void pending_is_what_need_not_wait(void)
{
	struct ends e;
	char buf[16];

	open_shaken(&e);
	t_eq(gev_tls_pending(e.client), 0);
	t_eq(gev_tls_write(e.server, "12345", 5), 5);
	t_eq(gev_tls_write(e.server, "678", 3), 3);
	t_eq(gev_wait_fd(gev_tls_fd(e.client), GEV_READ, SOON), GEV_READ);
	t_eq(gev_tls_read(e.client, buf, 2), 2);
	t_eq(gev_tls_pending(e.client), 3);
	t_eq(gev_tls_read(e.client, buf, 3), 3);
	t_eq(gev_tls_pending(e.client), 3);
	t_eq(gev_tls_read(e.client, buf, sizeof(buf)), 3);
	t_eq(gev_tls_pending(e.client), 0);
	close_ends(&e);
}

/* Who never has to wait lets others run all the same. */
static void neighbours_of_bulk(void)
{
	struct ends e;
	gev_greenlet *g[2];
	int turns = 0;

	open_shaken(&e);
	g[0] = gev_spawn(pour, e.client);
	g[1] = gev_spawn(drink, e.server);
	while (!gev_ready(g[1]) && gev_yield() == 0)
		turns++;
	t_ok(turns >= BULK / CHUNK / 64);
	for (int i = 0; i < 2; i++) {
		t_ok(gev_get(g[i], SOON) >= BULK);
		gev_unref(g[i]);
	}
	close_ends(&e);
}

static void a_hundred_handshakes_at_once(void)
{
	static struct ends e[100];
	gev_tls_context *c = client_context(), *s = server_context("good.pem");
	gev_greenlet *g[200];
	int good = 0;

	for (int i = 0; i < 100; i++) {
		open_with(&e[i], c, s, "localhost");
		g[2 * i] = gev_spawn(shake, e[i].client);
		g[2 * i + 1] = gev_spawn(shake, e[i].server);
	}
	for (int i = 0; i < 200; i++) {
		good += gev_get(g[i], SOON) == 0;
		gev_unref(g[i]);
	}
	t_eq(good, 200);
	for (int i = 0; i < 100; i++) {
		gev_tls_close(e[i].client);
		gev_tls_close(e[i].server);
	}
	gev_tls_context_free(c);
	gev_tls_context_free(s);
}

int main(void)
{
	pki_open();
	T_RUN(key_updates_in_bulk_both_ways);
	T_RUN(renegotiations);
	T_RUN(reader_and_writer_share_the_handshake);
	T_RUN(the_sharer_takes_over);
	T_RUN(a_second_reader);
	T_RUN(goodbye_while_the_other_reads);
	T_RUN(a_slow_reader);
	T_RUN(pending_is_what_need_not_wait);
	T_RUN(neighbours_of_bulk);
	T_RUN(a_hundred_handshakes_at_once);
	pki_close();
	return t_done();
}
