/* SPDX-License-Identifier: MIT */
#include "server/server.h"
#include <gev/socket.h>
#include <string.h>

int gev__server_receive(gev_server *s)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	ssize_t n = gev_recvfrom(s->listener, s->buf, GEV__DATAGRAM_MAX, 0,
		(struct sockaddr *)&peer, &size);
	struct gev__task *t = n < 0 ? NULL : gev__task_new(s, (size_t)n);
	int r;

	if (!t)
		return n < 0 ? -errno : -ENOMEM;
	memcpy(t->data, s->buf, (size_t)n);
	t->peer = peer;
	t->size = size;
	r = gev__task_start(t);
	if (r < 0)
		gev__task_free(t);
	return r;
}

ssize_t gev_server_sendto(gev_server *s, const void *data, size_t length,
	const struct sockaddr *peer, socklen_t size)
{
	int r = gev__server_check(s);

	if (r < 0)
		return gev__ret(r);
	return gev_sendto(s->listener, data, length, MSG_NOSIGNAL, peer, size);
}
