/* SPDX-License-Identifier: MIT */
/*
 * The backend that waits by running an ev_loop: one of its own, or the
 * program's, whose watchers are then served as well.
 *
 * Descriptors stay in an epoll set, which libev watches as one.  Greenlets go
 * by edges, and libev tells of levels only; it also aborts when memory runs
 * out, which an ev_io for each descriptor would make likely.
 */
#include <ev.h>
#include <gev/libev.h>
#include "base/error.h"
#include "base/mem.h"
#include "libev/backend.h"

struct driver {
	struct ev_loop *ev;
	bool own;          /* made here */
	bool ready;        /* the epoll set has something */
	ev_io set;
	ev_timer timeout;
};

/* What gev_libev_use() said. */
static __thread struct ev_loop *given;

static void on_set(struct ev_loop *ev, ev_io *w, int events)
{
	struct driver *d = w->data;

	(void)ev;
	(void)events;
	d->ready = true;
}

/* That ev_run() returns is all it is for. */
static void on_timeout(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev;
	(void)w;
	(void)events;
}

static struct driver *make_driver(gev_loop *loop)
{
	struct driver *d = gev__alloc(sizeof(*d));

	if (!d)
		return NULL;
	d->own = !given;
	d->ev = given ? given : ev_loop_new(EVFLAG_AUTO);
	if (d->ev) {
		ev_io_init(&d->set, on_set, loop->poll_fd, EV_READ);
		ev_timer_init(&d->timeout, on_timeout, 0, 0);
		d->set.data = d;
		return d;
	}
	gev__free(d, sizeof(*d));
	return NULL;
}

static int open_libev(gev_loop *loop)
{
	int r = gev__epoll.open(loop);
	struct driver *d = r < 0 ? NULL : make_driver(loop);

	loop->driver = d;
	if (!d)
		return r < 0 ? r : -ENOMEM;
	ev_io_start(d->ev, &d->set);
	return 0;
}

static void free_driver(struct driver *d)
{
	ev_io_stop(d->ev, &d->set);
	if (d->own)
		ev_loop_destroy(d->ev);
	else
		ev_loop_fork(d->ev); /* perhaps we are a child: spare the parent's */
	gev__free(d, sizeof(*d));
}

static void close_libev(gev_loop *loop)
{
	if (loop->driver)
		free_driver(loop->driver);
	loop->driver = NULL;
	gev__epoll.close(loop);
}

static int watch(gev_loop *loop, int fd, int events)
{
	return gev__epoll.watch(loop, fd, events);
}

static void run(struct driver *d, gev_time timeout)
{
	if (timeout > 0) {
		ev_now_update(d->ev);
		ev_timer_set(&d->timeout, (double)timeout / 1e9, 0);
		ev_timer_start(d->ev, &d->timeout);
	}
	ev_run(d->ev, timeout == 0 ? EVRUN_NOWAIT : EVRUN_ONCE);
	ev_timer_stop(d->ev, &d->timeout);
}

/* The set is looked at first, since libev does not notice it being closed. */
static int wait(gev_loop *loop, gev_time timeout)
{
	struct driver *d = loop->driver;
	int n = gev__epoll.wait(loop, 0);
	int more;

	if (n < 0)
		return n;
	d->ready = false;
	run(d, n > 0 ? 0 : timeout);
	more = d->ready ? gev__epoll.wait(loop, 0) : 0;
	return more < 0 ? more : n + more;
}

static const struct gev__backend libev = {
	.name = "libev",
	.open = open_libev,
	.close = close_libev,
	.watch = watch,
	.wait = wait,
};

const struct gev__backend *const gev__libev = &libev;

int gev_libev_use(struct ev_loop *ev)
{
	given = ev;
	return 0;
}
