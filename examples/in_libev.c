/* SPDX-License-Identifier: MIT */
/*
 * in_libev - greenlets inside a program that runs a libev loop.
 *
 * ev_run() stays what waits.  An ev_io watches gev's descriptor, and an
 * ev_prepare, called before each wait, limits that to the time until gev has
 * something to do; when either comes, gev_yield() lets the greenlets run.
 *
 * The other way round needs no more than gev_libev_use(EV_DEFAULT): while main
 * waits in gev, the program's watchers are called.
 *
 * Here greenlets echo what they get over TCP (guest.c) while libev counts its
 * ticks, and ends it all on SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <ev.h>
#include <gev.h>
#include "guest.h"

#define TICK 0.01 /* seconds */

static struct {
	ev_prepare before;
	ev_check after;
	ev_io events;
	ev_timer timer;
} hub;

static long ticks;

static gev_loop *loop(void)
{
	return gev_hub_loop(gev_hub_get());
}

static void before(struct ev_loop *ev, ev_prepare *w, int revents)
{
	gev_time next = gev_loop_next(loop());

	(void)w, (void)revents;
	ev_timer_stop(ev, &hub.timer);
	if (next == GEV_FOREVER)
		return;
	ev_now_update(ev);
	ev_timer_set(&hub.timer, (double)next / 1e9, 0);
	ev_timer_start(ev, &hub.timer);
}

static void after(struct ev_loop *ev, ev_check *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	if (ev_is_pending(&hub.events) || gev_loop_next(loop()) == 0)
		gev_yield();
}

/* They only have to end the wait. */
static void on_events(struct ev_loop *ev, ev_io *w, int revents)
{
	(void)ev, (void)w, (void)revents;
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
}

static void hub_start(struct ev_loop *ev)
{
	ev_prepare_init(&hub.before, before);
	ev_check_init(&hub.after, after);
	ev_timer_init(&hub.timer, on_timer, 0, 0);
	ev_io_init(&hub.events, on_events, gev_loop_fd(loop()), EV_READ);
	ev_prepare_start(ev, &hub.before);
	ev_check_start(ev, &hub.after);
	ev_io_start(ev, &hub.events);
}

static void tick(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	ticks++;
}

static void stop(struct ev_loop *ev, ev_signal *w, int revents)
{
	(void)w, (void)revents;
	ev_break(ev, EVBREAK_ALL);
}

int main(void)
{
	struct ev_loop *ev = EV_DEFAULT;
	ev_timer timer;
	ev_signal term;

	ev_timer_init(&timer, tick, TICK, TICK);
	ev_timer_start(ev, &timer);
	ev_signal_init(&term, stop, SIGTERM);
	ev_signal_start(ev, &term);
	hub_start(ev);
	guest_start();
	ev_run(ev, 0);
	printf("echoed %ld bytes while libev ticked%s\n", guest_stop(),
		ticks > 0 ? "" : " not once");
	return 0;
}
