/* SPDX-License-Identifier: MIT */
/*
 * Some calls wait for what no descriptor tells of: messages and semaphores of
 * System V, FIFOs to be opened at the other end.  The kernel has a form of each
 * that does not wait.  That is made again as soon as another thread has done
 * what may be waited for, and now and then for what other processes do.
 */
#include "run/insist.h"
#include <poll.h>
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "core/wait.h"
#include "run/ghost.h"

static long poll_for(const struct gev__run_insist *i, gev_time t,
	bool *expired)
{
	struct pollfd p = { .fd = gev__run_fd_now(i->fd),
		.events = i->events };
	struct timespec ts = gev__timespec(t);
	long r = gev__call_ppoll(&p, 1, t == GEV_FOREVER ? NULL : &ts, NULL, 0);

	*expired = r == 0;
	return r < 0 ? r : 0;
}

static long sleep_for(const struct gev__run_insist *i, gev_time t,
	bool *expired)
{
	struct gev_waiter w = { .what = "what other processes do" };
	int r;

	if (i->among)
		gev__list_add_tail(i->among, &w.link);
	r = gev__park(&w, t);
	*expired = w.expired;
	return w.expired ? 0 : r;
}

long gev__run_insist(const struct gev__run_insist *i)
{
	struct gev_hub *hub = gev__hub_here();
	const gev_time end = gev__fd_deadline(hub, i->timeout);
	gev_time pause = GEV__PAUSE;
	bool waited = false;
	long r;

	while ((r = i->attempt(i->arg)) == -EAGAIN) {
		gev_time left = gev__fd_left(hub, end);
		bool pauses = (i->fd < 0 || i->unsure) &&
			      (left == GEV_FOREVER || pause < left);
		gev_time t = pauses ? pause : left;
		bool expired;

		if (left == 0)
			break;
		r = i->fd >= 0 ? poll_for(i, t, &expired) :
				 sleep_for(i, t, &expired);
		if (r < 0)
			return r;
		if (expired)
			pause = gev__longer_pause(pause);
		waited = true;
	}
	return waited && r == -EINVAL && i->gone ? i->gone : r;
}

void gev__run_try_again(struct gev_list *among)
{
	gev__wake_all(among, 0);
}
