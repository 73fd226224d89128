/* SPDX-License-Identifier: MIT */
/*
 * How names are to be resolved in this process: what gev_resolver_configure()
 * says, or the environment.
 */
#ifndef GEV_NET_OPTIONS_H
#define GEV_NET_OPTIONS_H

#include <gev/dns.h>

enum gev__resolver_kind {
	GEV__RESOLVER_AUTO,   /* as nsswitch.conf says */
	GEV__RESOLVER_ARES,
	GEV__RESOLVER_THREAD,
	GEV__RESOLVER_BLOCK,
};

struct gev__options {
	unsigned version;     /* changes with every change; never 0 */
	enum gev__resolver_kind kind;
	gev_time timeout;     /* 0: not said, as for tries */
	int tries;
	char *nameservers;    /* NULL: not said */
	char *hosts;
	char *resolv_conf;
	char *nsswitch;
};

/* Whether @options is not what is wanted now. */
bool gev__options_are_stale(const struct gev__options *options);

/* A copy, in place of an older one (or all zero).  0 or -errno. */
int gev__options_get(struct gev__options *options);

void gev__options_fini(struct gev__options *options);

#endif
