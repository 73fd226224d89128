/* SPDX-License-Identifier: MIT */
/*
 * Objects that are taken down while they are waited for.  Everybody is told,
 * whoever comes then is told too, and when all have gone there is a new one.
 */
#include "actor.h"

enum { SEM, EVENT, COUNTDOWN, RESULT, QUEUE, JOIN, CHAN, POOL, KINDS };

static gev_sem sem;
static gev_event event;
static gev_countdown countdown;
static gev_async_result result;
static gev_queue queue, unfinished;
static gev_chan *chan;
static gev_pool pool;

static bool gone[KINDS];
static int waiting[KINDS];

static void take_down(unsigned kind)
{
	gone[kind] = true;
	switch (kind) {
	case SEM:
		gev_sem_fini(&sem);
		break;
	case EVENT:
		gev_event_fini(&event);
		break;
	case COUNTDOWN:
		gev_countdown_fini(&countdown);
		break;
	case RESULT:
		gev_async_result_fini(&result);
		break;
	case QUEUE:
		must(gev_queue_fini(&queue) == 0);
		break;
	case JOIN:
		must(gev_queue_fini(&unfinished) == 0);
		break;
	case CHAN:
		must(gev_chan_free(chan) == 0);
		chan = NULL;
		break;
	default:
		must(gev_pool_fini(&pool) == 0);
	}
}

static void make(unsigned kind)
{
	gone[kind] = false;
	switch (kind) {
	case SEM:
		gev_sem_init(&sem, 0);
		break;
	case EVENT:
		gev_event_init(&event);
		break;
	case COUNTDOWN:
		gev_countdown_init(&countdown, 1);
		break;
	case RESULT:
		gev_async_result_init(&result);
		break;
	case QUEUE:
		must(gev_queue_init(&queue, 0) == 0);
		break;
	case JOIN:
		must(gev_queue_init(&unfinished, 0) == 0);
		if (!allocates(gev_queue_put(&unfinished, NULL, 0)))
			take_down(kind);
		break;
	case CHAN:
		chan = gev_chan_new(1, 0);
		gone[kind] = !allocates(chan ? 0 : -1);
		break;
	default:
		must(gev_pool_init(&pool, 0) == 0);
	}
}

static int wait_for(unsigned kind, gev_time limit)
{
	switch (kind) {
	case SEM:
		return gev_sem_acquire(&sem, limit);
	case EVENT:
		return gev_event_wait(&event, limit);
	case COUNTDOWN:
		return gev_countdown_wait(&countdown, limit);
	case RESULT:
		return gev_async_result_wait(&result, limit);
	case QUEUE:
		return gev_queue_get(&queue, NULL, limit);
	case JOIN:
		return gev_queue_join(&unfinished, limit);
	case CHAN:
		return gev_chan_recv(chan, NULL, limit);
	default:
		return gev_pool_wait_available(&pool, limit);
	}
}

/* Nobody ever gets what it waits for. */
static void act_wait(struct actor *self)
{
	unsigned kind = below(KINDS);
	bool pipe = kind == QUEUE || kind == JOIN || kind == CHAN;
	bool was_gone = gone[kind];
	gev_time limit = wait_begins(self);
	int r;

	waiting[kind]++;
	r = wait_for(kind, limit);
	waiting[kind]--;
	must(r < 0);
	must(gone[kind] || (errno != EINVAL && errno != EPIPE));
	wait_ends(self, r, pipe && !was_gone ? EPIPE : EINVAL);
}

static void act_change(struct actor *self)
{
	unsigned kind = below(KINDS);

	(void)self;
	if (!gone[kind])
		take_down(kind);
	else if (!waiting[kind])
		make(kind);
}

static void init(void)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		waiting[kind] = 0;
		make(kind);
	}
}

static void fini(void)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		must(waiting[kind] == 0);
		if (!gone[kind])
			take_down(kind);
	}
}

static act_fn *const fns[] = {act_wait, act_wait, act_change};

const struct acts mortal_acts = {
	.fns = fns, .n = ACTS_N(fns), .init = init, .fini = fini};
