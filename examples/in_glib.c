/* SPDX-License-Identifier: MIT */
/*
 * in_glib - greenlets inside a program that GLib runs.
 *
 * GLib's loop stays the one that waits.  A GSource tells it of gev's
 * descriptor, and of the time until gev has something to do; when either comes,
 * gev_yield() lets the greenlets run, and returns when they have had their
 * turn.  So GLib's callbacks and greenlets share one thread and may use each
 * other's objects.  What a GLib callback should not do is to wait itself: GLib
 * would stand still meanwhile.  It spawns.
 *
 * Here greenlets echo what they get over TCP (guest.c) while GLib counts its
 * ticks, and ends it all on SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <glib-unix.h>
#include <gev.h>
#include "guest.h"

#define TICK 10 /* milliseconds */

struct hub_source {
	GSource source;
	GPollFD poll;
};

static gev_loop *loop(void)
{
	return gev_hub_loop(gev_hub_get());
}

/* In milliseconds, and never early. */
static gboolean prepare(GSource *source, int *timeout)
{
	gev_time next = gev_loop_next(loop());

	(void)source;
	*timeout = -1;
	if (next >= 0)
		*timeout = (int)MIN((next + GEV_MS(1) - 1) / GEV_MS(1), INT_MAX);
	return next == 0;
}

static gboolean check(GSource *source)
{
	return ((struct hub_source *)source)->poll.revents ||
	       gev_loop_next(loop()) == 0;
}

static gboolean dispatch(GSource *source, GSourceFunc fn, void *arg)
{
	(void)source, (void)fn, (void)arg;
	gev_yield();
	return G_SOURCE_CONTINUE;
}

static GSource *hub_source_new(void)
{
	static GSourceFuncs functions = { .prepare = prepare,
		.check = check,
		.dispatch = dispatch };
	GSource *source = g_source_new(&functions, sizeof(struct hub_source));
	struct hub_source *self = (struct hub_source *)source;

	self->poll.fd = gev_loop_fd(loop());
	self->poll.events = G_IO_IN;
	g_source_add_poll(source, &self->poll);
	return source;
}

static gboolean tick(void *ticks)
{
	++*(long *)ticks;
	return G_SOURCE_CONTINUE;
}

static gboolean stop(void *main_loop)
{
	g_main_loop_quit(main_loop);
	return G_SOURCE_REMOVE;
}

int main(void)
{
	GMainLoop *main_loop = g_main_loop_new(NULL, FALSE);
	GSource *source = hub_source_new();
	long ticks = 0;

	g_source_attach(source, NULL);
	g_timeout_add(TICK, tick, &ticks);
	g_unix_signal_add(SIGTERM, stop, main_loop);
	guest_start();
	g_main_loop_run(main_loop);
	printf("echoed %ld bytes while GLib ticked%s\n", guest_stop(),
		ticks > 0 ? "" : " not once");
	g_source_destroy(source);
	g_source_unref(source);
	g_main_loop_unref(main_loop);
	return 0;
}
