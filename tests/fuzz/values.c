/* SPDX-License-Identifier: MIT */
/* Values of each greenlet, and what is done once for all of them. */
#include "actor.h"

#define KEYS 5 /* more than there is room for at first */

static int values; /* that are to be destroyed */
static gev_once once;
static bool doing, done;

static void destroy(void *value)
{
	must(value != NULL);
	values--;
}

static gev_local_key keys[KEYS];

static void act_local_set(struct actor *self)
{
	gev_local_key *key = &keys[below(KEYS)];
	void *value = below(3) ? self : NULL, *old = gev_local_get(key);

	must(!old || old == self);
	if (!allocates(gev_local_set(key, value))) {
		must(gev_local_get(key) == old);
		return;
	}
	must(gev_local_get(key) == value);
	values += !!value - !!old;
}

static int do_it(void *arg)
{
	unsigned n = below(4);
	int r;

	must(!doing && !done && arg == &once);
	doing = true;
	r = gev_sleep((gev_time)n * TICK);
	doing = false;
	if (r == 0 && n == 3) {
		errno = EIO;
		return -1;
	}
	done = r == 0;
	return r;
}

static void act_once(struct actor *self)
{
	wait_begins_for(self, GEV_FOREVER);
	if (wait_ends(self, gev_once_call(&once, do_it, &once), EIO) == 0)
		must(done);
}

static void init(void)
{
	values = 0;
	doing = done = false;
	for (int i = 0; i < KEYS; i++)
		must(gev_local_key_create(&keys[i], destroy) == 0);
	gev_once_init(&once);
}

static void fini(void)
{
	must(values == 0);
	must(!doing);
	gev_once_fini(&once);
}

static act_fn *const fns[] = {act_local_set, act_once};

const struct acts value_acts = {
	.fns = fns, .n = ACTS_N(fns), .init = init, .fini = fini};
