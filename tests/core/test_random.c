/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of spawn, kill, throw, wake, sleep, join, timeout and shield
 * over the virtual clock, checked against what must hold:
 *
 * - a wait takes exactly as long as it says, or ends early for a reason;
 * - a wake that was accepted arrives, with its value, and once;
 * - who was made ready first runs first;
 * - each throw and each timeout strikes once, a kill strikes in every wait;
 * - every link is called once.
 *
 * The seed is printed; give it as an argument to repeat a run.
 */
#include <stdlib.h>
#include <time.h>
#include "core.h"
#include "core/wait.h"

#define ACTORS 24
#define STEPS 60
#define ROUNDS 150
#define THROWN EPROTO
#define LATE ETIME    /* the code of an actor's own gev_timeout */

struct actor {
	gev_greenlet *g;        /* NULL: the place is free */
	gev_waiter *waiter;     /* it waits there, or is about to */
	intptr_t wake_value;    /* accepted by that waiter; 0: none */
	uint64_t ticket;        /* of being made ready; 0: not counted */
	int thrown;             /* throws that have not struck yet */
	bool killed;
	bool over;              /* its function has returned */
	int links;              /* that were not called yet */
	bool shielded;
	gev_timeout timeout;
	bool timed;             /* the timeout was started */
	gev_time due;           /* and has fired by then */
};

static struct actor actors[ACTORS];
static uint64_t tickets, last_ticket;
static uint64_t state;

static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

static bool chance(uint32_t percent)
{
	return below(100) < percent;
}

static struct actor *any(void)
{
	return &actors[below(ACTORS)];
}

static gev_time some_time(void)
{
	return (gev_time)(1 + below(5)) * TICK;
}

/* @a goes to the tail of the run queue just now. */
static void made_ready(struct actor *a)
{
	a->ticket = ++tickets;
}

/* @a runs: whoever was made ready before it must have run by now. */
static void runs(struct actor *a)
{
	if (!a->ticket)
		return;
	t_ok(a->ticket > last_ticket);
	last_ticket = a->ticket;
	a->ticket = 0;
}

/* It is parked, where a kill or throw reaches it at once. */
static bool within_reach(const struct actor *a)
{
	return gev_greenlet_coro(a->g)->waiter && !a->shielded;
}

/* A wait ended with @code after it began at @start. */
static void check_end(struct actor *self, int code, gev_time start,
	gev_time limit)
{
	runs(self);
	switch (code) {
	case 0:
		break;
	case ETIMEDOUT:
		t_eq(now() - start, limit);
		break;
	case ECANCELED:
		t_ok(self->killed && !self->shielded);
		break;
	case THROWN:
		t_ok(self->thrown > 0 && !self->shielded);
		self->thrown--;
		break;
	case LATE:
		t_ok(self->timed && gev_timeout_fired(&self->timeout));
		self->timed = false;
		break;
	default:
		t_eq(code, 0);
	}
}

/* A pending kill, throw or timeout is not overlooked. */
static int expected_at_once(const struct actor *self)
{
	if (self->killed && !self->shielded)
		return ECANCELED;
	if (self->thrown && !self->shielded)
		return THROWN;
	return self->timed && now() >= self->due ? LATE : 0;
}

static int code_of(int r)
{
	return r < 0 ? errno : 0;
}

static void act_sleep(struct actor *self)
{
	int pending = expected_at_once(self);
	gev_time d = some_time(), start = now();
	int code = code_of(gev_sleep(d));

	if (pending)
		t_eq(code, pending);
	if (code == 0)
		t_eq(now() - start, d);
	check_end(self, code, start, d);
}

static void act_yield(struct actor *self)
{
	int pending = expected_at_once(self);
	gev_time start = now();
	int code;

	if (!self->killed && !pending && !self->timed)
		made_ready(self);
	code = code_of(gev_yield());
	if (pending)
		t_eq(code, pending);
	check_end(self, code, start, 0);
}

static void act_wait(struct actor *self)
{
	gev_waiter w = GEV_WAITER_INIT("random");
	int pending = expected_at_once(self);
	gev_time d = some_time(), start = now();
	void *value = NULL;
	int code;

	self->waiter = &w;
	self->wake_value = 0;
	code = code_of(gev_waiter_get(&w, &value, d));
	self->waiter = NULL;
	if (code == 0)
		t_ok((intptr_t)value == self->wake_value && value);
	else
		t_eq(self->wake_value, 0);
	if (pending && code != 0)
		t_eq(code, pending);
	check_end(self, code, start, d);
}

static void act_join(struct actor *self)
{
	gev_greenlet *g = any()->g;
	gev_time d = some_time(), start = now();
	int code;

	if (!g || g == self->g)
		return;
	gev_ref(g);
	code = code_of(gev_join(g, d));
	if (code == 0)
		t_ok(gev_dead(g));
	gev_unref(g);
	check_end(self, code, start, d);
}

