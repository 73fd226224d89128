/* SPDX-License-Identifier: MIT */
/*
 * Questions to DNS servers, by c-ares, under the hub's loop.
 */
#ifndef GEV_NET_ARES_H
#define GEV_NET_ARES_H

#include <gev/base.h>
#include "base/list.h"
#include "net/answer.h"

struct gev__ares_setup {
	const char *resolv_conf;
	const char *nameservers; /* instead of that file's; or NULL */
	int timeout;             /* milliseconds before the first retry */
	int tries;
};

/* Whether this library was built with c-ares. */
bool gev__ares_is_there(void);

struct gev__ares {
	struct gev_list node;    /* its maker's, not in a list at first */
	bool retired;            /* ends with its last question */
};

/* NULL with *error set to an EAI code (and errno). */
struct gev__ares *gev__ares_open(gev_hub *hub,
	const struct gev__ares_setup *setup, int *error);

/*
 * What gev__ares_forward() may return instead of EAI_AGAIN: it is this name
 * that servers fail with.
 */
#define GEV__SERVFAIL 3

/*
 * Adds the addresses of @name, as it is, of one family, or of both (AF_UNSPEC);
 * and the names of @addr.  Waits.  0 or an EAI code.
 */
int gev__ares_forward(struct gev__ares *ares, const char *name, int family,
	struct gev__answer *answer);
int gev__ares_reverse(struct gev__ares *ares, const struct sockaddr *addr,
	struct gev__answer *answer);

/* No more questions are to come. */
void gev__ares_retire(struct gev__ares *ares);

/* At once; who waits for an answer is never woken. */
void gev__ares_close(struct gev__ares *ares);

#endif
