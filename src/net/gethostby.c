/* SPDX-License-Identifier: MIT */
/*
 * gethostbyname(3) and its kin, of which there are the reentrant forms: what
 * the others give lies in one place for all greenlets.
 */
#include <gev/dns.h>
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "net/resolver.h"
#include "net/thread.h"

/* What is left of the caller's buffer. */
struct room {
	char *at;
	size_t left;
};

/* @size bytes of it, for pointers; NULL if there are no more. */
static void *take(struct room *room, size_t size)
{
	size_t skip = -(uintptr_t)room->at % sizeof(void *);
	char *at = room->at + skip;

	if (skip + size > room->left)
		return NULL;
	room->at = at + size;
	room->left -= skip + size;
	return at;
}

static char *take_text(struct room *room, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = take(room, size);

	return copy ? memcpy(copy, s, size) : NULL;
}

static bool fill_aliases(struct room *room, const struct gev__answer *answer,
	struct hostent *host)
{
	unsigned n = answer->alias_count;
	char **list = take(room, (n + 1) * sizeof(*list));

	if (!list)
		return false;
	for (unsigned i = 0; i < n; i++) {
		list[i] = take_text(room, answer->aliases[i]);
		if (!list[i])
			return false;
	}
	list[n] = NULL;
	host->h_aliases = list;
	return true;
}

static const void *bytes_of(const union gev__addr *addr)
{
	if (addr->any.sa_family == AF_INET)
		return &addr->in.sin_addr;
	return &addr->in6.sin6_addr;
}

static bool fill_addrs(struct room *room, const struct gev__answer *answer,
	struct hostent *host)
{
	unsigned n = answer->count;
	char **list = take(room, (n + 1) * sizeof(*list));

	if (!list)
		return false;
	for (unsigned i = 0; i < n; i++) {
		list[i] = take(room, (size_t)host->h_length);
		if (!list[i])
			return false;
		memcpy(list[i], bytes_of(&answer->addrs[i]),
			(size_t)host->h_length);
	}
	list[n] = NULL;
	host->h_addr_list = list;
	return true;
}

static bool fill(struct room *room, const struct gev__answer *answer,
	int family, struct hostent *host)
{
	host->h_addrtype = family;
	host->h_length = family == AF_INET ? 4 : 16;
	host->h_name = take_text(room, answer->name);
	return host->h_name && fill_aliases(room, answer, host) &&
	       fill_addrs(room, answer, host);
}

/* h_errno and the return value for an EAI code, as glibc has them. */
static int fail(int code, int *h_errnop)
{
	switch (code) {
	case EAI_NONAME:
		*h_errnop = HOST_NOT_FOUND;
		return 0;
	case EAI_NODATA:
		*h_errnop = NO_DATA;
		return 0;
	case EAI_AGAIN:
		*h_errnop = TRY_AGAIN;
		return EAGAIN;
	case EAI_FAIL:
		*h_errnop = NO_RECOVERY;
		return EIO;
	case EAI_SYSTEM:
		break;
	case EAI_FAMILY:
		errno = EAFNOSUPPORT;
		break;
	case EAI_OVERFLOW:
		errno = ERANGE;
		break;
	default:
		errno = ENOMEM;
	}
	*h_errnop = NETDB_INTERNAL;
	return errno;
}

/* A number is its own name. */
static int read_number(const char *name, int family,
	struct gev__answer *answer)
{
	union gev__addr addr;
	int r;

	memset(&addr, 0, sizeof(addr));
	addr.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		r = inet_aton(name, &addr.in.sin_addr);
	else
		r = inet_pton(family, name, &addr.in6.sin6_addr);
	return r == 1 ? gev__answer_add(answer, &addr.any) : EAI_NONAME;
}

/* libc's list tells of no aliases. */
static int ask_thread(const char *name, int family, struct gev__answer *answer)
{
	struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_CANONNAME };
	struct addrinfo *list;
	int r = gev__thread_getaddrinfo(name, NULL, &hints, &list);

	if (r)
		return r;
	if (list->ai_canonname)
		r = gev__answer_set_name(answer, list->ai_canonname);
	for (struct addrinfo *ai = list; r == 0 && ai; ai = ai->ai_next)
		r = gev__answer_add(answer, ai->ai_addr);
	gev_freeaddrinfo(list);
	return r;
}

static int look_up(const char *name, int family, struct gev__answer *answer)
{
	int r;

	if (family != AF_INET && family != AF_INET6)
		return EAI_FAMILY;
	r = read_number(name, family, answer);
	if (r == EAI_NONAME)
		r = gev__resolver_addresses(name, family, 0, answer);
	if (r == GEV__ASK_THREAD || r == GEV__ASK_HERE)
		r = ask_thread(name, family, answer);
	return r ? r : gev__answer_set_name(answer, name);
}

int gev_gethostbyname2_r(const char *name, int af, struct hostent *ret,
	char *buf, size_t buflen, struct hostent **result, int *h_errnop)
{
	struct gev__answer answer = { .name = NULL };
	struct room room = { buf, buflen };
	int r = look_up(name, af, &answer);

	if (r == 0 && !fill(&room, &answer, af, ret))
		r = EAI_OVERFLOW;
	gev__answer_fini(&answer);
	*result = r ? NULL : ret;
	return r ? fail(r, h_errnop) : 0;
}

int gev_gethostbyname_r(const char *name, struct hostent *ret, char *buf,
	size_t buflen, struct hostent **result, int *h_errnop)
{
	return gev_gethostbyname2_r(name, AF_INET, ret, buf, buflen, result,
		h_errnop);
}

/* Makes @addr a socket address.  EAI_FAMILY: it is none. */
static int read_addr(const void *addr, socklen_t len, int type,
	union gev__addr *to)
{
	memset(to, 0, sizeof(*to));
	to->any.sa_family = (sa_family_t)type;
	if (type == AF_INET && len == sizeof(to->in.sin_addr))
		memcpy(&to->in.sin_addr, addr, len);
	else if (type == AF_INET6 && len == sizeof(to->in6.sin6_addr))
		memcpy(&to->in6.sin6_addr, addr, len);
	else
		return EAI_FAMILY;
	return 0;
}

static int ask_thread_back(const union gev__addr *addr,
	struct gev__answer *answer)
{
	char host[NI_MAXHOST];
	int r = gev__thread_getnameinfo(&addr->any, gev__addr_size(addr), host,
		sizeof(host), NULL, 0, NI_NAMEREQD);

	return r ? r : gev__answer_set_name(answer, host);
}

static int look_back(const union gev__addr *addr, struct gev__answer *answer)
{
	int r = gev__resolver_names(&addr->any, answer);

	if (r == GEV__ASK_THREAD || r == GEV__ASK_HERE)
		r = ask_thread_back(addr, answer);
	return r ? r : gev__answer_add(answer, &addr->any);
}

int gev_gethostbyaddr_r(const void *addr, socklen_t len, int type,
	struct hostent *ret, char *buf, size_t buflen,
	struct hostent **result, int *h_errnop)
{
	struct gev__answer answer = { .name = NULL };
	struct room room = { buf, buflen };
	union gev__addr to;
	int r = read_addr(addr, len, type, &to);

	if (r == 0)
		r = look_back(&to, &answer);
	if (r == 0 && !fill(&room, &answer, type, ret))
		r = EAI_OVERFLOW;
	gev__answer_fini(&answer);
	*result = r ? NULL : ret;
	return r ? fail(r, h_errnop) : 0;
}
