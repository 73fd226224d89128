/* SPDX-License-Identifier: MIT */
/*
 * gev/tls_context.h - what many TLS connections have in common.
 *
 *	gev_tls_context *context = gev_tls_context_new(GEV_TLS_SERVER);
 *
 *	if (gev_tls_context_load_cert(context, "chain.pem", "key.pem") < 0)
 *		puts(gev_exception_message(gev_current()));
 *
 * A client trusts the system's authorities and verifies certificates and names;
 * a server asks for no certificate, and needs one.  TLS 1.2 and later.
 *
 * First set it up, then use it: to set it up is for one thread, and not to be
 * done while connections are made; to make connections is for any thread.
 * Mirrors Python's ssl.SSLContext.  Part of gev/tls.h.
 */
#ifndef GEV_TLS_CONTEXT_H
#define GEV_TLS_CONTEXT_H

#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_tls_context gev_tls_context;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

enum {
	GEV_TLS_CLIENT,
	GEV_TLS_SERVER
};

/*
 * gev_tls_context_new - a context for clients, or for servers.
 *
 * Returns   a context; or NULL with errno EINVAL (@role), ENOMEM.
 */
GEV_API gev_tls_context *gev_tls_context_new(int role);

/* gev_tls_context_free - what its connections need of it stays.  NULL is fine. */
GEV_API void gev_tls_context_free(gev_tls_context *context);

/*
 * gev_tls_context_load_ca - trust the authorities in a file of PEM
 * certificates, in a directory that c_rehash(1) made, or both.
 *
 * The first call takes the place of the system's; the next ones add.  NULL for
 * both adds the system's.
 *
 * Returns   0; or -1 with errno EINVAL, ENOMEM, EBADMSG (what is in the file is
 *           no certificate), or what opening it answers.
 */
GEV_API int gev_tls_context_load_ca(gev_tls_context *context, const char *file,
	const char *directory);

/*
 * gev_tls_context_load_cert - show this certificate to the peer.
 *
 * @chain is a PEM file with the certificate and those that lead from it to the
 * authority; @key is one with its private key, NULL if that is in @chain.
 * Files with a password need OpenSSL's SSL_CTX_set_default_passwd_cb().
 *
 * Returns   0; or -1 with errno as for gev_tls_context_load_ca(), EKEYREJECTED
 *           (the key is another's, or weaker than the system's policy allows).
 */
GEV_API int gev_tls_context_load_cert(gev_tls_context *context,
	const char *chain, const char *key);

/* What is asked of the peer. */
enum {
	GEV_TLS_VERIFY_NONE,     /* nothing: anybody may be in between */
	GEV_TLS_VERIFY_OPTIONAL, /* a client may have no certificate */
	GEV_TLS_VERIFY_CHAIN,    /* one that a trusted authority gave */
	GEV_TLS_VERIFY_NAME      /* and that is of the name: for clients */
};

/*
 * gev_tls_context_set_verify - NONE is a server's default, NAME a client's.
 *
 * Returns   0; or -1 with errno EINVAL (OPTIONAL for a client, NAME for a
 *           server).
 */
GEV_API int gev_tls_context_set_verify(gev_tls_context *context, int mode);

/*
 * gev_tls_context_set_alpn - the protocols to speak, as "h2,http/1.1".
 *
 * The server's first that the client has too is agreed on; if there is none,
 * the connection goes on without.
 *
 * Returns   0; or -1 with errno EINVAL (empty, or longer than 255 bytes),
 *           ENOMEM.
 */
GEV_API int gev_tls_context_set_alpn(gev_tls_context *context,
	const char *protocols);

/*
 * gev_tls_context_set_select - let @fn choose the certificate by name.
 *
 * It is called with the name a client asks for, and returns the context whose
 * certificate, authorities and protocols the connection goes on with; NULL:
 * those of @context.  It must not wait, and may run in any thread.
 *
 * Returns   0; or -1 with errno EINVAL (no server's).
 */
typedef gev_tls_context *gev_tls_select_fn(const char *name, void *arg);
GEV_API int gev_tls_context_set_select(gev_tls_context *context,
	gev_tls_select_fn *fn, void *arg);

/*
 * gev_tls_context_set_resumption - whether later connections may be shorter.
 *
 * They may by default.  A client remembers the sessions of the last 256
 * connections by name, a server gives tickets.
 *
 * Returns   0; or -1 with errno EINVAL.
 */
GEV_API int gev_tls_context_set_resumption(gev_tls_context *context, bool on);

/* gev_tls_context_ssl - for all else, OpenSSL's own; @context's.  NULL: NULL. */
GEV_API struct ssl_ctx_st *gev_tls_context_ssl(gev_tls_context *context);

GEV_END_DECLS

#endif
