/* SPDX-License-Identifier: MIT */
#include "net/answer.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void gev__answer_fini(struct gev__answer *answer)
{
	for (unsigned i = 0; i < answer->alias_count; i++)
		free(answer->aliases[i]);
	free(answer->aliases);
	free(answer->name);
	free(answer->addrs);
	memset(answer, 0, sizeof(*answer));
}

int gev__answer_set_name(struct gev__answer *answer, const char *name)
{
	if (!answer->name)
		answer->name = strdup(name);
	return answer->name ? 0 : EAI_MEMORY;
}

static bool is_known(const struct gev__answer *answer, const char *alias)
{
	if (answer->name && strcasecmp(answer->name, alias) == 0)
		return true;
	for (unsigned i = 0; i < answer->alias_count; i++)
		if (strcasecmp(answer->aliases[i], alias) == 0)
			return true;
	return false;
}

int gev__answer_add_alias(struct gev__answer *answer, const char *alias)
{
	char **aliases;

	if (is_known(answer, alias))
		return 0;
	aliases = reallocarray(answer->aliases, answer->alias_count + 1,
		sizeof(*aliases));
	if (!aliases)
		return EAI_MEMORY;
	answer->aliases = aliases;
	aliases[answer->alias_count] = strdup(alias);
	if (!aliases[answer->alias_count])
		return EAI_MEMORY;
	answer->alias_count++;
	return 0;
}

/* An address and nothing else: what two of them can be compared by. */
static union gev__addr bare(const struct sockaddr *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	union gev__addr copy;

	memset(&copy, 0, sizeof(copy));
	copy.any.sa_family = addr->sa_family;
	if (addr->sa_family == AF_INET) {
		copy.in.sin_addr = in->sin_addr;
		return copy;
	}
	copy.in6.sin6_addr = in6->sin6_addr;
	copy.in6.sin6_scope_id = in6->sin6_scope_id;
	return copy;
}

int gev__answer_add(struct gev__answer *answer, const struct sockaddr *addr)
{
	union gev__addr copy = bare(addr), *addrs;

	for (unsigned i = 0; i < answer->count; i++)
		if (memcmp(&answer->addrs[i], &copy, sizeof(copy)) == 0)
			return 0;
	addrs = reallocarray(answer->addrs, answer->count + 1, sizeof(copy));
	if (!addrs)
		return EAI_MEMORY;
	answer->addrs = addrs;
	addrs[answer->count++] = copy;
	return 0;
}

int gev__answer_merge(struct gev__answer *answer,
	const struct gev__answer *other)
{
	int r = other->name ? gev__answer_set_name(answer, other->name) : 0;

	for (unsigned i = 0; r == 0 && i < other->alias_count; i++)
		r = gev__answer_add_alias(answer, other->aliases[i]);
	for (unsigned i = 0; r == 0 && i < other->count; i++)
		r = gev__answer_add(answer, &other->addrs[i].any);
	return r;
}

static void map(union gev__addr *addr)
{
	struct in_addr in = addr->in.sin_addr;

	memset(addr, 0, sizeof(*addr));
	addr->in6.sin6_family = AF_INET6;
	memset(&addr->in6.sin6_addr.s6_addr[10], 0xff, 2);
	memcpy(&addr->in6.sin6_addr.s6_addr[12], &in, sizeof(in));
}

static bool has(const struct gev__answer *answer, int family)
{
	for (unsigned i = 0; i < answer->count; i++)
		if (answer->addrs[i].any.sa_family == family)
			return true;
	return false;
}

int gev__answer_filter(struct gev__answer *answer, int family, int flags)
{
	bool mapped = family == AF_INET6 && (flags & AI_V4MAPPED) &&
		      ((flags & AI_ALL) || !has(answer, AF_INET6));
	unsigned left = 0;

	for (unsigned i = 0; i < answer->count; i++) {
		union gev__addr *addr = &answer->addrs[i];

		if (mapped && addr->any.sa_family == AF_INET)
			map(addr);
		if (family == AF_UNSPEC || addr->any.sa_family == family)
			answer->addrs[left++] = *addr;
	}
	answer->count = left;
	return left ? 0 : EAI_NODATA;
}
