/* SPDX-License-Identifier: MIT */
/*
 * What handlers do.  A task ends in a link of its greenlet: so it is cleaned up
 * behind a greenlet that was killed before it began, too.
 */
#include "server/server.h"
#include <gev/io.h>
#include <string.h>
#include "base/mem.h"
#include "calls/descriptor.h"

/* It counts from when the hub knows the descriptor. */
static uint32_t generation(struct gev_hub *hub, int fd)
{
	int error;
	struct gev__fd_rec *rec = fd < 0 ? NULL : gev__fd_get(hub, fd, &error);

	return rec ? rec->number->generation : 0;
}

/* Whether it is still the one it was. */
static bool is_ours(const struct gev__task *t)
{
	struct gev__number *number =
		t->fd < GEV__FD_MAX ? gev__number(t->fd) : NULL;

	return !t->generation || !number ||
	       number->generation == t->generation;
}

struct gev__task *gev__task_new(gev_server *s, size_t length)
{
	struct gev__task *t = gev__alloc(sizeof(*t) + length);

	if (!t)
		return NULL;
	t->server = s;
	t->length = length;
	t->fd = -1;
	return t;
}

void gev__task_free(struct gev__task *t)
{
	gev__free(t, sizeof(*t) + t->length);
}

/* The handler may have closed it, and the number be another's by now. */
static void close_fd(struct gev__task *t)
{
	if (t->fd >= 0 && is_ours(t))
		gev_close(t->fd);
	t->fd = -1;
}

static intptr_t run(void *arg)
{
	struct gev__task *t = arg;
	const struct gev_server_options *o = &t->server->options;
	const struct sockaddr *peer = (const struct sockaddr *)&t->peer;

	if (o->handle)
		o->handle(t->fd, peer, t->size, o->arg);
	else
		o->handle_datagram(t->server, t->data, t->length, peer,
			t->size, o->arg);
	close_fd(t);
	return 0;
}

static int ended(gev_greenlet *g, void *arg)
{
	struct gev__task *t = arg;
	gev_server *s = t->server;

	(void)g;
	close_fd(t);
	gev__list_del(&t->node);
	gev__task_free(t);
	gev__stat_set(&s->stats.handlers, s->stats.handlers - 1);
	gev_countdown_done(&s->busy);
	gev__server_put(s);
	return 0;
}

static void count(gev_server *s)
{
	struct gev_server_stats *stats = &s->stats;

	s->refs++;
	gev_countdown_add(&s->busy, 1);
	gev__stat_set(&stats->accepted, stats->accepted + 1);
	gev__stat_set(&stats->handlers, stats->handlers + 1);
	if (stats->handlers > stats->peak)
		gev__stat_set(&stats->peak, stats->handlers);
}

int gev__task_start(struct gev__task *t)
{
	gev_server *s = t->server;
	struct gev_spawn_options options = {
		.stack_size = s->options.stack_size };
	gev_greenlet *g = gev_greenlet_new(run, t, &options);
	int r = g ? 0 : -errno;

	if (r == 0 && gev_pool_start(s->options.pool, g, GEV_FOREVER) < 0)
		r = -errno;
	if (r == 0 && gev_rawlink(g, ended, t) < 0) {
		r = -errno;
		gev_kill(g, 0);
	}
	if (r == 0) {
		t->generation = generation(s->hub, t->fd);
		t->greenlet = g;
		gev__list_add_tail(&s->tasks, &t->node);
		count(s);
	}
	gev_unref(g);
	return r;
}

void gev__tasks_kill(gev_server *s)
{
	struct gev_list *node;

	gev__list_for_each(node, &s->tasks)
		gev_kill(gev__container(node, struct gev__task, node)->greenlet,
			0);
}

static int adopt(gev_server *s, int fd, const struct sockaddr *peer,
	socklen_t size)
{
	struct gev__task *t;
	int r;

	if (!s->options.handle)
		return -ENOTSUP;
	if (fd < 0 || (peer && size > sizeof(t->peer)))
		return fd < 0 ? -EBADF : -EINVAL;
	t = gev__task_new(s, 0);
	if (!t)
		return -ENOMEM;
	t->fd = fd;
	if (peer)
		memcpy(&t->peer, peer, size);
	t->size = peer ? size : 0;
	r = gev__task_start(t);
	if (r < 0)
		gev__task_free(t);
	return r;
}

int gev_server_adopt(gev_server *s, int fd, const struct sockaddr *peer,
	socklen_t size)
{
	int r = gev__server_check(s);

	return (int)gev__ret(r < 0 ? r : adopt(s, fd, peer, size));
}
