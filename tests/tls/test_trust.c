/* SPDX-License-Identifier: MIT */
/* Who is trusted, who is not, and what both sides are told. */
#include "tls/ends.h"

/* A handshake with a server of @cert, for @name, under @verify. */
static struct shaken meet(const char *cert, const char *name, int verify,
	struct ends *e)
{
	gev_tls_context *client = client_context();

	t_eq(gev_tls_context_set_verify(client, verify), 0);
	open_with(e, client, server_context(cert), name);
	return shake_both(e);
}

static void refuses(const char *cert, const char *name, int verify,
	const char *why)
{
	struct ends e;
	struct shaken r = meet(cert, name, verify, &e);

	t_eq(r.client, EKEYREJECTED);
	t_eq(r.server, EACCES);
	t_ok(strstr(gev_tls_error(e.client), why) != NULL);
	t_str(gev_exception_message(gev_current()), gev_tls_error(e.client));
	t_fails(gev_tls_write(e.client, "x", 1), EKEYREJECTED);
	t_fails(gev_tls_handshake(e.client, SOON), EKEYREJECTED);
	close_ends(&e);
}

static void accepts(const char *cert, const char *name, int verify,
	const char *verdict)
{
	struct ends e;
	struct shaken r = meet(cert, name, verify, &e);
	struct gev_tls_info info;

	t_eq(r.client, 0);
	t_eq(r.server, 0);
	t_eq(gev_tls_get_info(e.client, &info), 0);
	t_str(info.verdict, verdict);
	t_eq(info.verified, strcmp(verdict, "ok") == 0);
	close_ends(&e);
}

static void the_right_name(void)
{
	accepts("good.pem", "localhost", GEV_TLS_VERIFY_NAME, "ok");
	accepts("good.pem", "localhost.", GEV_TLS_VERIFY_NAME, "ok");
	accepts("good.pem", "LocalHost", GEV_TLS_VERIFY_NAME, "ok");
	accepts("good.pem", "any.wild.test", GEV_TLS_VERIFY_NAME, "ok");
	accepts("good.pem", "127.0.0.1", GEV_TLS_VERIFY_NAME, "ok");
}

static void the_wrong_name(void)
{
	refuses("good.pem", "other.test", GEV_TLS_VERIFY_NAME,
		"hostname mismatch");
	refuses("good.pem", "a.b.wild.test", GEV_TLS_VERIFY_NAME,
		"hostname mismatch");
	refuses("good.pem", "good", GEV_TLS_VERIFY_NAME, "hostname mismatch");
	refuses("good.pem", "127.0.0.2", GEV_TLS_VERIFY_NAME,
		"IP address mismatch");
}

static void an_expired_certificate(void)
{
	refuses("expired.pem", "localhost", GEV_TLS_VERIFY_NAME, "expired");
	refuses("expired.pem", NULL, GEV_TLS_VERIFY_CHAIN, "expired");
}

static void a_self_signed_certificate(void)
{
	refuses("self.pem", "localhost", GEV_TLS_VERIFY_NAME, "self");
}

static void the_chain_alone(void)
{
	accepts("good.pem", "other.test", GEV_TLS_VERIFY_CHAIN, "ok");
	accepts("good.pem", NULL, GEV_TLS_VERIFY_CHAIN, "ok");
}

static void nothing_at_all_but_a_verdict(void)
{
	accepts("good.pem", "other.test", GEV_TLS_VERIFY_NONE,
		"hostname mismatch");
	accepts("expired.pem", NULL, GEV_TLS_VERIFY_NONE,
		"certificate has expired");
}

static void the_systems_authorities(void)
{
	gev_tls_context *client;
	struct shaken r;
	struct ends e;

	setenv("SSL_CERT_FILE", pki("ca.pem"), 1);
	client = gev_tls_context_new(GEV_TLS_CLIENT);
	open_with(&e, client, server_context("good.pem"), "localhost");
	r = shake_both(&e);
	t_eq(r.client, 0);
	close_ends(&e);
	unsetenv("SSL_CERT_FILE");

	client = gev_tls_context_new(GEV_TLS_CLIENT);
	open_with(&e, client, server_context("good.pem"), "localhost");
	r = shake_both(&e);
	t_eq(r.client, EKEYREJECTED);
	close_ends(&e);
}

