/* SPDX-License-Identifier: MIT */
/*
 * A fuzzer of operation sequences.  Its input is a script: greenlets take the
 * next byte each time they run, and do what it says to each other and to the
 * objects of the other files here, over the virtual clock, while now and then
 * an allocation fails.  At any time must hold that
 *
 * - a wait takes exactly as long as it says, or ends early for a reason;
 * - a throw and a timeout strike once, a kill only who was told;
 * - main gets EDEADLK only where nothing can run;
 * - links are called once;
 *
 * and at the end, when all were killed, that everybody has ended and nothing is
 * lost.  tests/fuzz/corpus has inputs that get everywhere; `make check` replays
 * them (replay.c).  To look for more:
 *
 *	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address \
 *		-Db_lundef=false
 *	ninja -C build-fuzz tests/fuzz/operations
 *	export ASAN_OPTIONS=detect_stack_use_after_return=0
 *	mkdir new
 *	build-fuzz/tests/fuzz/operations -max_len=512 new tests/fuzz/corpus
 */
#include "actor.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "operations.h"

struct actor actors[ACTORS];

static const uint8_t *script, *script_end;
static int failures;

bool must_at(bool ok, const char *file, int line, const char *text)
{
	if (!ok) {
		printf("# %s:%d: failed: %s\n", file, line, text);
		failures++;
		script = script_end;
	}
	return ok;
}

/* The next byte, brought below @n; 0 after the end. */
unsigned below(unsigned n)
{
	return script < script_end ? *script++ % n : 0;
}

struct actor *any(void)
{
	return &actors[below(ACTORS)];
}

gev_time now(void)
{
	return gev_loop_now(gev_hub_loop(gev_hub_get()));
}

void wait_begins_for(struct actor *self, gev_time limit)
{
	self->waiting = true;
	self->start = now();
	self->limit = limit;
}

gev_time wait_begins(struct actor *self)
{
	unsigned n = below(8);

	wait_begins_for(self, n == 7 ? GEV_FOREVER : (gev_time)n * TICK);
	return self->limit;
}

int call_ends(struct actor *self, int r, int allowed)
{
	int code = r < 0 ? errno : 0;

	self->waiting = false;
	switch (code) {
	case 0:
		break;
	case ETIMEDOUT:
		must(self->limit != GEV_FOREVER);
		must(now() - self->start >= self->limit);
		break;
	case EAGAIN:
		must(self->limit == 0);
		break;
	case ECANCELED:
		must(self->killed && !self->shielded);
		self->struck = true;
		break;
	case THROWN:
		must(self->thrown > 0 && !self->shielded);
		self->thrown--;
		break;
	case ENOMEM:
		must(starved());
		break;
	case EDEADLK:
		must(allowed == EDEADLK || (self == &callback_actor &&
						   self->limit != 0));
		break;
	case LATE:
		must(self->timed && gev_timeout_fired(&self->timeout));
		self->timed = false;
		break;
	default:
		if (!must(code == allowed))
			printf("#   %s\n", strerror(code));
	}
	return code;
}

int wait_ends(struct actor *self, int r, int allowed)
{
	int code = call_ends(self, r, allowed);

	if (self->limit != GEV_FOREVER)
		must(now() - self->start <= self->limit);
	return code;
}

void timeout_may_be_over(struct actor *self)
{
	if (self->timed)
		self->timed = !gev_timeout_fired(&self->timeout);
}

/* What is new comes last, so that the corpus keeps its meaning. */
static const struct acts *const all[] = {&greenlet_acts, &lock_acts, &item_acts,
	&choice_acts, &group_acts, &value_acts, &mortal_acts, &callback_acts,
	&thread_acts, &memory_acts};

static void act(struct actor *self)
{
	unsigned n = 0;

	for (size_t i = 0; i < ACTS_N(all); i++)
		n += all[i]->n;
	n = below(n);
	for (size_t i = 0; i < ACTS_N(all); n -= all[i++]->n)
		if (n < all[i]->n) {
			all[i]->fns[n](self);
			return;
		}
}

