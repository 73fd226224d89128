/* SPDX-License-Identifier: MIT */
/* Protocols by ALPN, certificates by name, sessions that are resumed. */
#include "tls/ends.h"

/* What both find agreed when they prefer these; NULL: nothing set. */
static void agree(const char *client, const char *server, const char *result)
{
	gev_tls_context *c = client_context(), *s = server_context("good.pem");
	struct gev_tls_info info;
	struct shaken r;
	struct ends e;

	if (client)
		t_eq(gev_tls_context_set_alpn(c, client), 0);
	if (server)
		t_eq(gev_tls_context_set_alpn(s, server), 0);
	open_with(&e, c, s, "localhost");
	r = shake_both(&e);
	t_ok(r.client == 0 && r.server == 0);
	t_eq(gev_tls_get_info(e.client, &info), 0);
	t_str(info.alpn, result);
	t_eq(gev_tls_get_info(e.server, &info), 0);
	t_str(info.alpn, result);
	close_ends(&e);
}

static void protocols(void)
{
	agree("h2,http/1.1", "http/1.1,h2", "http/1.1");
	agree("h2,http/1.1", "h2", "h2");
	agree("h2", "http/1.1", "");
	agree("h2", NULL, "");
	agree(NULL, "h2", "");
}

static void lists_that_are_none(void)
{
	gev_tls_context *c = client_context();
	char text[256];

	t_fails(gev_tls_context_set_alpn(c, NULL), EINVAL);
	t_fails(gev_tls_context_set_alpn(c, ""), EINVAL);
	t_fails(gev_tls_context_set_alpn(c, ",h2"), EINVAL);
	t_fails(gev_tls_context_set_alpn(c, "h2,"), EINVAL);
	t_fails(gev_tls_context_set_alpn(c, "a,,b"), EINVAL);
	memset(text, 'x', 255);
	text[255] = '\0';
	t_fails(gev_tls_context_set_alpn(c, text), EINVAL);
	text[254] = '\0';
	t_eq(gev_tls_context_set_alpn(c, text), 0);
	t_eq(gev_tls_context_set_alpn(c, "h2"), 0);
	gev_tls_context_free(c);
}

static gev_tls_context *by_name(const char *name, void *other)
{
	t_log("%s ", name);
	return strcmp(name, "other.test") == 0 ? other : NULL;
}

/* The other context asks for a certificate, and speaks another protocol. */
static void certificates_by_name(void)
{
	gev_tls_context *other = server_context("other.pem");
	struct gev_tls_info info;
	struct shaken r;
	struct ends e;

	t_eq(gev_tls_context_load_ca(other, pki("ca.pem"), NULL), 0);
	t_eq(gev_tls_context_set_verify(other, GEV_TLS_VERIFY_CHAIN), 0);
	t_eq(gev_tls_context_set_alpn(other, "second"), 0);
	for (int i = 0; i < 2; i++) {
		gev_tls_context *c = client_context();
		gev_tls_context *s = server_context("good.pem");

		t_eq(gev_tls_context_load_cert(c, pki("client.pem"), NULL), 0);
		t_eq(gev_tls_context_set_alpn(c, "first,second"), 0);
		t_eq(gev_tls_context_set_alpn(s, "first"), 0);
		t_eq(gev_tls_context_set_select(s, by_name, other), 0);
		open_with(&e, c, s, i ? "other.test" : "localhost");
		r = shake_both(&e);
		t_ok(r.client == 0 && r.server == 0);
		t_eq(gev_tls_get_info(e.client, &info), 0);
		t_str(info.subject, i ? "CN=other" : "CN=good");
		t_str(info.alpn, i ? "second" : "first");
		t_eq(gev_tls_get_info(e.server, &info), 0);
		t_str(info.subject, i ? "CN=alice" : "");
		close_ends(&e);
	}
	t_log_is("localhost other.test ");
	gev_tls_context_free(other);
}

/* No name is asked for with an address. */
static void no_name_no_choice(void)
{
	gev_tls_context *s = server_context("good.pem");
	struct ends e;

	t_eq(gev_tls_context_set_select(s, by_name, NULL), 0);
	open_with(&e, client_context(), s, "127.0.0.1");
	t_eq(shake_both(&e).client, 0);
	t_log_is("");
	close_ends(&e);
}

