/* SPDX-License-Identifier: MIT */
/*
 * In words: who is there, what each waits on, since when; and failures.
 */
#include "core/report.h"
#include "base/mem.h"
#include "base/sys.h"

void gev__text_coro(struct gev__text *t, const gev_coro *c)
{
	if (!c->greenlet) {
		gev__text_add(t, c->parent ? "coroutine " : "root coroutine ");
		gev__text_ptr(t, c);
		return;
	}
	gev__text_add(t, "greenlet \"");
	gev__text_add(t, gev_name(c->greenlet));
	gev__text_char(t, '"');
}

static void add_duration(struct gev__text *t, gev_time d)
{
	uint64_t ms = d > 0 ? (uint64_t)d / 1000000 : 0;

	gev__text_num(t, ms / 1000);
	gev__text_char(t, '.');
	gev__text_char(t, (char)('0' + ms / 100 % 10));
	gev__text_char(t, (char)('0' + ms / 10 % 10));
	gev__text_char(t, (char)('0' + ms % 10));
	gev__text_add(t, " s");
}

static void add_wait(struct gev__text *t, const struct gev_waiter *w)
{
	gev__text_add(t, "waits in ");
	gev__text_add(t, w->what ? w->what : "a waiter");
	if (w->describe) {
		gev__text_char(t, ' ');
		w->describe(w, t);
	} else if (w->object) {
		gev__text_add(t, " on ");
		gev__text_ptr(t, w->object);
	}
}

static void add_greenlet(struct gev__text *t, const gev_greenlet *g)
{
	gev__text_coro(t, g->coro);
	gev__text_char(t, ' ');
	if (g->coro->waiter) {
		add_wait(t, g->coro->waiter);
		gev__text_add(t, " since ");
		add_duration(t, g->hub->loop->now - g->since);
	} else if (g->coro->state == GEV__CORO_RUNNING) {
		gev__text_add(t, "is running");
	} else if (g->coro->state == GEV__CORO_SCHEDULED ||
		   (g->phase == GEV__STARTED && !g->later.link.next)) {
		gev__text_add(t, "is ready to run");
	} else if (g->phase < GEV__BEGUN) {
		gev__text_add(t, "has not begun");
	} else {
		gev__text_add(t, "switched to a raw coroutine");
	}
	gev__text_char(t, '\n');
}

size_t gev_hub_describe(gev_hub *hub, char *buf, size_t size)
{
	struct gev__text t = gev__text_in(buf, size);
	struct gev_list *node;

	if (hub && hub == gev__hub_here())
		gev__list_for_each(node, &hub->greenlets)
			add_greenlet(&t, gev__container(node, gev_greenlet,
					      all));
	return gev__text_end(&t);
}

void gev__report_deadlock(struct gev_hub *hub)
{
	static const char none[] = "deadlock; no memory for a report\n";
	size_t size = gev_hub_describe(hub, NULL, 0) + 1;
	char *buf;

	if (!hub->deadlock_fn)
		return;
	buf = gev__map(size);
	if (buf)
		gev_hub_describe(hub, buf, size);
	hub->deadlock_fn(hub, buf ? buf : none, hub->deadlock_arg);
	if (buf)
		gev__unmap(buf, size);
}

void gev__hub_error(struct gev_hub *hub, gev_greenlet *g, int code,
	const char *where)
{
	struct gev_error e = { g, -code, g ? g->message : "", where };

	if (hub->error_fn)
		hub->error_fn(hub, &e, hub->error_arg);
}

int gev_error_print(gev_hub *hub, const struct gev_error *error, void *arg)
{
	char line[256];
	struct gev__text t = gev__text_in(line, sizeof(line) - 1);

	(void)hub;
	(void)arg;
	gev__text_add(&t, "gev: ");
	if (error->greenlet) {
		gev__text_coro(&t, error->greenlet->coro);
		gev__text_add(&t, ", ");
	}
	gev__text_add(&t, error->where);
	gev__text_add(&t, " failed: errno ");
	gev__text_num(&t, (uint64_t)error->code);
	if (error->message[0]) {
		gev__text_add(&t, ": ");
		gev__text_add(&t, error->message);
	}
	gev__text_char(&t, '\n');
	gev__sys(SYS_write, 2, line, gev__text_end(&t));
	return 0;
}
