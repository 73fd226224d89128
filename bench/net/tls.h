/* SPDX-License-Identifier: MIT */
/* tls.h - the certificate of the TLS servers, made when they start. */
#ifndef BENCH_NET_TLS_H
#define BENCH_NET_TLS_H

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include "net.h"

#define RECORD 16384

static inline void tls_use_certificate(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	bench_need(key && cert, "EVP_EC_gen");
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24 * 3600L);
	X509_set_pubkey(cert, key);
	bench_need(X509_sign(cert, key, EVP_sha256()) > 0, "X509_sign");
	bench_need(SSL_CTX_use_certificate(context, cert) &&
		SSL_CTX_use_PrivateKey(context, key), "certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
}

#endif
