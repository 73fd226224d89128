/* SPDX-License-Identifier: MIT */
/*
 * A connection, from its making to its end.
 *
 * It may be closed by one greenlet while others use it.  They then fail, and
 * the last of them that leaves takes it down.
 */
#include "tls/tls.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <gev/io.h>
#include <gev/socket.h>

static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

/* "example.org." is the name "example.org", in a certificate at least. */
static char *copy_name(const char *name)
{
	size_t size = strlen(name);

	if (size > 1 && name[size - 1] == '.')
		size--;
	return OPENSSL_strndup(name, size);
}

/* The name to ask for, and to expect: 0 or -errno. */
static int expect(gev_tls *tls, int verify, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	bool address = is_address(name);

	tls->server_name = copy_name(name);
	if (!tls->server_name)
		return -ENOMEM;
	if (!address && !SSL_set_tlsext_host_name(tls->ssl, tls->server_name))
		return strlen(name) > TLSEXT_MAXLEN_host_name ? -EINVAL :
								-ENOMEM;
	if (verify == GEV_TLS_VERIFY_CHAIN)
		return 0;
	if (address ? X509_VERIFY_PARAM_set1_ip_asc(param, tls->server_name) :
		      X509_VERIFY_PARAM_set1_host(param, tls->server_name, 0))
		return 0;
	return -ENOMEM;
}

static void destroy(gev_tls *tls)
{
	SSL_free(tls->ssl);
	gev__tls_wire_fini(&tls->wire);
	OPENSSL_free(tls->server_name);
	OPENSSL_free(tls->subject);
	OPENSSL_free(tls->alpn);
	ERR_clear_error();
	OPENSSL_free(tls);
}

static int make_ssl(gev_tls *tls, gev_tls_context *context)
{
	BIO *bio;

	tls->ssl = SSL_new(context->ssl);
	if (!tls->ssl || gev__tls_adopt(tls->ssl, tls) < 0)
		return -ENOMEM;
	bio = gev__tls_bio(&tls->wire);
	if (!bio)
		return -ENOMEM;
	SSL_set_bio(tls->ssl, bio, bio);
	return 0;
}

static gev_tls *make(int fd, gev_tls_context *context)
{
	gev_tls *tls = OPENSSL_zalloc(sizeof(*tls));
	int one = 1;

	if (!tls || gev__tls_context_begin(context) < 0) {
		OPENSSL_free(tls);
		return NULL;
	}
	gev_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	tls->wire.fd = fd;
	tls->timeout = GEV_FOREVER;
	gev_event_init(&tls->moved);
	if (make_ssl(tls, context) == 0)
		return tls;
	destroy(tls);
	return NULL;
}

static gev_tls *failed(int error)
{
	ERR_clear_error();
	errno = error;
	return NULL;
}

gev_tls *gev_tls_client(int fd, gev_tls_context *context,
	const char *server_name)
{
	gev_tls *tls;
	int r = 0;

	if (!context || context->role != GEV_TLS_CLIENT ||
		(!server_name && context->verify == GEV_TLS_VERIFY_NAME) ||
		(server_name && !*server_name))
		return failed(EINVAL);
	tls = make(fd, context);
	if (!tls)
		return failed(ENOMEM);
	SSL_set_connect_state(tls->ssl);
	if (server_name)
		r = expect(tls, context->verify, server_name);
	if (r < 0) {
		destroy(tls);
		return failed(-r);
	}
	if (server_name && context->resumes)
		gev__tls_resume(tls, context);
	ERR_clear_error();
	return tls;
}

gev_tls *gev_tls_server(int fd, gev_tls_context *context)
{
	gev_tls *tls;

	if (!context || context->role != GEV_TLS_SERVER)
		return failed(EINVAL);
	tls = make(fd, context);
	if (!tls)
		return failed(ENOMEM);
	SSL_set_accept_state(tls->ssl);
	return tls;
}

int gev__tls_enter(gev_tls *tls, int sides)
{
	if (tls->closed)
		return -EBADF;
	if (tls->busy & sides)
		return -EBUSY;
	if (tls->broken)
		return -tls->broken;
	tls->busy |= (uint8_t)sides;
	tls->users++;
	return 0;
}

void gev__tls_leave(gev_tls *tls, int sides)
{
	tls->busy &= (uint8_t)~sides;
	gev__tls_stir(tls);
	if (--tls->users == 0 && tls->closed)
		destroy(tls);
}

void gev__tls_stir(gev_tls *tls)
{
	if (tls->sleepers == 0)
		return;
	gev_event_set(&tls->moved);
	gev_event_clear(&tls->moved);
}

/* Not while someone is in the middle of something. */
static void say_goodbye(gev_tls *tls)
{
	if (!tls->established || tls->broken || tls->users)
		return;
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
	gev__tls_flush(&tls->wire);
	ERR_clear_error();
}

static void end(gev_tls *tls, bool closes)
{
	int fd = tls->wire.fd;

	if (tls->closed)
		return;
	say_goodbye(tls);
	tls->closed = true;
	tls->users++;
	if (closes)
		gev_close(fd);
	else if (tls->awaited)
		gev_forget(fd);
	gev__tls_leave(tls, 0);
}

void gev_tls_close(gev_tls *tls)
{
	if (tls)
		end(tls, true);
}

void gev_tls_free(gev_tls *tls)
{
	if (tls)
		end(tls, false);
}

int gev_tls_fd(const gev_tls *tls)
{
	return tls ? tls->wire.fd : -1;
}

SSL *gev_tls_ssl(gev_tls *tls)
{
	return tls ? tls->ssl : NULL;
}

const char *gev_tls_error(const gev_tls *tls)
{
	return tls ? tls->text : "";
}
