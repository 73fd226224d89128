/* SPDX-License-Identifier: MIT */
/*
 * Pools of workers, a group of actors, maps and scopes.  There are never more
 * workers than slots, a map has all results once and in order, and a scope is
 * left when all of it has ended.
 */
#include "actor.h"

#define SLOTS 3

static gev_pool pool;   /* of workers */
static gev_group group; /* of actors */
static unsigned working;
static unsigned kills;   /* of the pool */
static unsigned killers; /* that wait for its end */

/* Some ticks of work, which are also its value. */
static intptr_t work(void *ticks)
{
	int r;

	must(++working <= SLOTS);
	r = gev_sleep((intptr_t)ticks * TICK);
	working--;
	return r < 0 ? r : (intptr_t)ticks;
}

static void act_pool_go(struct actor *self)
{
	void *ticks = (void *)(intptr_t)below(5);
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_pool_go(&pool, work, ticks, limit), 0);
}

static void act_pool_join(struct actor *self)
{
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_pool_join(&pool, limit), 0);
}

static void act_pool_available(struct actor *self)
{
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_pool_wait_available(&pool, limit), 0);
}

static void act_pool_kill(struct actor *self)
{
	gev_time limit = wait_begins(self);
	int r;

	kills++;
	killers++;
	r = gev_pool_kill(&pool, limit);
	killers--;
	wait_ends(self, r, 0);
}

/* That one which is under way may yet kill more does not count as so far. */
static unsigned kills_so_far(void)
{
	return killers ? kills - 1 : kills;
}

/* A worker's end by a kill is what its caller gets too. */
static void work_ends(struct actor *self, intptr_t r, unsigned before)
{
	if (r < 0 && errno == ECANCELED && kills != before)
		self->waiting = false;
	else
		wait_ends(self, r < 0 ? -1 : 0, 0);
}

static void act_group_add(struct actor *self)
{
	gev_greenlet *g = any()->g;
	bool is_in = g && gev_pool_contains(&group, g);

	(void)self;
	if (is_in && !gev_dead(g))
		must(gev_pool_add(&group, g, 0) < 0 && errno == EALREADY);
	else if (g && allocates(gev_pool_add(&group, g, 0)))
		must(gev_dead(g) || gev_pool_contains(&group, g));
}

static void act_group_discard(struct actor *self)
{
	gev_greenlet *g = any()->g;
	bool is_in = g && gev_pool_contains(&group, g);

	(void)self;
	if (!g)
		return;
	if (is_in)
		must(gev_pool_discard(&group, g) == 0);
	else
		must(gev_pool_discard(&group, g) < 0 && errno == ENOENT);
}

static void act_group_join(struct actor *self)
{
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_pool_join(&group, limit), 0);
}

/* Seldom, as it is the end of many. */
static void act_group_kill(struct actor *self)
{
	gev_time limit;

	if (below(8) < 7)
		return;
	for (int i = 0; i < ACTORS; i++)
		if (gev_pool_contains(&group, actors[i].g))
			actors[i].killed = true;
	limit = wait_begins(self);
	wait_ends(self, gev_pool_kill(&group, limit), 0);
}

/* The numbers below @n, one by one. */
struct numbers {
	intptr_t next, n;
};

static int next_number(void *source, void **arg)
{
	struct numbers *numbers = source;

	if (below(4) == 3 && gev_yield() < 0)
		return -1;
	*arg = (void *)numbers->next++;
	return numbers->next <= numbers->n;
}

static void check_result(const struct gev_imap_result *r)
{
	if (r->error)
		must(r->error == ECANCELED && kills);
	else
		must(r->value == (intptr_t)r->arg);
}

static void act_imap(struct actor *self)
{
	struct numbers numbers = {0, (intptr_t)below(6)};
	bool ordered = below(2);
	gev_imap *it = (ordered ? gev_imap_new : gev_imap_new_unordered)(&pool,
		work, next_number, &numbers, below(3));
	struct gev_imap_result result;
	unsigned seen = 0;

	if (!allocates(it ? 0 : -1))
		return;
	for (unsigned n = below(8); n && !self->struck; n--) {
		gev_time limit = wait_begins(self);
		int r = gev_imap_next(it, &result, limit);

		if (wait_ends(self, r, 0) || r == 0)
			continue;
		check_result(&result);
		must(!(seen & 1u << (intptr_t)result.arg));
		must(!ordered || (seen >> (intptr_t)result.arg) == 0);
		seen |= 1u << (intptr_t)result.arg;
	}
	wait_begins_for(self, GEV_FOREVER);
	must(gev_imap_free(it) == 0);
	self->waiting = false;
	timeout_may_be_over(self);
}

static void act_map(struct actor *self)
{
	void *args[4];
	intptr_t values[4];
	size_t n = below(5);
	unsigned before = kills_so_far();
	int r;

	for (size_t i = 0; i < n; i++)
		args[i] = (void *)(intptr_t)below(4);
	wait_begins_for(self, GEV_FOREVER);
	r = gev_pool_map(&pool, work, args, values, n);
	work_ends(self, r, before);
	for (size_t i = 0; r == 0 && i < n; i++)
		must(values[i] == (intptr_t)args[i]);
	timeout_may_be_over(self);
}

static void act_apply(struct actor *self)
{
	intptr_t ticks = (intptr_t)below(4), value;
	unsigned before = kills_so_far();

	wait_begins_for(self, GEV_FOREVER);
	value = gev_pool_apply(&pool, work, (void *)ticks);
	work_ends(self, value, before);
	must(value < 0 || value == ticks);
}

/* What a scope has on the stack of who leaves it. */
struct family {
	gev_scope scope;
	unsigned living;
	bool failed;
};

static intptr_t child(void *arg)
{
	struct family *f = arg;
	unsigned n = below(6);
	int r;

	f->living++;
	r = gev_sleep((gev_time)n * TICK);
	f->living--;
	if (r < 0 || n < 5)
		return r;
	f->failed = true;
	return -EIO;
}

static void act_scope(struct actor *self)
{
	struct family f = {.scope = GEV_SCOPE_INIT};
	int code;

	for (unsigned n = below(4); n; n--)
		allocates(gev_scope_go(&f.scope, child, &f));
	if (below(8) == 7)
		must(gev_scope_cancel(&f.scope) == 0);
	wait_begins_for(self, GEV_FOREVER);
	code = wait_ends(self, gev_scope_leave(&f.scope), EIO);
	must(f.living == 0);
	must(code == 0 || code != EIO || f.failed);
	must(code || !f.failed);
	timeout_may_be_over(self);
}

static void init(void)
{
	working = kills = killers = 0;
	must(gev_pool_init(&pool, SLOTS) == 0);
	must(gev_pool_init(&group, GEV_UNLIMITED) == 0);
}

static void end(void)
{
	must(gev_pool_kill(&pool, GEV_FOREVER) == 0);
	must(gev_pool_join(&group, GEV_FOREVER) == 0);
}

static void fini(void)
{
	must(working == 0);
	must(gev_pool_count(&pool) == 0);
	must(gev_pool_free_count(&pool) == SLOTS);
	must(gev_pool_fini(&pool) == 0);
	must(gev_pool_fini(&group) == 0);
}

static act_fn *const fns[] = {act_pool_go, act_pool_go, act_pool_join,
	act_pool_available, act_pool_kill, act_group_add, act_group_discard,
	act_group_join, act_group_kill, act_imap, act_map, act_apply,
	act_scope};

const struct acts group_acts = {.fns = fns,
	.n = ACTS_N(fns),
	.init = init,
	.end = end,
	.fini = fini};