/* A connection of two contexts that stay; whether it was a resumed one. */
static bool resumed(gev_tls_context *c, gev_tls_context *s, const char *name)
{
	struct gev_tls_info info;
	struct shaken r;
	struct ends e;
	char byte;

	open_with(&e, c, s, name);
	r = shake_both(&e);
	t_ok(r.client == 0 && r.server == 0);
	t_eq(gev_tls_write(e.server, "x", 1), 1);
	t_eq(gev_tls_read(e.client, &byte, 1), 1); /* and the tickets */
	t_eq(gev_tls_get_info(e.client, &info), 0);
	gev_tls_close(e.client);
	gev_tls_close(e.server);
	return info.reused;
}

static void a_session_is_resumed(void)
{
	for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
		gev_tls_context *c = client_context();
		gev_tls_context *s = server_context("good.pem");

		only_version(s, v);
		t_ok(!resumed(c, s, "localhost"));
		for (int i = 0; i < 5; i++)
			t_ok(resumed(c, s, "localhost"));
		t_ok(!resumed(c, s, "a.wild.test"));
		t_ok(resumed(c, s, "a.wild.test"));
		t_ok(resumed(c, s, "localhost"));
		gev_tls_context_free(c);
		gev_tls_context_free(s);
	}
}

static void a_resumed_session_is_as_verified(void)
{
	gev_tls_context *c = client_context(), *s = server_context("good.pem");
	struct gev_tls_info info;
	struct ends e;

	resumed(c, s, "localhost");
	open_with(&e, c, s, "localhost");
	shake_both(&e);
	t_eq(gev_tls_get_info(e.client, &info), 0);
	t_ok(info.reused && info.verified);
	t_str(info.subject, "CN=good");
	close_ends(&e);
}

/* What was not verified then would not be now. */
static void no_session_gets_round_verification(void)
{
	for (int by_openssl = 0; by_openssl < 2; by_openssl++) {
		gev_tls_context *c = client_context();
		gev_tls_context *s = server_context("self.pem");
		struct ends e;

		t_eq(gev_tls_context_set_verify(c, GEV_TLS_VERIFY_NONE), 0);
		resumed(c, s, "localhost");
		t_ok(resumed(c, s, "localhost"));
		if (by_openssl)
			SSL_CTX_set_verify(gev_tls_context_ssl(c),
				SSL_VERIFY_PEER, NULL);
		else
			gev_tls_context_set_verify(c, GEV_TLS_VERIFY_NAME);
		open_with(&e, c, s, "localhost");
		t_eq(shake_both(&e).client, EKEYREJECTED);
		close_ends(&e);
	}
}

static void without_resumption(void)
{
	for (int side = 0; side < 2; side++) {
		gev_tls_context *c = client_context();
		gev_tls_context *s = server_context("good.pem");

		t_eq(gev_tls_context_set_resumption(side ? s : c, false), 0);
		t_ok(!resumed(c, s, "localhost"));
		t_ok(!resumed(c, s, "localhost"));
		t_eq(gev_tls_context_set_resumption(side ? s : c, true), 0);
		t_ok(!resumed(c, s, "localhost"));
		t_ok(resumed(c, s, "localhost"));
		gev_tls_context_free(c);
		gev_tls_context_free(s);
	}
}

/* More names than there is room for: the oldest is forgotten. */
static void many_names(void)
{
	gev_tls_context *c = client_context(), *s = server_context("good.pem");
	char name[32];

	only_version(s, TLS1_2_VERSION);
	for (int i = 0; i < 257; i++) {
		snprintf(name, sizeof(name), "n%d.wild.test", i);
		t_ok(!resumed(c, s, name));
	}
	t_ok(resumed(c, s, "n256.wild.test"));
	t_ok(resumed(c, s, "n1.wild.test"));
	t_ok(!resumed(c, s, "n0.wild.test"));
	gev_tls_context_free(c);
	gev_tls_context_free(s);
}

int main(void)
{
	pki_open();
	T_RUN(protocols);
	T_RUN(lists_that_are_none);
	T_RUN(certificates_by_name);
	T_RUN(no_name_no_choice);
	T_RUN(a_session_is_resumed);
	T_RUN(a_resumed_session_is_as_verified);
	T_RUN(no_session_gets_round_verification);
	T_RUN(without_resumption);
	T_RUN(many_names);
	pki_close();
	return t_done();
}
