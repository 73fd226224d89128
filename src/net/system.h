/* SPDX-License-Identifier: MIT */
/*
 * What the system's files say of how names are resolved.
 */
#ifndef GEV_NET_SYSTEM_H
#define GEV_NET_SYSTEM_H

#include "net/stamp.h"

/* Who is asked, in this order: 'f' the hosts file, 'b' DNS.  Or none of these
 * two, where only libc knows. */
struct gev__sources {
	struct gev__stamp stamp;
	char order[4];           /* up to what only libc knows */
	bool plain;              /* there is no such thing */
};

/* Reads nsswitch.conf at @path, if it has changed.  0, or -errno: this could
 * not be read just now. */
int gev__sources_read(struct gev__sources *sources, const char *path);

#define GEV__DOMAIN_SIZE 256

/* What of resolv.conf c-ares does not heed, or not as libc does. */
struct gev__resolv {
	int timeout;             /* seconds before the first retry */
	int attempts;
	int ndots;               /* that make a name one to ask for first */
	char search[2048];       /* domains, with blanks between them */
	bool plain;              /* c-ares understands all the rest */
};

/* Reads resolv.conf at @path.  0, or -errno as above. */
int gev__resolv_read(struct gev__resolv *resolv, const char *path);

/* Domain number @index of those to search; false if there are no more. */
bool gev__resolv_domain(const struct gev__resolv *resolv, unsigned index,
	char domain[GEV__DOMAIN_SIZE]);

#endif
