/* SPDX-License-Identifier: MIT */
/* What two that agree can do. */
#include "tls/ends.h"

#define BULK (2 << 20)

static void a_message_and_an_answer(void)
{
	struct ends e;
	char buf[16] = "";

	open_shaken(&e);
	t_eq(gev_tls_write(e.client, "hello", 5), 5);
	t_eq(gev_tls_read(e.server, buf, sizeof(buf)), 5);
	t_str(buf, "hello");
	t_eq(gev_tls_write(e.server, "you too", 8), 8);
	t_eq(gev_tls_read(e.client, buf, sizeof(buf)), 8);
	t_str(buf, "you too");
	close_ends(&e);
}

static intptr_t greet(void *tls)
{
	return gev_tls_write(tls, "welcome", 8);
}

static void without_an_explicit_handshake(void)
{
	struct ends e;
	char buf[16] = "";
	gev_greenlet *g;

	open_ends(&e);
	g = gev_spawn(greet, e.server);
	t_eq(gev_tls_read(e.client, buf, sizeof(buf)), 8);
	t_str(buf, "welcome");
	t_eq(gev_get(g, SOON), 8);
	gev_unref(g);
	close_ends(&e);
}

static char byte_at(size_t i)
{
	return (char)(i * 7 + i / 251);
}

static intptr_t pour(void *tls)
{
	char *data = malloc(BULK);
	ssize_t n;

	for (size_t i = 0; i < BULK; i++)
		data[i] = byte_at(i);
	n = gev_tls_write(tls, data, BULK);
	free(data);
	return n;
}

static intptr_t drink(void *tls)
{
	static char buf[30000];
	size_t done = 0;
	ssize_t n;

	while (done < BULK && (n = gev_tls_read(tls, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i += 97)
			if (buf[i] != byte_at(done + (size_t)i))
				return gev_fail(EBADMSG, "other data");
		done += (size_t)n;
	}
	return (intptr_t)done;
}

static void bulk_both_ways_at_once(void)
{
	struct ends e;
	gev_greenlet *g[4];

	open_ends(&e);
	g[0] = gev_spawn(pour, e.client);
	g[1] = gev_spawn(drink, e.client);
	g[2] = gev_spawn(pour, e.server);
	g[3] = gev_spawn(drink, e.server);
	for (int i = 0; i < 4; i++) {
		t_eq(gev_get(g[i], SOON), BULK);
		gev_unref(g[i]);
	}
	close_ends(&e);
}

int main(void)
{
	pki_open();
	T_RUN(a_message_and_an_answer);
	T_RUN(without_an_explicit_handshake);
	T_RUN(bulk_both_ways_at_once);
	pki_close();
	return t_done();
}
