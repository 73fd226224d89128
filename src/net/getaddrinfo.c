/* SPDX-License-Identifier: MIT */
/*
 * getaddrinfo(3).  libc is asked for what never waits: numeric addresses, and
 * which sockets a service is to be had by; so it is libc that judges flags,
 * services and socket types.
 */
#include <gev/dns.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "net/addrinfo.h"
#include "net/resolver.h"
#include "net/thread.h"

#define AI_IDN_FLAGS (AI_IDN | AI_CANONIDN)

/* Whether @node may be an address: names have no colons, nor just a number. */
static bool is_numeric(const char *node)
{
	struct in_addr in;

	return strchr(node, ':') || inet_aton(node, &in);
}

/* EAI_NONAME: @node is none. */
static int from_number(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	struct addrinfo numeric = *hints, *list;
	int r;

	numeric.ai_flags |= AI_NUMERICHOST;
	r = getaddrinfo(node, service, &numeric, &list);
	return r ? r : gev__addrinfo_adopt(list, res);
}

/* libc's list, with the ports and protocols that an address is to have. */
static int find_sockets(const char *service, const struct addrinfo *hints,
	struct addrinfo **sockets)
{
	struct addrinfo local = *hints;

	if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET &&
		hints->ai_family != AF_INET6)
		return EAI_FAMILY;
	local.ai_family = AF_INET;
	local.ai_flags &= ~AI_ADDRCONFIG;
	return getaddrinfo("127.0.0.1", service, &local, sockets);
}

/* One address with all its sockets; *tail is where they go. */
static struct addrinfo **add_address(struct addrinfo **tail,
	const union gev__addr *addr, const struct addrinfo *sockets, int flags)
{
	for (; sockets; sockets = sockets->ai_next) {
		struct addrinfo ai = *sockets;
		union gev__addr copy = *addr;

		copy.in.sin_port =
			((struct sockaddr_in *)sockets->ai_addr)->sin_port;
		ai.ai_family = addr->any.sa_family;
		ai.ai_flags = flags;
		*tail = gev__addrinfo_new(&ai, &copy.any,
			gev__addr_size(addr));
		if (!*tail)
			return NULL;
		tail = &(*tail)->ai_next;
	}
	return tail;
}

static int build(const struct gev__answer *answer, const char *node,
	const struct addrinfo *sockets, int flags, struct addrinfo **res)
{
	struct addrinfo **tail = res;

	for (unsigned i = 0; tail && i < answer->count; i++)
		tail = add_address(tail, &answer->addrs[i], sockets, flags);
	if (tail && (flags & AI_CANONNAME)) {
		(*res)->ai_canonname =
			strdup(answer->name ? answer->name : node);
		if (!(*res)->ai_canonname)
			tail = NULL;
	}
	if (tail)
		return 0;
	gev_freeaddrinfo(*res);
	*res = NULL;
	return EAI_MEMORY;
}

static int ask_libc(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	struct addrinfo *list;
	int r = getaddrinfo(node, service, hints, &list);

	return r ? r : gev__addrinfo_adopt(list, res);
}

static int from_name(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	struct gev__answer answer = { .name = NULL };
	struct addrinfo *sockets = NULL;
	int r = find_sockets(service, hints, &sockets);

	if (r == 0 && (hints->ai_flags & AI_NUMERICHOST))
		r = EAI_NONAME;
	if (r == 0 && (hints->ai_flags & AI_IDN_FLAGS))
		r = GEV__ASK_THREAD;
	if (r == 0)
		r = gev__resolver_addresses(node, hints->ai_family,
			hints->ai_flags, &answer);
	if (r == 0)
		r = build(&answer, node, sockets, hints->ai_flags, res);
	gev__answer_fini(&answer);
	if (sockets)
		freeaddrinfo(sockets);
	if (r == GEV__ASK_HERE)
		return ask_libc(node, service, hints, res);
	if (r == GEV__ASK_THREAD)
		return gev__thread_getaddrinfo(node, service, hints, res);
	return r == EAI_FAIL ? EAI_NONAME : r; /* as libc has it */
}

int gev_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	static const struct addrinfo any = { .ai_flags = AI_V4MAPPED |
							 AI_ADDRCONFIG };
	int r = EAI_NONAME;

	*res = NULL;
	if (!hints)
		hints = &any;
	if (!node || is_numeric(node))
		r = from_number(node, service, hints, res);
	if (!node || r != EAI_NONAME)
		return r;
	return from_name(node, service, hints, res);
}
