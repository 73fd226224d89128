/* SPDX-License-Identifier: MIT */
/*
 * The greenlet that accepts.  It waits for a place in the pool first, so that
 * who can't be served yet stays in the system's queue.
 */
#include "server/server.h"
#include <gev/io.h>
#include <gev/socket.h>
#include "base/mem.h"

#define DELAY_MIN GEV_MS(10)
#define DELAY_MAX GEV_SEC(1)

static int accept_one(gev_server *s)
{
	struct gev__task *t = gev__task_new(s, 0);
	int r;

	if (!t)
		return -ENOMEM;
	t->size = sizeof(t->peer);
	t->fd = gev_accept4(s->listener, (struct sockaddr *)&t->peer, &t->size,
		SOCK_CLOEXEC);
	r = t->fd < 0 ? -errno : gev__task_start(t);
	if (r < 0 && t->fd >= 0)
		gev_close(t->fd);
	if (r < 0)
		gev__task_free(t);
	return r;
}

/* Nothing will come of trying again. */
static bool is_fatal(int error)
{
	return error == -EBADF || error == -EINVAL || error == -ENOTSOCK ||
	       error == -EOPNOTSUPP;
}

/* Accepts what there is to accept; 0, or what that failed with. */
static int accept_some(gev_server *s)
{
	int r = 0;

	for (int i = 0; r == 0 && i < s->options.max_accept; i++) {
		r = gev_pool_wait_available(s->options.pool, GEV_FOREVER);
		if (r < 0)
			return -errno;
		r = s->buf ? gev__server_receive(s) : accept_one(s);
	}
	if (r == 0 && gev_yield() < 0)
		r = -errno;
	return r;
}

/* What to do about @error: the delay before the next attempt. */
static gev_time next_delay(gev_server *s, int error, gev_time delay)
{
	gev__stat_set(&s->stats.failed, s->stats.failed + 1);
	if (error == -ECONNABORTED || error == -ECONNREFUSED)
		return 0;
	gev__hub_error(s->hub, NULL, error, "accept");
	return delay == 0 ? DELAY_MIN :
	       delay < DELAY_MAX / 2 ? 2 * delay : DELAY_MAX;
}

/* Returns why it ended. */
static int accept_all(gev_server *s)
{
	const gev_greenlet *self = gev_current();
	gev_time delay = 0;

	while (s->acceptor == self) {
		uint64_t accepted = s->stats.accepted;
		int r = accept_some(s);

		if (s->acceptor != self || is_fatal(r))
			return r;
		if (r == 0 || s->stats.accepted != accepted)
			delay = 0;
		if (r == 0)
			continue;
		delay = next_delay(s, r, delay);
		gev_sleep(delay);
	}
	return 0;
}

/* It can't go on, and is as if it had been stopped. */
static void give_up(gev_server *s, int error)
{
	gev__hub_error(s->hub, NULL, error, "accept");
	s->error = error;
	gev_unref(s->acceptor);
	s->acceptor = NULL;
	gev_server_close(s);
	s->started = false;
	gev_event_set(&s->stopped);
}

static intptr_t acceptor(void *arg)
{
	gev_server *s = arg;
	int r = accept_all(s);

	if (s->acceptor == gev_current())
		give_up(s, r);
	return 0;
}

static int ended(gev_greenlet *g, void *s)
{
	(void)g;
	gev__server_put(s);
	return 0;
}

static int start(gev_server *s, gev_greenlet *g)
{
	if (gev_rawlink(g, ended, s) < 0 || gev_start(g) < 0)
		return -errno;
	gev_set_name(g, "acceptor");
	s->refs++;
	s->acceptor = g;
	return 0;
}

int gev__server_accept(gev_server *s)
{
	gev_greenlet *g;
	int r;

	if (s->listener < 0)
		return -EBADF;
	if (s->acceptor)
		return 0;
	if (s->options.handle_datagram && !s->buf)
		s->buf = gev__alloc(GEV__DATAGRAM_MAX);
	if (s->options.handle_datagram && !s->buf)
		return -ENOMEM;
	g = gev_greenlet_new(acceptor, s, NULL);
	if (!g)
		return -errno;
	r = start(s, g);
	if (r < 0)
		gev_unref(g);
	return r;
}

int gev__server_cease(gev_server *s)
{
	gev_greenlet *g = s->acceptor;
	int r;

	if (!g)
		return 0;
	s->acceptor = NULL;
	r = gev_kill(g, GEV_FOREVER) < 0 ? -errno : 0;
	gev_unref(g);
	return r;
}