static void act_wake(struct actor *self)
{
	struct actor *a = any();
	bool parked;

	(void)self;
	if (!a->waiter)
		return;
	parked = gev_greenlet_coro(a->g)->waiter != NULL;
	if (gev_waiter_wake(a->waiter, num((intptr_t)++tickets)) == 0) {
		t_eq(a->wake_value, 0);
		a->wake_value = (intptr_t)tickets;
		if (parked)
			made_ready(a);
		else
			t_ok(a->killed); /* it was sent to rest first */
	} else {
		t_eq(errno, EALREADY);
		t_ok(!parked);
	}
}

static void act_throw(struct actor *self)
{
	struct actor *a = any();

	if (!a->g || a == self || a->over || a->thrown)
		return;
	if (within_reach(a))
		made_ready(a);
	t_eq(gev_throw(a->g, THROWN), 0);
	if (gev_dead(a->g))
		a->over = true;
	else
		a->thrown++;
}

static void act_kill(struct actor *self)
{
	struct actor *a = any();

	if (!a->g || a == self || a->over || a->killed)
		return;
	if (within_reach(a))
		made_ready(a);
	t_eq(gev_kill(a->g, 0), 0);
	a->killed = true;
	a->over |= gev_dead(a->g);
}

static void act_timeout(struct actor *self)
{
	gev_time d = below(5) * TICK;

	if (self->timed) {
		t_ok(!gev_timeout_cancel(&self->timeout));
		t_ok(!gev_timeout_pending(&self->timeout));
	} else {
		t_eq(gev_timeout_start_with(&self->timeout, d, LATE), 0);
		self->due = now() + d + 1;
	}
	self->timed = !self->timed;
}

static void act_shield(struct actor *self)
{
	t_eq(self->shielded ? gev_shield_end() : gev_shield_begin(), 0);
	self->shielded = !self->shielded;
}

static int link_called(gev_greenlet *g, void *arg)
{
	struct actor *a = arg;

	t_ok(a->g == g && gev_dead(g));
	a->links--;
	return 0;
}

static void act_link(struct actor *self)
{
	struct actor *a = any();

	(void)self;
	if (!a->g)
		return;
	a->links++;
	t_eq(chance(50) ? gev_link(a->g, link_called, a)
			: gev_rawlink(a->g, link_called, a), 0);
}

static intptr_t live(void *arg);

static void act_spawn(struct actor *self)
{
	struct actor *a = any();

	(void)self;
	if (a->g)
		return;
	*a = (struct actor){ 0 };
	if (chance(20)) {
		a->g = gev_spawn_later(some_time(), live, a);
	} else {
		a->g = gev_spawn(live, a);
		made_ready(a);
	}
	t_ok(a->g != NULL);
}

/* The place of one that has ended becomes free once its links were called. */
static void act_reap(struct actor *self)
{
	struct actor *a = any();

	if (a == self || !a->g || !gev_dead(a->g) || a->links)
		return;
	gev_unref(a->g);
	a->g = NULL;
}

static void (*const acts[])(struct actor *self) = { act_sleep, act_sleep,
	act_yield, act_yield, act_wait, act_wait, act_wait, act_join, act_wake,
	act_wake, act_wake, act_throw, act_kill, act_timeout, act_shield,
	act_link, act_spawn, act_spawn, act_spawn, act_reap, act_reap };

#define ACTS (sizeof(acts) / sizeof(acts[0]))

static intptr_t live(void *arg)
{
	struct actor *self = arg;
	uint32_t steps = below(STEPS);

	runs(self);
	while (steps--)
		acts[below(ACTS)](self);
	if (self->timed)
		gev_timeout_cancel(&self->timeout);
	self->over = true;
	return 0;
}

/* All come to their end, and all links are called. */
static void wind_up(void)
{
	struct gev_hub_stats s;

	t_eq(gev_hub_join(GEV_FOREVER), 0);
	for (int i = 0; i < ACTORS; i++) {
		struct actor *a = &actors[i];

		if (!a->g)
			continue;
		t_ok(gev_dead(a->g) && a->over);
		t_eq(a->links, 0);
		t_eq(gev_unlink(a->g, link_called, a), -1);
		gev_unref(a->g);
		a->g = NULL;
	}
	t_eq(gev_hub_get_stats(gev_hub_get(), &s), 0);
	t_eq(s.living, 0);
}

static void random_lives(void)
{
	t_virtual();
	for (int round = 0; round < ROUNDS && !t_failures; round++) {
		for (int i = 0; i < ACTORS / 2; i++)
			act_spawn(NULL);
		wind_up();
	}
}

int main(int argc, char **argv)
{
	state = argc > 1 ? strtoull(argv[1], NULL, 0) :
			   (uint64_t)time(NULL) * 2654435761u + 1;
	printf("# seed %llu\n", (unsigned long long)state);
	T_RUN(random_lives);
	return t_done();
}
