/* SPDX-License-Identifier: MIT */
/* Signals that stop a server or service: once in peace, twice at once. */
#include "server/server.h"
#include "base/mem.h"

struct gev__on_signal {
	gev_signal_watcher watcher;
	struct gev_list node;
	gev__stop_fn *stop;
	void *object;
	gev_time drain;
};

static int came(gev_watcher *w, int revents, void *arg)
{
	struct gev__on_signal *on = arg;
	gev_time drain = on->drain;

	(void)w;
	(void)revents;
	on->drain = 0;
	return on->stop(on->object, drain);
}

static int watch(struct gev__on_signal *on, gev_hub *hub, int signum)
{
	if (gev_signal_init(&on->watcher, hub->loop, signum) < 0 ||
		gev_signal_start(&on->watcher, came, on) < 0)
		return -errno;
	return 0;
}

int gev__signals_add(struct gev_list *signals, gev_hub *hub, int signum,
	gev_time drain, gev__stop_fn *stop, void *object)
{
	struct gev__on_signal *on;
	int r;

	if (drain < GEV_FOREVER)
		return -EINVAL;
	on = gev__alloc(sizeof(*on));
	if (!on)
		return -ENOMEM;
	on->stop = stop;
	on->object = object;
	on->drain = drain;
	r = watch(on, hub, signum);
	if (r == 0)
		gev__list_add_tail(signals, &on->node);
	else
		gev__free(on, sizeof(*on));
	return r;
}

void gev__signals_forget(struct gev_list *signals)
{
	struct gev_list *node;

	while ((node = gev__list_pop(signals))) {
		struct gev__on_signal *on =
			gev__container(node, struct gev__on_signal, node);

		gev_watcher_stop(&on->watcher.w);
		gev__free(on, sizeof(*on));
	}
}

struct stop {
	gev_server *server;
	gev_time drain;
};

static intptr_t stop(void *arg)
{
	struct stop stop = *(struct stop *)arg;

	gev__free(arg, sizeof(stop));
	gev_server_stop(stop.server, stop.drain);
	gev__server_put(stop.server);
	return 0;
}

/* In a greenlet of its own, which nobody knows to kill: so it runs. */
static int stop_later(void *server, gev_time drain)
{
	gev_server *s = server;
	struct stop *call = gev__alloc(sizeof(*call));

	if (!call)
		return -ENOMEM;
	*call = (struct stop){ s, drain };
	if (gev_go(stop, call) < 0) {
		gev__free(call, sizeof(*call));
		return -errno;
	}
	s->refs++;
	return 0;
}

int gev_server_stop_on(gev_server *s, int signum, gev_time drain)
{
	int r = gev__server_check(s);

	if (r == 0)
		r = gev__signals_add(&s->signals, s->hub, signum, drain,
			stop_later, s);
	return (int)gev__ret(r);
}
