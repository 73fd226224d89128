/* SPDX-License-Identifier: MIT */
/*
 * The two ends of a connection, and contexts for them.
 *
 * The client is what a test drives; the server runs a function in a greenlet
 * of its own.
 */
#ifndef TESTS_TLS_ENDS_H
#define TESTS_TLS_ENDS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <gev.h>
#include <gev/tls.h>
#include <openssl/ssl.h>
#include "tls/pki.h"

#define SOON GEV_SEC(30) /* far more than anything here takes */

static inline gev_tls_context *server_context(const char *cert)
{
	gev_tls_context *c = gev_tls_context_new(GEV_TLS_SERVER);

	t_eq(gev_tls_context_load_cert(c, pki(cert), NULL), 0);
	return c;
}

static inline gev_tls_context *client_context(void)
{
	gev_tls_context *c = gev_tls_context_new(GEV_TLS_CLIENT);

	t_eq(gev_tls_context_load_ca(c, pki("ca.pem"), NULL), 0);
	return c;
}

/* TLS 1.2 or 1.3 and no other. */
static T_UNUSED void only_version(gev_tls_context *c, int version)
{
	SSL_CTX_set_min_proto_version(gev_tls_context_ssl(c), version);
	SSL_CTX_set_max_proto_version(gev_tls_context_ssl(c), version);
}

/* A connected pair of TCP sockets. */
static inline void tcp_pair(int fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);
	int l = gev_socket(AF_INET, SOCK_STREAM, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t_eq(bind(l, (struct sockaddr *)&a, size), 0);
	t_eq(listen(l, 1), 0);
	t_eq(getsockname(l, (struct sockaddr *)&a, &size), 0);
	fds[0] = gev_socket(AF_INET, SOCK_STREAM, 0);
	t_eq(gev_connect(fds[0], (struct sockaddr *)&a, size), 0);
	fds[1] = gev_accept(l, NULL, NULL);
	for (int i = 0; i < 2; i++)
		gev_setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one,
			sizeof(one));
	t_eq(gev_close(l), 0);
}

/* Both ends, before the handshake. */
struct ends {
	gev_tls_context *contexts[2];
	gev_tls *client;
	gev_tls *server;
};

static inline void open_with(struct ends *e, gev_tls_context *client,
	gev_tls_context *server, const char *name)
{
	int fds[2];

	tcp_pair(fds);
	e->contexts[0] = client;
	e->contexts[1] = server;
	e->client = gev_tls_client(fds[0], client, name);
	e->server = gev_tls_server(fds[1], server);
	t_ok(e->client && e->server);
}

static inline void open_ends(struct ends *e)
{
	open_with(e, client_context(), server_context("good.pem"), "localhost");
}

static T_UNUSED void close_ends(struct ends *e)
{
	gev_tls_close(e->client);
	gev_tls_close(e->server);
	for (int i = 0; i < 2; i++)
		gev_tls_context_free(e->contexts[i]);
}

static inline intptr_t shake(void *tls)
{
	return gev_tls_handshake(tls, SOON);
}

/* The results of both: what gev_get() answers, and errno. */
struct shaken {
	int client, server;
};

static inline struct shaken shake_both(struct ends *e)
{
	gev_greenlet *g = gev_spawn(shake, e->server);
	struct shaken r = { 0 };

	if (gev_tls_handshake(e->client, SOON) < 0)
		r.client = errno;
	if (gev_get(g, SOON) < 0)
		r.server = errno;
	gev_unref(g);
	return r;
}

/* And they agree. */
static T_UNUSED void open_shaken(struct ends *e)
{
	struct shaken r;

	open_ends(e);
	r = shake_both(e);
	t_eq(r.client, 0);
	t_eq(r.server, 0);
}

/* Reads exactly @size bytes. */
static T_UNUSED bool read_exactly(gev_tls *tls, char *buf, size_t size)
{
	ssize_t n = 1;

	for (; size && n > 0; buf += n, size -= (size_t)n)
		n = gev_tls_read(tls, buf, size);
	return size == 0 && n > 0;
}

#endif
