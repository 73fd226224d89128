/* SPDX-License-Identifier: MIT */
#include "run/hub.h"
#include <signal.h>
#include "base/signal.h"
#include "base/sys.h"
#include "calls/descriptor.h"
#include "run/run.h"
#include "run/signals.h"
#include "switch/overflow.h"

/* Its handler of overflows is for stacks of ours: the program's are libc's. */
static void leave_faults_alone(struct gev__thread *t,
	const struct sigaction *before)
{
	gev__overflow_unwatch(t);
	t->signal_stack = NULL;
	gev__sigaction(SIGSEGV, before, NULL);
}

static gev_async_watcher arrival;

static int on_alarm(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	gev__run_distribute();
	gev__run_say_asked();
	return 0;
}

void gev__run_hub_alarm(void)
{
	if (arrival.w.loop)
		gev_async_send(&arrival);
}

static struct gev_hub *make(void)
{
	struct sigaction faults;
	struct gev_hub *hub;
	int error;

	gev__sigaction(SIGSEGV, NULL, &faults);
	hub = gev__hub_make(&error);
	if (!hub)
		return NULL;
	leave_faults_alone(hub->thread, &faults);
	gev__fd_families++;
	/* Nobody can tell who may come: a signal can, so it waits for ever. */
	gev__loop_ref(hub->loop);
	gev_async_init(&arrival, hub->loop);
	gev_async_start(&arrival, on_alarm, NULL);
	return hub;
}

struct gev_hub *gev__run_hub(void)
{
	struct gev_hub *hub = gev__hub_here();

	return hub ? hub : make();
}