static void own_authorities_replace_the_systems(void)
{
	gev_tls_context *client;
	struct shaken r;
	struct ends e;

	setenv("SSL_CERT_FILE", pki("ca.pem"), 1);
	for (int again = 0; again < 3; again++) {
		client = gev_tls_context_new(GEV_TLS_CLIENT);
		if (again == 1)
			t_eq(gev_tls_context_load_ca(client, NULL, NULL), 0);
		t_eq(gev_tls_context_load_ca(client, pki("self.pem"), NULL), 0);
		if (again == 2)
			t_eq(gev_tls_context_load_ca(client, NULL, NULL), 0);
		open_with(&e, client, server_context("good.pem"), "localhost");
		r = shake_both(&e);
		t_eq(r.client, again ? 0 : EKEYREJECTED);
		close_ends(&e);
	}
	unsetenv("SSL_CERT_FILE");
}

static void what_is_known_afterwards(void)
{
	static const unsigned char zeros[32];
	struct gev_tls_info info;
	struct ends e;

	open_ends(&e);
	t_fails(gev_tls_get_info(e.client, &info), ENOTCONN);
	t_eq(shake_both(&e).client, 0);
	t_eq(gev_tls_get_info(e.client, &info), 0);
	t_str(info.version, "TLSv1.3");
	t_ok(strncmp(info.cipher, "TLS_", 4) == 0);
	t_str(info.alpn, "");
	t_str(info.server_name, "localhost");
	t_str(info.subject, "CN=good");
	t_ok(info.verified && !info.reused);
	t_ok(memcmp(info.fingerprint, zeros, 32) != 0);
	t_eq(gev_tls_get_info(e.server, &info), 0);
	t_str(info.server_name, "localhost");
	t_str(info.subject, "");
	t_str(info.verdict, "");
	t_ok(!info.verified);
	t_ok(memcmp(info.fingerprint, zeros, 32) == 0);
	t_str(gev_tls_error(e.client), "");
	close_ends(&e);
}

/* A server that asks @mode of a client with @cert, and of TLS 1.2 or 1.3. */
static struct shaken ask_client(int mode, const char *cert, int version,
	struct ends *e)
{
	gev_tls_context *client = client_context();
	gev_tls_context *server = server_context("good.pem");

	if (cert)
		t_eq(gev_tls_context_load_cert(client, pki(cert), NULL), 0);
	t_eq(gev_tls_context_load_ca(server, pki("ca.pem"), NULL), 0);
	t_eq(gev_tls_context_set_verify(server, mode), 0);
	only_version(client, version);
	open_with(e, client, server, "localhost");
	return shake_both(e);
}

static void a_clients_certificate(void)
{
	struct gev_tls_info info;
	struct ends e;

	for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
		t_eq(ask_client(GEV_TLS_VERIFY_CHAIN, "client.pem", v,
			     &e).server, 0);
		t_eq(gev_tls_get_info(e.server, &info), 0);
		t_str(info.subject, "CN=alice");
		t_ok(info.verified);
		close_ends(&e);
	}
}

/* In TLS 1.3 the client learns of it when it reads. */
static void no_client_certificate(void)
{
	struct ends e;
	char c;

	for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
		t_eq(ask_client(GEV_TLS_VERIFY_CHAIN, NULL, v, &e).server,
			EKEYREJECTED);
		t_fails(gev_tls_read(e.client, &c, 1),
			v == TLS1_2_VERSION ? EPROTO : EACCES);
		close_ends(&e);
		t_eq(ask_client(GEV_TLS_VERIFY_OPTIONAL, NULL, v, &e).server,
			0);
		close_ends(&e);
	}
}

static void a_bad_client_certificate(void)
{
	struct ends e;
	char c;

	t_eq(ask_client(GEV_TLS_VERIFY_OPTIONAL, "self.pem", TLS1_3_VERSION,
		     &e).server, EKEYREJECTED);
	t_fails(gev_tls_read(e.client, &c, 1), EACCES);
	close_ends(&e);
}

static void files_that_are_none(void)
{
	gev_tls_context *c = gev_tls_context_new(GEV_TLS_SERVER);
	FILE *f = fopen(pki("garbage.pem"), "w");

	fputs("no certificate\n", f);
	fclose(f);
	t_fails(gev_tls_context_load_cert(c, pki("none.pem"), NULL), ENOENT);
	t_str(gev_exception_message(gev_current()), strerror(ENOENT));
	t_fails(gev_tls_context_load_ca(c, pki("none.pem"), NULL), ENOENT);
	t_fails(gev_tls_context_load_cert(c, pki("garbage.pem"), NULL),
		EBADMSG);
	t_fails(gev_tls_context_load_ca(c, pki("garbage.pem"), NULL), EBADMSG);
	t_fails(gev_tls_context_load_cert(c, pki("good.pem"),
			pki("other.pem")), EKEYREJECTED);
	t_eq(gev_tls_context_load_cert(c, pki("good.pem"), NULL), 0);
	unlink(pki("garbage.pem"));
	gev_tls_context_free(c);
}

