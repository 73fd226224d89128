/* SPDX-License-Identifier: MIT */
/*
 * Certificates, made when the test begins, in a directory of its own:
 *
 *	ca.pem		the authority
 *	good.pem	for "localhost", "*.wild.test" and 127.0.0.1
 *	other.pem	for "other.test"
 *	expired.pem	for "localhost", until yesterday
 *	self.pem	for "localhost", by nobody
 *	client.pem	for a client called "alice"
 *
 * Each file but the first holds the certificate and its key.
 */
#ifndef TESTS_TLS_PKI_H
#define TESTS_TLS_PKI_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>
#include "t.h"

static T_UNUSED char pki_dir[] = "/tmp/gev-tls-XXXXXX";

#define PKI_DAY (24 * 3600L)

struct pki_pair {
	EVP_PKEY *key;
	X509 *cert;
};

static const char *const pki_names[] = { "ca.pem", "good.pem", "other.pem",
	"expired.pem", "self.pem", "client.pem" };

/* A path in the directory; eight of them at a time. */
static inline const char *pki(const char *name)
{
	static char paths[8][64];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", pki_dir, name);
	return path;
}

static inline void pki_extend(X509 *cert, X509 *issuer, int nid,
	const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	t_ok(e && X509_add_ext(cert, e, -1));
	X509_EXTENSION_free(e);
}

/* @names NULL: an authority.  @ca NULL: signed with its own key. */
static inline struct pki_pair pki_make(const char *subject, const char *names,
	const struct pki_pair *ca, long expires)
{
	static long serial = 1;
	struct pki_pair p = { EVP_EC_gen("P-256"), X509_new() };
	X509_NAME *name = X509_get_subject_name(p.cert);
	X509 *issuer = ca ? ca->cert : p.cert;

	X509_set_version(p.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), -9 * PKI_DAY);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), expires);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)subject, -1, -1, 0);
	X509_set_issuer_name(p.cert, X509_get_subject_name(issuer));
	X509_set_pubkey(p.cert, p.key);
	pki_extend(p.cert, issuer, NID_basic_constraints,
		names ? "CA:FALSE" : "critical,CA:TRUE");
	pki_extend(p.cert, issuer, NID_subject_key_identifier, "hash");
	if (names && *names)
		pki_extend(p.cert, issuer, NID_subject_alt_name, names);
	t_ok(X509_sign(p.cert, ca ? ca->key : p.key, EVP_sha256()) > 0);
	return p;
}

static inline void pki_write(const struct pki_pair *p, const char *name)
{
	FILE *f = fopen(pki(name), "w");

	t_ok(f && PEM_write_X509(f, p->cert));
	t_ok(PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL));
	fclose(f);
}

static inline void pki_free(struct pki_pair *p)
{
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}

static inline void pki_add(const char *file, const char *subject,
	const char *names, const struct pki_pair *ca, long expires)
{
	struct pki_pair p = pki_make(subject, names, ca, expires);

	pki_write(&p, file);
	pki_free(&p);
}

static inline void pki_open(void)
{
	struct pki_pair ca;

	t_ok(mkdtemp(pki_dir) != NULL);
	ca = pki_make("gev test authority", NULL, NULL, PKI_DAY);
	pki_write(&ca, "ca.pem");
	pki_add("good.pem", "good", "DNS:localhost,DNS:*.wild.test,"
		"IP:127.0.0.1", &ca, PKI_DAY);
	pki_add("other.pem", "other", "DNS:other.test", &ca, PKI_DAY);
	pki_add("expired.pem", "expired", "DNS:localhost", &ca, -PKI_DAY);
	pki_add("self.pem", "self", "DNS:localhost", NULL, PKI_DAY);
	pki_add("client.pem", "alice", "", &ca, PKI_DAY);
	pki_free(&ca);
}

static inline void pki_close(void)
{
	for (size_t i = 0; i < sizeof(pki_names) / sizeof(*pki_names); i++)
		unlink(pki(pki_names[i]));
	rmdir(pki_dir);
}

#endif
