/* SPDX-License-Identifier: MIT */
/* What actors do with their own time, and to each other. */
#include "actor.h"

static gev_time some_time(void)
{
	return (gev_time)(1 + below(5)) * TICK;
}

static void act_sleep(struct actor *self)
{
	gev_time d = some_time();

	wait_begins_for(self, d);
	if (wait_ends(self, gev_sleep(d), 0) == 0)
		must(now() - self->start == d);
}

static void act_yield(struct actor *self)
{
	wait_begins_for(self, 0);
	wait_ends(self, gev_yield(), 0);
}

static void act_join(struct actor *self)
{
	struct actor *a = any();
	gev_greenlet *g = a->g;

	if (!g)
		return;
	gev_ref(g);
	if (wait_ends(self, gev_join(g, wait_begins(self)),
		    a == self ? EDEADLK : 0) == 0)
		must(gev_dead(g));
	gev_unref(g);
}

static void act_throw(struct actor *self)
{
	struct actor *a = any();

	if (!a->g || a == self || gev_dead(a->g) || a->thrown)
		return;
	a->thrown++;
	must(gev_throw(a->g, THROWN) == 0);
}

static void act_kill(struct actor *self)
{
	struct actor *a = any();
	gev_greenlet *g = a->g;

	if (!g || a == self)
		return;
	gev_ref(g);
	a->killed = true;
	if (wait_ends(self, gev_kill(g, wait_begins(self)), 0) == 0)
		must(self->limit == 0 || gev_dead(g));
	gev_unref(g);
}

static void act_timeout(struct actor *self)
{
	if (self->timed)
		must(!gev_timeout_cancel(&self->timeout));
	else
		must(gev_timeout_start_with(&self->timeout,
			     (gev_time)below(5) * TICK, LATE) == 0);
	self->timed = !self->timed;
}

/* Bounded, as what is shielded can't be ended. */
static void act_shield(struct actor *self)
{
	must(gev_shield_begin() == 0);
	self->shielded = true;
	act_sleep(self);
	self->shielded = false;
	must(gev_shield_end() == 0);
}

static int link_called(gev_greenlet *g, void *arg)
{
	struct actor *a = arg;

	must(a->g == g && gev_dead(g));
	a->links--;
	return 0;
}

static void act_link(struct actor *self)
{
	struct actor *a = any();

	(void)self;
	if (!a->g)
		return;
	a->links += allocates((below(2) ? gev_link : gev_rawlink)(a->g,
		link_called, a));
}

static void act_unlink(struct actor *self)
{
	struct actor *a = any();

	(void)self;
	if (a->g && gev_unlink(a->g, link_called, a) == 0)
		a->links--;
}

static void act_spawn(struct actor *self)
{
	struct actor *a = any();

	(void)self;
	if (a->g)
		return;
	*a = (struct actor){0};
	if (below(4) == 3)
		a->g = gev_spawn_later(some_time(), live, a);
	else
		a->g = gev_spawn(live, a);
	allocates(a->g ? 0 : -1);
}

/* The place of one that has ended becomes free once its links were called. */
static void act_reap(struct actor *self)
{
	struct actor *a = any();

	(void)self;
	if (!a->g || !gev_dead(a->g) || a->links)
		return;
	gev_unref(a->g);
	a->g = NULL;
}

static act_fn *const fns[] = {act_sleep, act_yield, act_join, act_throw,
	act_kill, act_timeout, act_shield, act_link, act_unlink, act_spawn,
	act_spawn, act_reap};

const struct acts greenlet_acts = {.fns = fns, .n = ACTS_N(fns)};
