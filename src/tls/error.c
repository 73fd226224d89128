/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's error queue as an errno and a line of text.
 *
 * The queue tells the story from its cause on; the first entry is what counts,
 * except that to have no memory makes whatever was said before of no account.
 */
#include "tls/tls.h"
#include <openssl/pemerr.h>
#include <openssl/x509err.h>
#include <stdio.h>
#include <string.h>
#include <gev/greenlet.h>
#include <gev/hub.h>

/* Alerts by which the peer refuses our certificate, or the lack of one. */
static int of_alert(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return EACCES;
	default:
		return EPROTO;
	}
}

static int of_ssl(int reason)
{
	if (reason >= SSL_AD_REASON_OFFSET)
		return of_alert(reason - SSL_AD_REASON_OFFSET);
	switch (reason) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
	case SSL_R_EE_KEY_TOO_SMALL:
	case SSL_R_CA_KEY_TOO_SMALL:
	case SSL_R_CA_MD_TOO_WEAK:
		return EKEYREJECTED;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return ECONNRESET;
	default:
		return EPROTO;
	}
}

static int code_of(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	if (reason == ERR_R_MALLOC_FAILURE)
		return ENOMEM;
	switch (ERR_GET_LIB(error)) {
	case ERR_LIB_SYS:
		return reason;
	case ERR_LIB_SSL:
		return of_ssl(reason);
	case ERR_LIB_X509:
		return reason == X509_R_KEY_VALUES_MISMATCH ||
					reason == X509_R_KEY_TYPE_MISMATCH ?
			EKEYREJECTED : EBADMSG;
	case ERR_LIB_PEM:
	case ERR_LIB_ASN1:
		return EBADMSG;
	default:
		return EPROTO;
	}
}

static const char *words_of(unsigned long error)
{
	const char *words = ERR_GET_LIB(error) == ERR_LIB_SYS ?
		strerror(ERR_GET_REASON(error)) :
		ERR_reason_error_string(error);

	return words ? words : "unknown error";
}

/* The entry that counts; the queue is empty afterwards. */
static unsigned long take(void)
{
	unsigned long first = ERR_get_error();
	unsigned long error;

	while ((error = ERR_get_error()))
		if (code_of(error) == ENOMEM)
			first = error;
	return first;
}

static bool is_verification(unsigned long error)
{
	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	       ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

int gev__tls_error(char *text, size_t size, const SSL *ssl)
{
	unsigned long error = take();

	if (!error) {
		snprintf(text, size, "%s", strerror(ENOMEM));
		return ENOMEM;
	}
	if (ssl && is_verification(error))
		snprintf(text, size, "%s: %s", words_of(error),
			X509_verify_cert_error_string(
				SSL_get_verify_result(ssl)));
	else
		snprintf(text, size, "%s", words_of(error));
	return code_of(error);
}

int gev__tls_fail(void)
{
	char text[160];
	int code = gev__tls_error(text, sizeof(text), NULL);

	gev_hub_get(); /* main has a message once there is a hub */
	return (int)gev_fail(code == EPROTO ? EBADMSG : code, text);
}
