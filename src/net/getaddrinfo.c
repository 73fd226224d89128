/* SPDX-License-Identifier: MIT */
#include <gev/dns.h>
#include "net/addrinfo.h"
#include "net/thread.h"

/*
 * libc knows best what is numeric, what flags and services there are, and what
 * to answer then.  EAI_NONAME: @node is a name.
 */
static int without_names(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	struct addrinfo numeric = *hints, *list;
	int r;

	numeric.ai_flags |= AI_NUMERICHOST;
	r = getaddrinfo(node, service, &numeric, &list);
	return r ? r : gev__addrinfo_adopt(list, res);
}

int gev_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	static const struct addrinfo any = { .ai_flags = AI_V4MAPPED |
							 AI_ADDRCONFIG };
	int r;

	*res = NULL;
	if (!hints)
		hints = &any;
	r = without_names(node, service, hints, res);
	if (r != EAI_NONAME || !node || (hints->ai_flags & AI_NUMERICHOST))
		return r;
	return gev__thread_getaddrinfo(node, service, hints, res);
}
