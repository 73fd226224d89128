/* SPDX-License-Identifier: MIT */
#include "tls/tls.h"

#define PATIENCE GEV_SEC(30)

void gev_tls_handle(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	const struct gev_tls_service *service = arg;
	gev_time patience = service->timeout ? service->timeout : PATIENCE;
	gev_tls *tls = gev_tls_server(fd, service->context);

	if (!tls)
		return;
	if (gev_tls_handshake(tls, patience) == 0)
		service->handle(tls, peer, size, service->arg);
	else if (service->refused)
		service->refused(tls, errno, service->arg);
	gev_tls_free(tls);
}
