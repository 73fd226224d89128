/* SPDX-License-Identifier: MIT */
/*
 * How long a thread goes on by making calls none of which has to wait.
 *
 * Who was made to give way may have done so with a lock of its own making held,
 * which it hands over and takes again before anybody else comes to run, for
 * ever.  So until it waits of itself, it gives way to whom it wakes as well.
 */
#include "run/preempt.h"
#include "run/thread.h"

/* Of the processor's clock: 1 to 2 ms. */
#define SLICE (1u << 22)

/* Calls between two looks at it, which take as long as some calls. */
#define LOOK 16

static struct {
	uint64_t switches; /* there were when it began */
	uint64_t began;    /* or soon after; 0: not yet looked at */
	unsigned calls;
} slice;

static bool first_is_greedy;

static bool *greedy(void)
{
	struct gev__run_thread *t = gev__run_thread_here();

	return t ? &t->greedy : &first_is_greedy;
}

static void begin(const struct gev_hub *hub)
{
	slice.switches = hub->stats.switches;
	slice.began = 0;
	slice.calls = 0;
}

void gev__run_give_way(struct gev_hub *hub)
{
	gev__breathe(hub);
	*greedy() = true;
	begin(hub);
}

static void look(struct gev_hub *hub)
{
	const uint64_t now = __builtin_ia32_rdtsc();

	if (slice.began == 0)
		slice.began = now;
	else if (now - slice.began > SLICE)
		gev__run_give_way(hub);
}

void gev__run_slice_begin(struct gev_hub *hub)
{
	if (slice.switches != hub->stats.switches)
		begin(hub);
	else if (++slice.calls % LOOK == 0)
		look(hub);
}

void gev__run_slice_end(struct gev_hub *hub, uint64_t switches, bool woke)
{
	if (hub->stats.switches != switches)
		*greedy() = false;
	else if (woke && *greedy())
		gev__run_give_way(hub);
}
