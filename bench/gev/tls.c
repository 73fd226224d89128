/* SPDX-License-Identifier: MIT */
/* A TLS echo server in plain blocking style. */
#include <gev.h>
#include <gev/tls.h>
#include "net/tls.h"

static gev_tls_context *context;

static intptr_t serve(void *arg)
{
	gev_tls *tls = gev_tls_server((int)(intptr_t)arg, context);
	char buffer[RECORD];
	ssize_t n;

	bench_need(tls != NULL, "gev_tls_server");
	while ((n = gev_tls_read(tls, buffer, sizeof(buffer))) > 0)
		if (gev_tls_write(tls, buffer, (size_t)n) < n)
			break;
	gev_tls_close(tls);
	return 0;
}

int main(void)
{
	int listener;

	context = gev_tls_context_new(GEV_TLS_SERVER);
	bench_need(context != NULL, "gev_tls_context_new");
	tls_use_certificate(gev_tls_context_ssl(context));
	listener = net_listen(0);
	for (;;) {
		int fd = gev_accept(listener, NULL, NULL);

		bench_need(fd >= 0, "gev_accept");
		bench_need(gev_go(serve, (void *)(intptr_t)fd) == 0, "gev_go");
	}
}
