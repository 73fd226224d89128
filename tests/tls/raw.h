/* SPDX-License-Identifier: MIT */
/* A client of ours whose peer is a bare socket: what comes is up to the test. */
#ifndef TESTS_TLS_RAW_H
#define TESTS_TLS_RAW_H

#include "tls/ends.h"

struct raw {
	gev_tls_context *context;
	gev_tls *tls;
	int peer;
};

static inline void raw_open(struct raw *r)
{
	int fds[2];

	tcp_pair(fds);
	r->context = client_context();
	r->tls = gev_tls_client(fds[0], r->context, "localhost");
	r->peer = fds[1];
	t_ok(r->tls != NULL);
}

static inline void raw_close(struct raw *r)
{
	gev_tls_close(r->tls);
	gev_close(r->peer);
	gev_tls_context_free(r->context);
}

/* Closes with a RST. */
static T_UNUSED void reset(int fd)
{
	struct linger linger = { 1, 0 };

	gev_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	t_eq(gev_close(fd), 0);
}

#endif