/* It must not ask at the terminal. */
static void a_key_with_a_password(void)
{
	gev_tls_context *c = gev_tls_context_new(GEV_TLS_SERVER);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *f = fopen(pki("locked.pem"), "w");

	PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(), (unsigned char *)"pw",
		2, NULL, NULL);
	fclose(f);
	t_fails(gev_tls_context_load_cert(c, pki("good.pem"),
			pki("locked.pem")), EBADMSG);
	unlink(pki("locked.pem"));
	EVP_PKEY_free(key);
	gev_tls_context_free(c);
}

static void bad_arguments(void)
{
	gev_tls_context *client = client_context();
	gev_tls_context *server = server_context("good.pem");
	char name[300];

	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	t_fails(gev_tls_client(0, client, name), EINVAL);
	t_fails(gev_tls_context_new(7), EINVAL);
	t_fails(gev_tls_client(0, NULL, "localhost"), EINVAL);
	t_fails(gev_tls_client(0, client, NULL), EINVAL);
	t_fails(gev_tls_client(0, client, ""), EINVAL);
	t_fails(gev_tls_client(0, server, "localhost"), EINVAL);
	t_fails(gev_tls_server(0, client), EINVAL);
	t_fails(gev_tls_context_load_ca(NULL, NULL, NULL), EINVAL);
	t_fails(gev_tls_context_load_cert(server, NULL, NULL), EINVAL);
	t_fails(gev_tls_context_set_verify(client, GEV_TLS_VERIFY_OPTIONAL),
		EINVAL);
	t_fails(gev_tls_context_set_verify(server, GEV_TLS_VERIFY_NAME),
		EINVAL);
	t_fails(gev_tls_context_set_verify(server, 4), EINVAL);
	t_fails(gev_tls_context_set_select(client, NULL, NULL), EINVAL);
	t_fails(gev_tls_handshake(NULL, 0), EINVAL);
	t_fails(gev_tls_read(NULL, NULL, 1), EINVAL);
	t_fails(gev_tls_write(NULL, NULL, 1), EINVAL);
	t_fails(gev_tls_shutdown(NULL, SHUT_WR, 0), EINVAL);
	t_fails(gev_tls_stream(NULL, 0), EINVAL);
	t_eq(gev_tls_pending(NULL), 0);
	t_eq(gev_tls_fd(NULL), -1);
	t_ok(!gev_tls_ssl(NULL) && !gev_tls_context_ssl(NULL));
	gev_tls_close(NULL);
	gev_tls_free(NULL);
	gev_tls_context_free(NULL);
	gev_tls_context_free(client);
	gev_tls_context_free(server);
}

static void what_is_no_socket(void)
{
	gev_tls_context *client = client_context();
	int fds[2];
	gev_tls *tls;

	t_eq(gev_pipe(fds), 0);
	tls = gev_tls_client(fds[0], client, "localhost");
	t_fails(gev_tls_handshake(tls, SOON), ENOTSOCK);
	gev_tls_close(tls);
	tls = gev_tls_client(fds[0], client, "localhost");
	t_fails(gev_tls_handshake(tls, SOON), EBADF);
	gev_tls_free(tls);
	gev_close(fds[1]);
	gev_tls_context_free(client);
}

int main(void)
{
	pki_open();
	T_RUN(the_right_name);
	T_RUN(the_wrong_name);
	T_RUN(an_expired_certificate);
	T_RUN(a_self_signed_certificate);
	T_RUN(the_chain_alone);
	T_RUN(nothing_at_all_but_a_verdict);
	T_RUN(the_systems_authorities);
	T_RUN(own_authorities_replace_the_systems);
	T_RUN(what_is_known_afterwards);
	T_RUN(a_clients_certificate);
	T_RUN(no_client_certificate);
	T_RUN(a_bad_client_certificate);
	T_RUN(files_that_are_none);
	T_RUN(a_key_with_a_password);
	T_RUN(bad_arguments);
	T_RUN(what_is_no_socket);
	pki_close();
	return t_done();
}
