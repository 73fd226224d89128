/* SPDX-License-Identifier: MIT */
/*
 * The same acts in callbacks of the loop.  What would have to wait fails at
 * once: with EDEADLK if it was allowed to.
 */
#include "actor.h"

#define CALLBACKS 4

struct actor callback_actor;

static gev_callback callbacks[CALLBACKS];
static int due;

static int act_there(void *arg)
{
	unsigned n = below(item_acts.n + 1);

	must(gev_current() == NULL && arg == NULL);
	due--;
	if (n < item_acts.n)
		item_acts.fns[n](&callback_actor);
	else
		choice_acts.fns[0](&callback_actor);
	return 0;
}

static void act_callback(struct actor *self)
{
	gev_callback *cb = &callbacks[below(CALLBACKS)];
	gev_loop *loop = gev_hub_loop(gev_hub_get());

	(void)self;
	if (gev_callback_pending(cb))
		return;
	must(gev_loop_run_callback(loop, cb, act_there, NULL) == 0);
	due++;
}

static void init(void)
{
	due = 0;
	for (int i = 0; i < CALLBACKS; i++)
		callbacks[i] = (gev_callback)GEV_CALLBACK_INIT;
}

static void fini(void)
{
	must(due == 0);
}

static act_fn *const fns[] = {act_callback};

const struct acts callback_acts = {
	.fns = fns, .n = ACTS_N(fns), .init = init, .fini = fini};
