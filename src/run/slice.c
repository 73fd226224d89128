/* SPDX-License-Identifier: MIT */
/*
 * How long a thread goes on by making calls none of which has to wait, and by
 * computing; and that who does is one among those who compute (turn.c).
 *
 * Who was made to give way may have done so with a lock of its own making held,
 * which it hands over and takes again before anybody else comes to run, for
 * ever.  So until it waits of itself, it gives way to whom it wakes as well.
 */
#include "run/preempt.h"
#include "run/thread.h"
#include "run/turn.h"

/* Of the processor's clock: 1 to 2 ms, and a turn of those who compute. */
#define SLICE (1u << 22)
#define TURN (1u << 23)

/* So many waits later it is forgotten that somebody computed. */
#define TICKS_MAX 16

/* Calls between two looks at it, which take as long as some calls. */
#define LOOK 16

static struct {
	uint64_t switches; /* there were when it began */
	uint64_t began;    /* or soon after; 0: not yet looked at */
} slice;

unsigned gev__run_calls;

static struct gev__run_share first_share;

static struct gev__run_share *share(void)
{
	struct gev__run_thread *t = gev__run_thread_here();

	return t ? &t->share : &first_share;
}

static void begin(const struct gev_hub *hub, uint64_t now)
{
	slice.switches = hub->stats.switches;
	slice.began = now;
}

/* How long it has been going on. */
static uint64_t taken(const struct gev_hub *hub)
{
	const uint64_t now = __builtin_ia32_rdtsc();

	if (slice.switches != hub->stats.switches)
		begin(hub, now);
	else if (slice.began == 0)
		slice.began = now;
	return now - slice.began;
}

bool gev__run_give_way(struct gev_hub *hub, bool spins)
{
	struct gev__run_share *s = share();
	struct gev__run_others others;
	bool turn;

	s->used += taken(hub);
	turn = spins || s->used > TURN;
	gev__run_tick_missed = false;
	others = gev__run_give_turn(hub, turn);
	if (turn)
		s->used = 0;
	s->greedy |= others.any;
	s->ticks += s->ticks < TICKS_MAX;
	begin(hub, __builtin_ia32_rdtsc());
	return others.woken;
}

static void give_way(struct gev_hub *hub)
{
	gev__run_give_way(hub, false);
	gev__run_tick_soon(hub);
}

void gev__run_slice_begin(struct gev_hub *hub)
{
	gev__run_calls++;
	if (slice.switches != hub->stats.switches)
		begin(hub, 0);
	else if (gev__run_calls % LOOK == 0 &&
		 (taken(hub) > SLICE || gev__run_tick_missed))
		give_way(hub);
}

/*
 * After a wait.  Who computed lately is about to do so again: those who have
 * waited for something else, and have it now, go first.
 */
static void go_on(struct gev_hub *hub)
{
	struct gev__run_share *s = share();

	s->used = 0;
	s->greedy = false;
	if (s->ticks == 0)
		return;
	s->ticks--;
	gev__run_give_turn(hub, false);
}

void gev__run_slice_end(struct gev_hub *hub, uint64_t switches, bool woke)
{
	if (hub->stats.switches != switches)
		go_on(hub);
	else if (woke && share()->greedy)
		give_way(hub);
}
