/* SPDX-License-Identifier: MIT */
#include <gev/dns.h>
#include "net/thread.h"

/* Whether there is no name of a host to be looked up. */
static bool is_local(const struct sockaddr *addr, socklen_t addrlen,
	const char *host, socklen_t hostlen, int flags)
{
	if (!addr || addrlen < sizeof(sa_family_t))
		return true;
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		return true;
	return !host || hostlen == 0 || (flags & NI_NUMERICHOST);
}

int gev_getnameinfo(const struct sockaddr *addr, socklen_t addrlen, char *host,
	socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	if (is_local(addr, addrlen, host, hostlen, flags))
		return getnameinfo(addr, addrlen, host, hostlen, serv, servlen,
			flags);
	return gev__thread_getnameinfo(addr, addrlen, host, hostlen, serv,
		servlen, flags);
}
