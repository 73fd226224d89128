/* SPDX-License-Identifier: MIT */
/*
 * What is known of a name: the one currency of the hosts file, c-ares and
 * whatever else knows names.
 */
#ifndef GEV_NET_ANSWER_H
#define GEV_NET_ANSWER_H

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>

union gev__addr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* All zero: nothing is known.  All of it is malloc's. */
struct gev__answer {
	char *name;              /* the canonical one */
	char **aliases;
	unsigned alias_count;
	union gev__addr *addrs;  /* each once, and without a port */
	unsigned count;
};

void gev__answer_fini(struct gev__answer *answer);

/* 0 or EAI_MEMORY.  What is there already, an empty name too, stays alone. */
int gev__answer_set_name(struct gev__answer *answer, const char *name);
int gev__answer_add_alias(struct gev__answer *answer, const char *alias);
int gev__answer_add(struct gev__answer *answer, const struct sockaddr *addr);
int gev__answer_merge(struct gev__answer *answer,
	const struct gev__answer *other);

/*
 * Leaves what @family and @flags (AI_V4MAPPED, AI_ALL) of a request allow; 0 or
 * EAI_NODATA if nothing is left.
 */
int gev__answer_filter(struct gev__answer *answer, int family, int flags);

/* Orders the addresses by RFC 6724: the best to talk to first. */
void gev__answer_sort(struct gev__answer *answer);

/* The EAI code, and errno, for 0 or -errno. */
static inline int gev__eai(int error)
{
	if (error == 0)
		return 0;
	errno = -error;
	return error == -ENOMEM ? EAI_MEMORY : EAI_SYSTEM;
}

static inline socklen_t gev__addr_size(const union gev__addr *addr)
{
	return addr->any.sa_family == AF_INET ? sizeof(addr->in)
					      : sizeof(addr->in6);
}

#endif
