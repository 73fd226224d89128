/* SPDX-License-Identifier: MIT */
/* Connections and listeners inside. */
#ifndef GEV_NET_TCP_H
#define GEV_NET_TCP_H

#include <netdb.h>
#include <gev/base.h>

/*
 * The addresses of @host and @port for sockets of @type; @flags as of
 * getaddrinfo(3).  0, or -errno as gev/tcp.h says; the list is to be freed with
 * gev_freeaddrinfo().
 */
int gev__resolve(const char *host, int port, int type, int flags,
	struct addrinfo **list);

/*
 * The first connection to any of @to that comes about; @from, unless NULL, are
 * the addresses to bind to.  The descriptor or -errno.
 */
int gev__connect_any(const struct addrinfo *to, const struct addrinfo *from);

#endif
