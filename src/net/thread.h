/* SPDX-License-Identifier: MIT */
/*
 * libc's own resolver, on threads.  What it was asked and what it answers lies
 * in memory of its own, so that a greenlet can be killed meanwhile.
 */
#ifndef GEV_NET_THREAD_H
#define GEV_NET_THREAD_H

#include <netdb.h>
#include <sys/socket.h>

/* As the functions of gev/dns.h. */
int gev__thread_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res);

int gev__thread_getnameinfo(const struct sockaddr *addr, socklen_t addrlen,
	char *host, socklen_t hostlen, char *serv, socklen_t servlen,
	int flags);

#endif
