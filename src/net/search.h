/* SPDX-License-Identifier: MIT */
/*
 * The full names that a name may be short for, asked for one after another.
 */
#ifndef GEV_NET_SEARCH_H
#define GEV_NET_SEARCH_H

#include "net/system.h"

/* Asks for the full name @name: 0, an EAI code or GEV__SERVFAIL. */
typedef int gev__search_fn(void *arg, const char *name, int family);

/* 0 if one is there, or an EAI code.  @resolv may change while @ask waits. */
int gev__search(const struct gev__resolv *resolv, const char *name, int family,
	gev__search_fn *ask, void *arg);

/* AI_V4MAPPED: AF_INET6, and AF_INET if there is none or @all are wanted. */
int gev__search_mapped(const struct gev__resolv *resolv, const char *name,
	bool all, gev__search_fn *ask, void *arg);

#endif
