/* SPDX-License-Identifier: MIT */
/*
 * The hosts file, kept in memory and read again when it has changed.
 */
#ifndef GEV_NET_HOSTS_H
#define GEV_NET_HOSTS_H

#include "net/answer.h"
#include "net/stamp.h"

/* A line of it; the names are one string after the other, the last is empty. */
struct gev__host {
	union gev__addr addr;
	const char *names;
};

/* All zero: not read yet. */
struct gev__hosts {
	struct gev__stamp stamp;
	char *text;              /* what was read, cut into names */
	struct gev__host *hosts; /* in the order of the file */
	unsigned count;
};

/* Cuts @text, which has @size bytes and a NUL, into lines.  0 or EAI_MEMORY. */
int gev__hosts_parse(struct gev__hosts *hosts, char *text, size_t size);

/*
 * What the file at @path says of @name, of addresses of @family (AF_UNSPEC:
 * of any).  0; EAI_NONAME, EAI_MEMORY, EAI_SYSTEM.
 */
int gev__hosts_find(struct gev__hosts *hosts, const char *path,
	const char *name, int family, struct gev__answer *answer);

/* The same of an address. */
int gev__hosts_find_addr(struct gev__hosts *hosts, const char *path,
	const struct sockaddr *addr, struct gev__answer *answer);

void gev__hosts_fini(struct gev__hosts *hosts);

#endif
