/* SPDX-License-Identifier: MIT */
#include "tls/tls.h"
#include <gev/io.h>
#include <gev/tcp.h>
#include <gev/timeout.h>

static gev_tls *begin(const char *host, int port, gev_tls_context *context)
{
	int fd = gev_tcp_connect(host, port, GEV_FOREVER);
	gev_tls *tls = fd < 0 ? NULL : gev_tls_client(fd, context, host);
	int error = errno;

	if (!tls && fd >= 0)
		gev_close(fd);
	errno = error;
	return tls;
}

static gev_tls *connect_tls(const char *host, int port,
	gev_tls_context *context)
{
	gev_tls *tls = begin(host, port, context);
	int error;

	if (!tls || gev_tls_handshake(tls, GEV_FOREVER) == 0)
		return tls;
	error = errno;
	gev_tls_close(tls);
	errno = error;
	return NULL;
}

gev_tls *gev_tls_connect(const char *host, int port, gev_tls_context *context,
	gev_time timeout)
{
	gev_timeout limit;
	gev_tls *tls;

	if (!context || context->role != GEV_TLS_CLIENT) {
		errno = EINVAL;
		return NULL;
	}
	if (gev_timeout_start(&limit, timeout) < 0)
		return NULL;
	tls = connect_tls(host, port, context);
	gev_timeout_cancel(&limit);
	return tls;
}
