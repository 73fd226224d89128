/* SPDX-License-Identifier: MIT */
#include "net/addrinfo.h"
#include <gev/dns.h>
#include <stdlib.h>
#include <string.h>

struct addrinfo *gev__addrinfo_new(const struct addrinfo *ai,
	const struct sockaddr *addr, socklen_t size)
{
	struct addrinfo *copy = malloc(sizeof(*copy) + size);

	if (!copy)
		return NULL;
	*copy = *ai;
	copy->ai_next = NULL;
	copy->ai_canonname = NULL;
	copy->ai_addr = memcpy(copy + 1, addr, size);
	copy->ai_addrlen = size;
	return copy;
}

static struct addrinfo *copy_one(const struct addrinfo *ai)
{
	struct addrinfo *copy =
		gev__addrinfo_new(ai, ai->ai_addr, ai->ai_addrlen);

	if (!copy || !ai->ai_canonname)
		return copy;
	copy->ai_canonname = strdup(ai->ai_canonname);
	if (copy->ai_canonname)
		return copy;
	free(copy);
	return NULL;
}

static int copy_all(const struct addrinfo *list, struct addrinfo **res)
{
	for (*res = NULL; list; list = list->ai_next) {
		*res = copy_one(list);
		if (!*res)
			return EAI_MEMORY;
		res = &(*res)->ai_next;
	}
	return 0;
}

int gev__addrinfo_adopt(struct addrinfo *list, struct addrinfo **res)
{
	int r = copy_all(list, res);

	freeaddrinfo(list);
	if (r) {
		gev_freeaddrinfo(*res);
		*res = NULL;
	}
	return r;
}

void gev_freeaddrinfo(struct addrinfo *res)
{
	struct addrinfo *next;

	for (; res; res = next) {
		next = res->ai_next;
		free(res->ai_canonname);
		free(res);
	}
}
