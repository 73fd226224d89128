/* SPDX-License-Identifier: MIT */
/*
 * The way in for other threads and for signal handlers: async watchers, and
 * the eventfd that ends the loop's wait.
 *
 * Nobody reads the eventfd.  Edge-triggered, every write to it is an event of
 * its own, and `woken` keeps them few: who finds it set knows that an event is
 * under way.  The loop clears it before it looks for what there is to do.
 */
#include "base/host.h"
#include "base/sys.h"
#include "loop/watch.h"
#include <sys/eventfd.h>

static void take_sent(gev_loop *loop)
{
	struct gev_list *node;

	gev__list_for_each(node, &loop->watchers[GEV__ASYNC]) {
		gev_watcher *w = gev__container(node, gev_watcher, link);
		gev_async_watcher *self = (gev_async_watcher *)w;

		if (__atomic_load_n(&self->sent, __ATOMIC_RELAXED))
			gev__watcher_pend(w);
	}
}

static void woke_up(struct gev__edge *edge, int events)
{
	gev_loop *loop = gev__container(edge, gev_loop, wake);

	(void)events;
	atomic_exchange(&loop->woken, false); /* acquires what came with it */
	take_sent(loop);
}

int gev__wakeup_open(gev_loop *loop)
{
	long fd = gev__sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r;

	if (fd < 0)
		return fd;
	fd = gev__host_fd((int)fd);
	loop->wake.fn = woke_up;
	r = gev__edge_add(loop, fd, &loop->wake, GEV_READ);
	if (r < 0) {
		gev__sys(SYS_close, fd);
		return r;
	}
	loop->wake_fd = fd;
	atomic_store(&loop->woken, false);
	return 0;
}

void gev__wakeup_close(gev_loop *loop)
{
	if (loop->wake_fd < 0)
		return;
	gev__edge_drop(loop, loop->wake_fd);
	gev__sys(SYS_close, loop->wake_fd);
	loop->wake_fd = -1;
}

void gev__wakeup(gev_loop *loop)
{
	uint64_t one = 1;

	if (!atomic_exchange(&loop->woken, true))
		gev__sys(SYS_write, loop->wake_fd, &one, sizeof(one));
}

bool gev__async_ready(gev_watcher *w)
{
	return __atomic_exchange_n(&((gev_async_watcher *)w)->sent, 0,
		__ATOMIC_ACQ_REL);
}

int gev_async_init(gev_async_watcher *w, gev_loop *loop)
{
	int r = gev__watcher_init((gev_watcher *)w, loop, GEV__ASYNC, 0);

	if (r == 0)
		w->sent = 0;
	return gev__ret(r);
}

int gev_async_start(gev_async_watcher *w, gev_watcher_fn *fn, void *arg)
{
	int r = gev__watcher_startable((gev_watcher *)w, fn);

	if (r < 0)
		return gev__ret(r);
	gev__watcher_begin(&w->w, fn, arg);
	if (__atomic_load_n(&w->sent, __ATOMIC_RELAXED))
		gev__watcher_pend(&w->w);
	return 0;
}

int gev_async_send(gev_async_watcher *w)
{
	if (!w || !w->w.loop)
		return gev__ret(-EINVAL);
	__atomic_store_n(&w->sent, 1, __ATOMIC_SEQ_CST);
	gev__wakeup(w->w.loop);
	return 0;
}
