/* SPDX-License-Identifier: MIT */
/*
 * Channels as gev_choose() sees them.
 *
 * Who waits is in one of two lists; .value of a waiter is where its element is
 * copied from or to (NULL: it is dropped).
 */
#ifndef GEV_SYNC_CHANNEL_H
#define GEV_SYNC_CHANNEL_H

#include <gev/channel.h>
#include "core/wait.h"

struct gev_chan {
	gev_hub *hub;               /* whose greenlets use it; NULL: not yet */
	struct gev_list receivers;  /* empty, or the buffer is */
	struct gev_list senders;    /* empty, or the buffer is full */
	size_t size;                /* of an element */
	size_t capacity;            /* of the buffer, in elements */
	size_t length;              /* elements in it */
	size_t first;               /* offset of the oldest, in bytes */
	size_t free;                /* offset of where the next one goes */
	bool closed;
	char buffer[] __attribute__((aligned(16))); /* a ring */
};

/* 0; -EINVAL (NULL), -EPERM (another thread's), or why there is no hub. */
int gev__chan_enter(gev_chan *ch);

/* Now or never: 0, -EAGAIN (it would have to wait), -EPIPE. */
int gev__chan_try_send(gev_chan *ch, const void *element);
int gev__chan_try_recv(gev_chan *ch, void *element);

#endif
