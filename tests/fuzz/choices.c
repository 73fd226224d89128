/* SPDX-License-Identifier: MIT */
/*
 * Choosing among what the other files have: one of several, or one after the
 * other.  What was taken was done, and nothing else was.
 */
#include "actor.h"
#include <sys/socket.h>
#include <unistd.h>

#define ARMS 4

static int ends[2]; /* one byte in it can be read, as long as there is room */

static gev_greenlet *some_greenlet(void)
{
	gev_greenlet *g = any()->g;

	return g ? gev_ref(g) : NULL;
}

static void prepare_other(gev_choice *c, unsigned kind, struct arm *arm)
{
	gev_greenlet *g;

	switch (kind) {
	case 5:
		*c = (gev_choice)GEV_CHOOSE_EVENT(lock_event());
		break;
	case 6:
		arm->of = below(SEMS);
		*c = (gev_choice)GEV_CHOOSE_ACQUIRE(lock_sem(arm->of));
		break;
	case 8:
		g = some_greenlet();
		if (g)
			*c = (gev_choice)GEV_CHOOSE_END(g);
		break;
	case 9:
		*c = (gev_choice)GEV_CHOOSE_RESULT(lock_result());
		break;
	case 10:
		*c = (gev_choice)GEV_CHOOSE_READ(ends[0]);
		break;
	case 11:
		*c = (gev_choice)GEV_CHOOSE_WRITE(ends[1]);
	}
}

static void prepare(gev_choice *c, struct arm *arm)
{
	unsigned kind = below(12);

	*arm = (struct arm){0};
	*c = (gev_choice){.kind = GEV_CHOICE_NEVER};
	if (kind < 5)
		pipe_choice(c, arm, kind & 1);
	else
		prepare_other(c, kind, arm);
}

static void unprepare(const gev_choice *c)
{
	if (c->kind == GEV_CHOICE_END)
		gev_unref(c->object);
}

static bool is_descriptor(const gev_choice *c)
{
	return c->kind == GEV_CHOICE_READ || c->kind == GEV_CHOICE_WRITE;
}

/* Who waits for a byte might wait for ever, and nobody could tell. */
static gev_time limit_of(struct actor *self, const gev_choice *choices, int n)
{
	gev_time limit = wait_begins(self);

	for (int i = 0; i < n; i++)
		if (is_descriptor(&choices[i]) && limit == GEV_FOREVER)
			wait_begins_for(self, limit = TICK);
	return limit;
}

/* Another may have been faster to read it, or to fill it. */
static void descriptor_taken(const gev_choice *c)
{
	char byte = 0;
	ssize_t n = 1;

	if (c->error)
		must(c->error == EBUSY);
	else if (c->kind == GEV_CHOICE_READ)
		n = recv(ends[0], &byte, 1, MSG_DONTWAIT);
	else
		n = send(ends[1], &byte, 1, MSG_DONTWAIT);
	must(n == 1 || errno == EAGAIN);
}

static void taken(struct actor *self, const gev_choice *c,
	const struct arm *arm)
{
	must(c->taken);
	switch (c->kind) {
	case GEV_CHOICE_SEND:
	case GEV_CHOICE_PUT:
	case GEV_CHOICE_RECV:
	case GEV_CHOICE_GET:
		pipe_taken(self, c, arm);
		return;
	case GEV_CHOICE_READ:
	case GEV_CHOICE_WRITE:
		descriptor_taken(c);
		return;
	case GEV_CHOICE_ACQUIRE:
		permit_taken(self, arm->of);
		break;
	case GEV_CHOICE_END:
		must(gev_dead(c->object));
		break;
	case GEV_CHOICE_RESULT:
		must(gev_async_result_ready(lock_result()));
		break;
	default:
		must(c->kind == GEV_CHOICE_EVENT);
	}
	must(!c->error);
}

static void act_choose(struct actor *self)
{
	int n = 1 + (int)below(ARMS), r, i;
	gev_choice choices[ARMS];
	struct arm arms[ARMS];
	gev_time limit;

	for (i = 0; i < n; i++)
		prepare(&choices[i], &arms[i]);
	limit = limit_of(self, choices, n);
	r = gev_choose(choices, n, limit);
	for (i = 0; i < n; i++)
		must(choices[i].taken == (i == r));
	if (wait_ends(self, r, 0) == 0)
		taken(self, &choices[r], &arms[r]);
	for (i = 0; i < n; i++)
		unprepare(&choices[i]);
}

/* Takes what is there already; returns how many that were. */
static int take_rest(struct actor *self, gev_iwait *it, gev_choice *choices,
	struct arm *arms)
{
	int n = 0, r;

	for (; (r = gev_iwait_next(it, 0)) >= 0; n++)
		taken(self, &choices[r], &arms[r]);
	must(errno == ENOENT || errno == EAGAIN);
	return n;
}

/* Some of them one by one, then those that were taken meanwhile. */
static int take(struct actor *self, gev_iwait *it, gev_choice *choices,
	struct arm *arms, int n)
{
	int got = 0;

	for (unsigned more = below(ARMS); more && !self->struck; more--) {
		gev_time limit = limit_of(self, choices, n);
		int r = gev_iwait_next(it, limit);

		if (wait_ends(self, r, ENOENT) == 0) {
			taken(self, &choices[r], &arms[r]);
			got++;
		}
	}
	return got + take_rest(self, it, choices, arms);
}

static void act_iwait(struct actor *self)
{
	int n = 1 + (int)below(ARMS), got, i;
	gev_choice choices[ARMS];
	struct arm arms[ARMS];
	gev_iwait it;

	for (i = 0; i < n; i++)
		prepare(&choices[i], &arms[i]);
	must(gev_iwait_init(&it, choices, n) == 0);
	got = take(self, &it, choices, arms, n);
	gev_iwait_fini(&it);
	for (i = 0; i < n; i++) {
		got -= choices[i].taken;
		unprepare(&choices[i]);
	}
	must(got == 0);
}

static void act_write(struct actor *self)
{
	(void)self;
	must(send(ends[1], "", 1, MSG_DONTWAIT) == 1 || errno == EAGAIN);
}

static void init(void)
{
	must(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void fini(void)
{
	gev_close(ends[0]);
	gev_close(ends[1]);
}

/* The first two are what they are in the corpus. */
static act_fn *const fns[] = {act_choose, act_choose, act_iwait, act_write};

const struct acts choice_acts = {
	.fns = fns, .n = ACTS_N(fns), .init = init, .fini = fini};
