/* SPDX-License-Identifier: MIT */
/* Some allocation fails: who made it says so, and nothing else has changed. */
#include "actor.h"
#include "base/inject.h"

static bool before; /* and may be told of only now */

bool starved(void)
{
	return before || (gev__inject.nr != -1 && gev__inject.times == 0);
}

bool allocates(int r)
{
	if (r < 0)
		must(errno == ENOMEM && starved());
	return r == 0;
}

void memory_is_back(void)
{
	before = starved();
	if (gev__inject.nr != -1)
		gev__inject.nr = -1;
}

/* Not while threads, which make system calls, look at what is to fail. */
static void act_starve(struct actor *self)
{
	unsigned n = below(8);

	(void)self;
	if (!threads_are_idle())
		return;
	memory_is_back();
	gev__inject = (struct gev__inject){.nr = GEV__INJECT_ALLOC,
		.error = -ENOMEM,
		.after = (int)n,
		.times = 1};
}

static void init(void)
{
	before = false;
}

static act_fn *const fns[] = {act_starve};

const struct acts memory_acts = {
	.fns = fns, .n = ACTS_N(fns), .init = init};
