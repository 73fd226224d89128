/* SPDX-License-Identifier: MIT */
/*
 * Looking up names is gev's own affair here: what libc calls to wait for its
 * servers has no name.  gev asks libc in turn, perhaps through slots that have
 * been replaced: who comes from there is sent on to libc.
 *
 * freeaddrinfo() is left alone.  gev's lists are made as libc's are, of
 * malloc() each, since a list may be given back by another object.
 */
#include "patch/stand_in.h"
#include <gev/dns.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "base/list.h"
#include "core/hub.h"

/* A greenlet that is in one of gev's functions. */
struct asker {
	struct gev_list node;
	const struct gev_coro *who;
};

static _Thread_local struct gev_list askers;

static bool asks(const struct gev_coro *who)
{
	struct gev_list *node;

	gev__list_for_each(node, &askers)
		if (gev__container(node, struct asker, node)->who == who)
			return true;
	return false;
}

/* False: it is libc's turn. */
static bool begin(struct asker *a)
{
	if (!askers.next)
		gev__list_init(&askers);
	if (!gev__patch_can_wait())
		return false;
	a->who = gev__hub_here()->thread->current;
	if (asks(a->who))
		return false;
	gev__list_add(&askers, &a->node);
	return true;
}

static void end(struct asker *a)
{
	gev__list_del(&a->node);
}

int gev__by_name_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	struct asker a;
	int r;

	if (!begin(&a))
		return gev__original.getaddrinfo(node, service, hints, res);
	r = gev_getaddrinfo(node, service, hints, res);
	end(&a);
	return r;
}

int gev__by_name_getnameinfo(const struct sockaddr *addr, socklen_t addrlen,
	char *host, socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	struct asker a;
	int r;

	if (!begin(&a))
		return gev__original.getnameinfo(addr, addrlen, host, hostlen,
			serv, servlen, flags);
	r = gev_getnameinfo(addr, addrlen, host, hostlen, serv, servlen, flags);
	end(&a);
	return r;
}

int gev__by_name_gethostbyname2_r(const char *name, int af, struct hostent *ret,
	char *buf, size_t size, struct hostent **result, int *error)
{
	struct asker a;
	int r;

	if (!begin(&a))
		return gev__original.gethostbyname2_r(name, af, ret, buf, size,
			result, error);
	r = gev_gethostbyname2_r(name, af, ret, buf, size, result, error);
	end(&a);
	return r;
}

int gev__by_name_gethostbyname_r(const char *name, struct hostent *ret,
	char *buf, size_t size, struct hostent **result, int *error)
{
	struct asker a;
	int r;

	if (!begin(&a))
		return gev__original.gethostbyname_r(name, ret, buf, size,
			result, error);
	r = gev_gethostbyname_r(name, ret, buf, size, result, error);
	end(&a);
	return r;
}

int gev__by_name_gethostbyaddr_r(const void *addr, socklen_t len, int type,
	struct hostent *ret, char *buf, size_t size, struct hostent **result,
	int *error)
{
	struct asker a;
	int r;

	if (!begin(&a))
		return gev__original.gethostbyaddr_r(addr, len, type, ret, buf,
			size, result, error);
	r = gev_gethostbyaddr_r(addr, len, type, ret, buf, size, result, error);
	end(&a);
	return r;
}

/* The answer of those without _r: until the next one, as libc says. */
struct kept {
	struct hostent host;
	char buf[16384];
};

static struct hostent *keep(struct kept *k, struct hostent *host)
{
	static struct kept *_Atomic last;

	free(atomic_exchange(&last, k));
	return host;
}

static struct kept *room(void)
{
	struct kept *k = malloc(sizeof(*k));

	if (!k)
		h_errno = NETDB_INTERNAL;
	return k;
}

struct hostent *gev__by_name_gethostbyname2(const char *name, int af)
{
	struct hostent *host = NULL;
	struct kept *k;

	if (!gev__patch_can_wait())
		return gev__original.gethostbyname2(name, af);
	k = room();
	if (k)
		gev__by_name_gethostbyname2_r(name, af, &k->host, k->buf,
			sizeof(k->buf), &host, &h_errno);
	return keep(k, host);
}

struct hostent *gev__by_name_gethostbyname(const char *name)
{
	if (!gev__patch_can_wait())
		return gev__original.gethostbyname(name);
	return gev__by_name_gethostbyname2(name, AF_INET);
}

struct hostent *gev__by_name_gethostbyaddr(const void *addr, socklen_t len,
	int type)
{
	struct hostent *host = NULL;
	struct kept *k;

	if (!gev__patch_can_wait())
		return gev__original.gethostbyaddr(addr, len, type);
	k = room();
	if (k)
		gev__by_name_gethostbyaddr_r(addr, len, type, &k->host, k->buf,
			sizeof(k->buf), &host, &h_errno);
	return keep(k, host);
}
