/* SPDX-License-Identifier: MIT */
/*
 * What is registered with OpenSSL once for the process: the places where it
 * keeps our pointers.
 */
#include "tls/tls.h"

static struct {
	pthread_mutex_t lock;
	bool made;
	int context; /* index of the extra data, -1: not yet */
	int connection;
} library = { PTHREAD_MUTEX_INITIALIZER, false, -1, -1 };

static void context_gone(void *ssl, void *context, CRYPTO_EX_DATA *ad,
	int index, long argl, void *argp)
{
	(void)ssl, (void)ad, (void)index, (void)argl, (void)argp;
	if (context)
		gev__tls_context_gone(context);
}

static bool make(void)
{
	if (library.context < 0)
		library.context = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL,
			context_gone);
	if (library.connection < 0)
		library.connection = SSL_get_ex_new_index(0, NULL, NULL, NULL,
			NULL);
	return library.context >= 0 && library.connection >= 0;
}

int gev__tls_library(void)
{
	bool made;

	pthread_mutex_lock(&library.lock);
	made = make();
	pthread_mutex_unlock(&library.lock);
	ERR_clear_error();
	return made ? 0 : -ENOMEM;
}

gev_tls_context *gev__tls_context_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), library.context);
}

gev_tls *gev__tls_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, library.connection);
}

int gev__tls_adopt_context(SSL_CTX *ssl, gev_tls_context *context)
{
	return SSL_CTX_set_ex_data(ssl, library.context, context) ? 0 : -ENOMEM;
}

int gev__tls_adopt(SSL *ssl, gev_tls *tls)
{
	return SSL_set_ex_data(ssl, library.connection, tls) ? 0 : -ENOMEM;
}
