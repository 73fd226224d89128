/* SPDX-License-Identifier: MIT */
/*
 * gev/dns.h - names to addresses and back, while other greenlets run.
 *
 *	struct addrinfo *list;
 *	int r = gev_getaddrinfo("example.org", "http", NULL, &list);
 *	if (r)
 *		fprintf(stderr, "%s\n", gai_strerror(r));
 *
 * Each function has the signature, the results and the errors of the libc
 * function it is named after.  Beyond those the answer is EAI_SYSTEM (in
 * gev_gethostby*(): NETDB_INTERNAL) with errno
 *
 *	ECANCELED	the greenlet was killed;
 *	ETIMEDOUT	a gev_timeout fired; or a thrown code;
 *	EDEADLK		it would have to wait, and was called in a loop callback;
 *
 * or one of the errors of making a hub (gev/base.h).  Numeric addresses, and
 * names that the hosts file knows, never wait.
 */
#ifndef GEV_DNS_H
#define GEV_DNS_H

#include <netdb.h>
#include <sys/socket.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/* Which netdb.h shows to POSIX programs only. */
struct addrinfo;

/*
 * gev_getaddrinfo - getaddrinfo(3).
 *
 * Waits     until there is an answer; gev_timeout bounds that.
 * Returns   0 with the list in @res; or an EAI code, then @res is NULL.
 * Context   any greenlet.
 * Memory    the list is the caller's, until gev_freeaddrinfo().
 */
GEV_API int gev_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res);

/* gev_freeaddrinfo - give back a list of gev_getaddrinfo()'s; NULL too. */
GEV_API void gev_freeaddrinfo(struct addrinfo *res);

/*
 * gev_getnameinfo - getnameinfo(3).
 *
 * Waits     for the name, unless NI_NUMERICHOST is set.
 * Returns   0; or an EAI code.
 * Context   any greenlet.
 */
GEV_API int gev_getnameinfo(const struct sockaddr *addr, socklen_t addrlen,
	char *host, socklen_t hostlen, char *serv, socklen_t servlen,
	int flags);

GEV_END_DECLS

#endif
