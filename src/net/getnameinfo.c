/* SPDX-License-Identifier: MIT */
/*
 * getnameinfo(3).  Only the host's name is ever waited for; what stands for it
 * if there is none, and the service, is libc's to say.
 */
#include <gev/dns.h>
#include <string.h>
#include "net/resolver.h"
#include "net/thread.h"

/* What c-ares can't tell. */
#define LIBC_FLAGS (NI_NOFQDN | NI_IDN)

/* Whether @addr is whole, and of a family whose hosts have names. */
static bool may_have_name(const struct sockaddr *addr, socklen_t size)
{
	if (!addr || size < sizeof(addr->sa_family))
		return false;
	if (addr->sa_family == AF_INET)
		return size >= sizeof(struct sockaddr_in);
	return addr->sa_family == AF_INET6 &&
	       size >= sizeof(struct sockaddr_in6);
}

static bool is_mapped(const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	return addr->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
}

static int look_up(const struct sockaddr *addr, char *host, socklen_t hostlen,
	int flags)
{
	struct gev__answer answer = { .name = NULL };
	int r = GEV__ASK_THREAD;

	if (!(flags & LIBC_FLAGS) && !is_mapped(addr))
		r = gev__resolver_names(addr, &answer);
	if (r == 0 && strlen(answer.name) >= hostlen)
		r = EAI_OVERFLOW;
	if (r == 0)
		strcpy(host, answer.name);
	gev__answer_fini(&answer);
	return r == EAI_NODATA ? EAI_NONAME : r;
}

int gev_getnameinfo(const struct sockaddr *addr, socklen_t addrlen, char *host,
	socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	int r = GEV__ASK_HERE;

	if (host && hostlen && !(flags & NI_NUMERICHOST) &&
		may_have_name(addr, addrlen))
		r = look_up(addr, host, hostlen, flags);
	if (r == GEV__ASK_THREAD)
		return gev__thread_getnameinfo(addr, addrlen, host, hostlen,
			serv, servlen, flags);
	if (r == EAI_NONAME && !(flags & NI_NAMEREQD)) {
		flags |= NI_NUMERICHOST;
		r = GEV__ASK_HERE;
	}
	if (r == GEV__ASK_HERE)
		return getnameinfo(addr, addrlen, host, hostlen, serv, servlen,
			flags);
	if (r == 0 && serv && servlen)
		r = getnameinfo(addr, addrlen, NULL, 0, serv, servlen, flags);
	return r;
}
