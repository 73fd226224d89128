/* SPDX-License-Identifier: MIT */
/*
 * Lists of struct addrinfo, laid out as glibc does it: a node and its address
 * are one block, its canonical name is another.
 */
#ifndef GEV_NET_ADDRINFO_H
#define GEV_NET_ADDRINFO_H

#include <netdb.h>

/*
 * A node like @ai, but with @addr, not linked to others, and without a
 * canonical name.  NULL: out of memory.
 */
struct addrinfo *gev__addrinfo_new(const struct addrinfo *ai,
	const struct sockaddr *addr, socklen_t size);

/* A copy of libc's @list, which is freed.  0 or EAI_MEMORY. */
int gev__addrinfo_adopt(struct addrinfo *list, struct addrinfo **res);

#endif