static void leave(struct actor *self)
{
	for (size_t i = 0; i < ACTS_N(all); i++)
		if (all[i]->leave)
			all[i]->leave(self);
}

intptr_t live(void *arg)
{
	struct actor *self = arg;

	self->begun = true;
	while (script < script_end && !self->struck)
		act(self);
	if (self->timed)
		gev_timeout_cancel(&self->timeout);
	leave(self);
	return 0;
}

static bool living(const struct actor *a)
{
	return a->g && !gev_dead(a->g);
}

/* No time will end its wait: that for a mutex after a condition is shielded. */
static bool stuck(const struct actor *a)
{
	return a->begun && a->waiting &&
	       (a->acquires_again || (a->limit == GEV_FOREVER &&
		!(a->timed && gev_timeout_pending(&a->timeout))));
}

static int join_actor(struct actor *a)
{
	gev_greenlet *g = gev_ref(a->g);
	int r = gev_join(g, GEV_FOREVER);

	gev_unref(g);
	return r;
}

static void all_are_stuck(void)
{
	must(errno == EDEADLK);
	for (int i = 0; i < ACTORS; i++)
		must(!living(&actors[i]) || stuck(&actors[i]));
}

/* Until all have ended, or none can go on. */
static void run_script(void)
{
	for (int i = 0; i < ACTORS;) {
		if (!living(&actors[i])) {
			i++;
		} else if (join_actor(&actors[i]) < 0) {
			all_are_stuck();
			return;
		} else {
			i = 0;
		}
	}
}

/* At first the actors, who must come out of whatever they wait for. */
static void end_all(void)
{
	script = script_end;
	memory_is_back();
	for (int i = 0; i < ACTORS; i++) {
		actors[i].killed = true;
		must(gev_kill(actors[i].g, 0) == 0);
	}
	for (int i = 0; i < ACTORS; i++)
		if (actors[i].g)
			must(join_actor(&actors[i]) == 0);
	must(gev_idle() == 0);
	leave(&callback_actor);
	for (size_t i = 0; i < ACTS_N(all); i++)
		if (all[i]->end)
			all[i]->end();
	must(gev_idle() == 0);
}

static void nobody_is_left(void)
{
	struct gev_hub_stats s;
	char text[4096];

	for (int i = 0; i < ACTORS; i++) {
		if (!actors[i].g)
			continue;
		must(actors[i].links == 0);
		gev_unref(actors[i].g);
	}
	must(gev_hub_describe(gev_hub_get(), text, sizeof(text)) > 0);
	must(gev_hub_get_stats(gev_hub_get(), &s) == 0);
	must(s.living == 0);
	must(gev_hub_join(GEV_FOREVER) == 0);
}

static void *run_thread(void *arg)
{
	(void)arg;
	memset(actors, 0, sizeof(actors));
	must(gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), true) == 0);
	memset(&callback_actor, 0, sizeof(callback_actor));
	for (size_t i = 0; i < ACTS_N(all); i++)
		if (all[i]->init)
			all[i]->init();
	for (int i = 0; i < ACTORS / 2; i++)
		must((actors[i].g = gev_spawn(live, &actors[i])) != NULL);
	run_script();
	end_all();
	nobody_is_left();
	for (size_t i = ACTS_N(all); i-- > 0;)
		if (all[i]->fini)
			all[i]->fini();
	must(gev_hub_destroy(GEV_DESTROY_LOOP) == 0);
	return NULL;
}

/* In a thread of its own, where nothing is left of the script before it. */
int run_operations(const uint8_t *data, size_t size)
{
	pthread_t thread;

	failures = 0;
	script = data;
	script_end = data + (size < BYTES ? size : BYTES);
	if (must(pthread_create(&thread, NULL, run_thread, NULL) == 0))
		pthread_join(thread, NULL);
	return failures;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (run_operations(data, size)) {
		fflush(stdout);
		abort();
	}
	return 0;
}
