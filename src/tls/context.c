/* SPDX-License-Identifier: MIT */
#include "tls/tls.h"
#include <openssl/x509v3.h>
#include <string.h>

#define ALPN_MAX 255

/*
 * Files that need a password: OpenSSL would ask at the terminal, which would
 * block the thread.
 */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return -1;
}

static int agree(SSL *ssl, const unsigned char **out, unsigned char *out_size,
	const unsigned char *in, unsigned in_size, void *unused)
{
	gev_tls_context *context = gev__tls_context_of(ssl);
	unsigned char *chosen;

	(void)unused;
	if (!context->alpn ||
		SSL_select_next_proto(&chosen, out_size, context->alpn,
			context->alpn_size, in, in_size) !=
			OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* SSL_set_SSL_CTX() takes over the certificate; the demands are left to us. */
static int choose(SSL *ssl, int *alert, void *arg)
{
	gev_tls_context *context = arg, *other = NULL;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name && context->select)
		other = context->select(name, context->select_arg);
	if (!other || other == context)
		return SSL_TLSEXT_ERR_OK;
	if (!SSL_set_SSL_CTX(ssl, other->ssl))
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	SSL_set_verify(ssl, SSL_CTX_get_verify_mode(other->ssl),
		SSL_CTX_get_verify_callback(other->ssl));
	return SSL_TLSEXT_ERR_OK;
}

static const int modes[] = {
	[GEV_TLS_VERIFY_NONE] = SSL_VERIFY_NONE,
	[GEV_TLS_VERIFY_OPTIONAL] = SSL_VERIFY_PEER,
	[GEV_TLS_VERIFY_CHAIN] = SSL_VERIFY_PEER |
		SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	[GEV_TLS_VERIFY_NAME] = SSL_VERIFY_PEER,
};

/*
 * Reads as much as there is at a time, not record by record; gives buffers
 * back while a connection is idle; and, since a write that was not completed
 * goes on after others ran, does not insist on its address.
 */
static void set_defaults(SSL_CTX *ssl)
{
	SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
	SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
			SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ssl, 1);
	SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION |
			SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_default_passwd_cb(ssl, no_password);
	SSL_CTX_set_dh_auto(ssl, 1);
}

static void set_server(gev_tls_context *context)
{
	static const unsigned char id[] = "gev";

	SSL_CTX_set_alpn_select_cb(context->ssl, agree, NULL);
	SSL_CTX_set_tlsext_servername_callback(context->ssl, choose);
	SSL_CTX_set_tlsext_servername_arg(context->ssl, context);
	SSL_CTX_set_session_id_context(context->ssl, id, sizeof(id) - 1);
}

static void set_client(gev_tls_context *context)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context->ssl);

	X509_VERIFY_PARAM_set_hostflags(param,
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
			X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	SSL_CTX_set_session_cache_mode(context->ssl,
		SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context->ssl, gev__tls_remember);
	context->system_ca = true;
}

void gev__tls_context_gone(gev_tls_context *context)
{
	gev__tls_forget_sessions(context);
	pthread_mutex_destroy(&context->lock);
	OPENSSL_free(context->alpn);
	OPENSSL_free(context);
}

/* From the adoption on @context goes when its SSL_CTX does. */
static gev_tls_context *make(int role)
{
	bool client = role == GEV_TLS_CLIENT;
	gev_tls_context *context = OPENSSL_zalloc(sizeof(*context));
	SSL_CTX *ssl = SSL_CTX_new(client ? TLS_client_method() :
					    TLS_server_method());

	if (!context || !ssl || gev__tls_adopt_context(ssl, context) < 0) {
		SSL_CTX_free(ssl);
		OPENSSL_free(context);
		return NULL;
	}
	context->ssl = ssl;
	context->role = role;
	context->resumes = true;
	pthread_mutex_init(&context->lock, NULL);
	set_defaults(ssl);
	gev_tls_context_set_verify(context,
		client ? GEV_TLS_VERIFY_NAME : GEV_TLS_VERIFY_NONE);
	if (client)
		set_client(context);
	else
		set_server(context);
	return context;
}

gev_tls_context *gev_tls_context_new(int role)
{
	gev_tls_context *context;

	if (role != GEV_TLS_CLIENT && role != GEV_TLS_SERVER) {
		errno = EINVAL;
		return NULL;
	}
	context = gev__tls_library() < 0 ? NULL : make(role);
	ERR_clear_error();
	if (!context)
		errno = ENOMEM;
	return context;
}

void gev_tls_context_free(gev_tls_context *context)
{
	if (context)
		SSL_CTX_free(context->ssl);
}

/*
 * The system's authorities are a hundred and more, which takes 20 ms: they are
 * loaded when it is sure that they are wanted.
 */
