/* SPDX-License-Identifier: MIT */
/*
 * Sessions a client may resume: a short list, the newest first.
 *
 * A ticket of TLS 1.3 is used once (RFC 8446, C.4): whoever sees the same one
 * twice knows that it is the same client.  Servers send two at a time, so that
 * there is one for the next connection.
 */
#include "tls/tls.h"
#include <string.h>

#define SESSIONS 256
#define SESSIONS_OF_A_NAME 4

struct gev__tls_session {
	struct gev__tls_session *next;
	SSL_SESSION *session;
	bool verified; /* the certificate that came with it */
	char name[];
};

static void drop_all(struct gev__tls_session *s)
{
	struct gev__tls_session *next;

	for (; s; s = next) {
		next = s->next;
		SSL_SESSION_free(s->session);
		OPENSSL_free(s);
	}
}

/* Takes those off the list that are too many: in all, or of the first name. */
static struct gev__tls_session *cut(struct gev__tls_session *first)
{
	struct gev__tls_session **at = &first->next, *s, *rest = NULL;
	int all = 1, same = 1;

	while ((s = *at)) {
		all++;
		same += strcmp(s->name, first->name) == 0;
		if (all <= SESSIONS && same <= SESSIONS_OF_A_NAME) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		s->next = rest;
		rest = s;
		all--;
		same -= strcmp(s->name, first->name) == 0;
	}
	return rest;
}

static void put(gev_tls_context *context, struct gev__tls_session *s)
{
	struct gev__tls_session *rest;

	pthread_mutex_lock(&context->lock);
	s->next = context->sessions;
	context->sessions = s;
	rest = cut(s);
	pthread_mutex_unlock(&context->lock);
	drop_all(rest);
}

static struct gev__tls_session *take(gev_tls_context *context,
	const char *name)
{
	struct gev__tls_session **at, *found;

	pthread_mutex_lock(&context->lock);
	for (at = &context->sessions; *at; at = &(*at)->next)
		if (strcmp((*at)->name, name) == 0)
			break;
	found = *at;
	if (found)
		*at = found->next;
	pthread_mutex_unlock(&context->lock);
	if (found)
		found->next = NULL;
	return found;
}

int gev__tls_remember(SSL *ssl, SSL_SESSION *session)
{
	gev_tls_context *context = gev__tls_context_of(ssl);
	const gev_tls *tls = gev__tls_of(ssl);
	struct gev__tls_session *s;
	size_t size;

	if (!tls || !tls->server_name || !context->resumes)
		return 0;
	size = strlen(tls->server_name) + 1;
	s = OPENSSL_malloc(sizeof(*s) + size);
	if (!s)
		return 0;
	memcpy(s->name, tls->server_name, size);
	s->session = session;
	s->verified = SSL_get_verify_result(ssl) == X509_V_OK;
	put(context, s);
	return 1;
}

/* A resumed connection shows no certificate that could be verified. */
void gev__tls_resume(gev_tls *tls, gev_tls_context *context)
{
	struct gev__tls_session *s = take(context, tls->server_name);

	if (!s)
		return;
	if (SSL_SESSION_is_resumable(s->session) &&
		(s->verified ||
			SSL_get_verify_mode(tls->ssl) == SSL_VERIFY_NONE)) {
		SSL_set_session(tls->ssl, s->session);
		if (SSL_SESSION_get_protocol_version(s->session) <
			TLS1_3_VERSION) {
			put(context, s);
			return;
		}
	}
	drop_all(s);
}

void gev__tls_forget_sessions(gev_tls_context *context)
{
	struct gev__tls_session *all;

	pthread_mutex_lock(&context->lock);
	all = context->sessions;
	context->sessions = NULL;
	pthread_mutex_unlock(&context->lock);
	drop_all(all);
}
