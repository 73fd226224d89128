/* SPDX-License-Identifier: MIT */
/*
 * A channel of c-ares', whose sockets and timeouts a hub's loop looks after.
 *
 * c-ares reports failures of ours, a socket that can't be watched, to nobody.
 * They are noted, and all that is asked fails with them as soon as c-ares has
 * returned to us.
 */
#ifndef GEV_NET_ARES_CHANNEL_H
#define GEV_NET_ARES_CHANNEL_H

#include <ares.h>
#include "core/wait.h"
#include "net/ares.h"

struct gev__ares_channel {
	struct gev__ares base;
	gev_hub *hub;
	ares_channel ares;
	struct gev_list sockets;
	gev_timer_watcher timer;
	gev_time due;            /* when it fires */
	gev_time timeout;        /* of a question that is asked first */
	unsigned asked;          /* questions without an answer */
	int failure;             /* errno: see above */
	int rcode;               /* of the datagram read last, or 0 */
	int no_socket;           /* errno, if there was none to be had */
	bool closing;            /* nobody is to be woken any more */
};

/* Keeps @rcode. */
void gev__ares_watch_codes(struct gev__ares_channel *c);

/* To be called after c-ares has been at work.  @c may be gone then. */
void gev__ares_settle(struct gev__ares_channel *c);

/* An EAI code, or GEV__SERVFAIL, for what c-ares says. */
int gev__ares_code(int status);

#endif