int gev_tls_context_load_ca(gev_tls_context *context, const char *file,
	const char *directory)
{
	bool system = !file && !directory;

	if (!context)
		return (int)gev__tls_ret(-EINVAL);
	context->system_ca = system ||
		(context->chosen_ca && context->system_ca);
	context->chosen_ca = true;
	ERR_clear_error();
	if (system || SSL_CTX_load_verify_locations(context->ssl, file, directory))
		return 0;
	return gev__tls_fail();
}

int gev__tls_context_begin(gev_tls_context *context)
{
	bool good = true;

	pthread_mutex_lock(&context->lock);
	if (context->system_ca)
		good = SSL_CTX_set_default_verify_paths(context->ssl);
	context->system_ca = context->system_ca && !good;
	pthread_mutex_unlock(&context->lock);
	return good ? 0 : -ENOMEM;
}

int gev_tls_context_load_cert(gev_tls_context *context, const char *chain,
	const char *key)
{
	if (!context || !chain)
		return (int)gev__tls_ret(-EINVAL);
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(context->ssl, chain) == 1 &&
		SSL_CTX_use_PrivateKey_file(context->ssl, key ? key : chain,
			SSL_FILETYPE_PEM) == 1)
		return 0;
	return gev__tls_fail();
}

/* What was trusted under other demands is not to be resumed. */
int gev_tls_context_set_verify(gev_tls_context *context, int mode)
{
	int other_side;

	if (!context || mode < GEV_TLS_VERIFY_NONE ||
		mode > GEV_TLS_VERIFY_NAME)
		return (int)gev__tls_ret(-EINVAL);
	other_side = context->role == GEV_TLS_CLIENT ? GEV_TLS_VERIFY_OPTIONAL :
						       GEV_TLS_VERIFY_NAME;
	if (mode == other_side)
		return (int)gev__tls_ret(-EINVAL);
	context->verify = mode;
	SSL_CTX_set_verify(context->ssl, modes[mode], NULL);
	gev__tls_forget_sessions(context);
	return 0;
}

/* "h2,http/1.1" to "\2h2\10http/1.1"; its length, or 0. */
static unsigned to_wire(unsigned char *wire, const char *protocols)
{
	size_t size = strlen(protocols) + 1;
	unsigned char *length = wire;

	if (size > ALPN_MAX)
		return 0;
	memcpy(wire + 1, protocols, size);
	for (unsigned char *p = wire + 1; p <= wire + size; p++) {
		if (p < wire + size && *p != ',')
			continue;
		*length = (unsigned char)(p - length - 1);
		if (*length == 0)
			return 0;
		length = p;
	}
	return (unsigned)size;
}

int gev_tls_context_set_alpn(gev_tls_context *context, const char *protocols)
{
	unsigned char wire[ALPN_MAX + 1], *copy;
	unsigned size = protocols ? to_wire(wire, protocols) : 0;

	if (!context || size == 0)
		return (int)gev__tls_ret(-EINVAL);
	copy = OPENSSL_memdup(wire, size);
	if (!copy || SSL_CTX_set_alpn_protos(context->ssl, wire, size)) {
		OPENSSL_free(copy);
		ERR_clear_error();
		return (int)gev__tls_ret(-ENOMEM);
	}
	OPENSSL_free(context->alpn);
	context->alpn = copy;
	context->alpn_size = size;
	return 0;
}

int gev_tls_context_set_select(gev_tls_context *context, gev_tls_select_fn *fn,
	void *arg)
{
	if (!context || context->role != GEV_TLS_SERVER)
		return (int)gev__tls_ret(-EINVAL);
	context->select = fn;
	context->select_arg = arg;
	return 0;
}

static int cache_mode(const gev_tls_context *context, bool on)
{
	if (!on)
		return SSL_SESS_CACHE_OFF;
	return context->role == GEV_TLS_SERVER ? SSL_SESS_CACHE_SERVER :
		SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL;
}

/* Without tickets TLS 1.3 would give out names of sessions in the cache. */
int gev_tls_context_set_resumption(gev_tls_context *context, bool on)
{
	if (!context)
		return (int)gev__tls_ret(-EINVAL);
	context->resumes = on;
	SSL_CTX_set_session_cache_mode(context->ssl, cache_mode(context, on));
	if (on)
		SSL_CTX_clear_options(context->ssl, SSL_OP_NO_TICKET);
	else
		SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET);
	if (context->role == GEV_TLS_SERVER)
		SSL_CTX_set_num_tickets(context->ssl, on ? 2 : 0);
	if (!on)
		gev__tls_forget_sessions(context);
	return 0;
}

SSL_CTX *gev_tls_context_ssl(gev_tls_context *context)
{
	return context ? context->ssl : NULL;
}
