/* SPDX-License-Identifier: MIT */
/* What is known of a connection and of the peer's certificate. */
#include "tls/tls.h"
#include <openssl/x509.h>

/* RFC 2253, in UTF-8; NULL if there is no memory. */
static char *subject_of(const X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *data;
	long size;

	if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate),
			   0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		size = BIO_get_mem_data(bio, &data);
		text = OPENSSL_strndup(size ? data : "", (size_t)size);
	}
	BIO_free(bio);
	return text;
}

static int describe_certificate(gev_tls *tls, struct gev_tls_info *info)
{
	X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
	long verdict = SSL_get_verify_result(tls->ssl);

	info->subject = info->verdict = "";
	if (!certificate)
		return 0;
	if (!tls->subject)
		tls->subject = subject_of(certificate);
	if (!tls->subject || !X509_digest(certificate, EVP_sha256(),
				     info->fingerprint, NULL))
		return -ENOMEM;
	info->subject = tls->subject;
	info->verdict = X509_verify_cert_error_string(verdict);
	info->verified = verdict == X509_V_OK;
	return 0;
}

/* It comes without the NUL. */
static int describe_alpn(gev_tls *tls, struct gev_tls_info *info)
{
	const unsigned char *name;
	unsigned size;

	info->alpn = "";
	SSL_get0_alpn_selected(tls->ssl, &name, &size);
	if (!size)
		return 0;
	if (!tls->alpn)
		tls->alpn = OPENSSL_strndup((const char *)name, size);
	info->alpn = tls->alpn;
	return tls->alpn ? 0 : -ENOMEM;
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

int gev_tls_get_info(gev_tls *tls, struct gev_tls_info *info)
{
	int r;

	if (!tls || !info)
		return (int)gev__tls_ret(-EINVAL);
	if (!tls->established)
		return (int)gev__tls_ret(-ENOTCONN);
	*info = (struct gev_tls_info){ 0 };
	info->version = SSL_get_version(tls->ssl);
	info->cipher = or_none(SSL_get_cipher_name(tls->ssl));
	info->server_name = tls->server_name ? tls->server_name :
		or_none(SSL_get_servername(tls->ssl,
			TLSEXT_NAMETYPE_host_name));
	info->reused = SSL_session_reused(tls->ssl);
	r = describe_alpn(tls, info);
	if (r == 0)
		r = describe_certificate(tls, info);
	ERR_clear_error();
	return (int)gev__tls_ret(r);
}
