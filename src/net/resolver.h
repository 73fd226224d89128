/* SPDX-License-Identifier: MIT */
/*
 * Who resolves a name, for one hub.
 *
 *	numeric?      --> libc, at once
 *	hosts file?   --> hosts.c, at once (if nsswitch.conf asks it first)
 *	files, dns?   --> c-ares, under the hub's loop
 *	anything else --> libc, on the hub's threads
 */
#ifndef GEV_NET_RESOLVER_H
#define GEV_NET_RESOLVER_H

#include "net/answer.h"

/* That libc has to be asked, on a thread; and at once. */
#define GEV__ASK_THREAD 1
#define GEV__ASK_HERE 2

/*
 * What is known of @name; @family and @flags are those of a request.  What is
 * found is as they want it.  0, an EAI code, or one of the above.
 */
int gev__resolver_addresses(const char *name, int family, int flags,
	struct gev__answer *answer);

/* The names of @addr, which is AF_INET or AF_INET6. */
int gev__resolver_names(const struct sockaddr *addr,
	struct gev__answer *answer);

#endif
