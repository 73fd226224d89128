/* SPDX-License-Identifier: MIT */
/* OpenSSL's blocking BIOs: a TLS connection to nginx, and both sides of one. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include "matrix/matrix.h"
#include "matrix/nginx.h"

#define CALLS 20

static SSL_CTX *client_ctx, *server_ctx, *strict_ctx;

static const char *serve(void)
{
	const char *why = nginx_start();

	if (why)
		return why;
	client_ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_load_verify_file(client_ctx, nginx.certificate);
	SSL_CTX_set_verify(client_ctx, SSL_VERIFY_PEER, NULL);
	strict_ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(strict_ctx, SSL_VERIFY_PEER, NULL);
	server_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate_file(server_ctx, nginx.certificate,
		SSL_FILETYPE_PEM);
	SSL_CTX_use_PrivateKey_file(server_ctx, nginx.key, SSL_FILETYPE_PEM);
	return NULL;
}

static void stop(void)
{
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(strict_ctx);
	SSL_CTX_free(server_ctx);
	nginx_stop();
}

static BIO *to(SSL_CTX *ctx, int port)
{
	BIO *b = BIO_new_ssl_connect(ctx);
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%d", port);
	BIO_set_conn_hostname(b, address);
	return b;
}

/* What was last heard; or what went wrong, as OpenSSL has it. */
static void talk(BIO *b, const char *question, char *said)
{
	char data[MATRIX_SAID];
	int n = -1;

	snprintf(said, MATRIX_SAID, "nothing");
	if (BIO_do_handshake(b) == 1 && BIO_puts(b, question) > 0)
		while ((n = BIO_read(b, data, sizeof(data))) > 0)
			snprintf(said, MATRIX_SAID, "%.*s", n, data);
	if (n < 0 && ERR_peek_error())
		ERR_error_string_n(ERR_peek_error(), said, MATRIX_SAID);
	else if (n < 0)
		snprintf(said, MATRIX_SAID, "%s", strerror(errno));
	ERR_clear_error();
}

static void ask(const char *path, char *said)
{
	char question[128], heard[MATRIX_SAID];
	BIO *b = to(client_ctx, nginx.tls_port);
	const char *body;

	snprintf(question, sizeof(question),
		"GET /%s HTTP/1.0\r\nHost: nginx.test\r\n\r\n", path);
	enter();
	talk(b, question, heard);
	leave();
	body = strstr(heard, "\r\n\r\n");
	strcpy(said, body ? body + 4 : heard);
	BIO_free_all(b);
}

static void call(int i, char *said)
{
	int many = matrix_now.expected ? matrix_now.expected : 1;
	char path[64];

	snprintf(path, sizeof(path), "gate/%d/%d", many, i);
	ask(path, said);
}

static void stuck(int i, char *said)
{
	(void)i;
	ask("never", said);
}

static const struct matrix row = { .library = "OpenSSL BIO",
	.version = OPENSSL_VERSION_STR,
	.calls = CALLS,
	.call = call,
	.stuck = stuck,
	.at_timeout = "Connection timed out",
	.at_kill = "Operation canceled" };

static int listening_port;

/* Says what it hears, backwards. */
static intptr_t answer(void *arg)
{
	char line[64], back[64];
	BIO *b = arg;
	int n;

	t_eq(BIO_do_handshake(b), 1);
	n = BIO_read(b, line, sizeof(line));
	t_ok(n > 0);
	for (int i = 0; i < n; i++)
		back[i] = line[n - 1 - i];
	usleep(20000);
	t_eq(BIO_write(b, back, n), n);
	BIO_free_all(b);
	return 0;
}

static intptr_t accept_all(void *arg)
{
	BIO *listener = arg, *ssl = BIO_new_ssl(server_ctx, 0);
	gev_greenlet *g[CALLS];

	BIO_set_accept_bios(listener, ssl);
	for (int i = 0; i < CALLS; i++) {
		t_eq(BIO_do_accept(listener), 1);
		g[i] = start(answer, (intptr_t)BIO_pop(listener));
	}
	for (int i = 0; i < CALLS; i++)
		join(g[i]);
	return 0;
}

static intptr_t ask_the_other(void *arg)
{
	char question[32], heard[MATRIX_SAID];
	BIO *b = to(client_ctx, listening_port);

	snprintf(question, sizeof(question), "%d-abc", 10 + (int)(intptr_t)arg);
	talk(b, question, heard);
	BIO_free_all(b);
	t_eq(strncmp(heard, "cba-", 4), 0);
	t_eq(heard[4], question[1]);
	return 0;
}

static void both_sides_are_greenlets(void)
{
	BIO *listener = BIO_new_accept("127.0.0.1:0");
	gev_greenlet *server, *g[CALLS];

	t_eq(BIO_do_accept(listener), 1);
	listening_port = atoi(BIO_get_accept_port(listener));
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	server = start(accept_all, (intptr_t)listener);
	for (int i = 0; i < CALLS; i++)
		g[i] = start(ask_the_other, i);
	for (int i = 0; i < CALLS; i++)
		join(g[i]);
	join(server);
	t_eq(gev_unpatch_all(), 0);
	BIO_free_all(listener);
}

/* A handshake that fails, and whoever failed goes to sleep on it. */
static intptr_t fail(void *arg)
{
	BIO *b = to(strict_ctx, nginx.tls_port);

	(void)arg;
	t_ok(BIO_do_handshake(b) <= 0);
	t_ok(ERR_peek_error() != 0);
	usleep(50000);
	t_eq(ERR_GET_REASON(ERR_peek_error()), SSL_R_CERTIFICATE_VERIFY_FAILED);
	ERR_clear_error();
	BIO_free_all(b);
	return 0;
}

static intptr_t succeed(void *arg)
{
	char said[MATRIX_SAID];

	(void)arg;
	for (int i = 0; i < 10; i++) {
		usleep(5000);
		t_eq(ERR_peek_error(), 0);
	}
	ask("late/me", said);
	t_str(said, "me, please");
	return 0;
}

static void errors_are_their_makers(void)
{
	gev_greenlet *g[CALLS];

	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	if (!matrix_like_threads()) {
		t_skip("greenlets share the thread's error queue");
		gev_unpatch_all();
		return;
	}
	for (int i = 0; i < CALLS; i++)
		g[i] = start(i % 2 ? succeed : fail, 0);
	for (int i = 0; i < CALLS; i++)
		join(g[i]);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (matrix_begin(serve)) {
		matrix_row(&row);
		T_RUN(both_sides_are_greenlets);
		T_RUN(errors_are_their_makers);
	}
	return matrix_end(stop);
}
