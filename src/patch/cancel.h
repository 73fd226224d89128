/* SPDX-License-Identifier: MIT */
#ifndef GEV_PATCH_CANCEL_H
#define GEV_PATCH_CANCEL_H

#include <signal.h>
#include "core/hub.h"

/* The signal of pthread_cancel(): glibc's own. */
#define GEV__SIGCANCEL 32

/* How many there are to be delivered, in all threads. */
extern atomic_int gev__cancels;

/* To the calling greenlet, if there is one for it; may not return. */
void gev__cancel_take(struct gev_hub *hub);

static inline void gev__cancel_point(struct gev_hub *hub)
{
	if (__builtin_expect(atomic_load_explicit(&gev__cancels,
				     memory_order_relaxed), 0))
		gev__cancel_take(hub);
}

/* tgkill() of it to @tid, sent in @hub or (NULL) elsewhere.  Or GEV__PASS. */
long gev__cancel_send(struct gev_hub *hub, long tid);

/*
 * It came to this thread.  True: whoever it is for runs, and libc's handler is
 * to be called.  Else he will send it to himself; *tell is set if the hub has
 * to call gev__cancel_wake() first.
 */
bool gev__cancel_arrived(const siginfo_t *info, bool *tell);

/* Ends the calls that those wait in. */
void gev__cancel_wake(struct gev_hub *hub);

#endif
