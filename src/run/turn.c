/* SPDX-License-Identifier: MIT */
/*
 * Who computes and is made to give way waits in a line of its own, from which
 * one goes on when the loop has come round and nobody else can run.  So who
 * mostly waits does not wait for those who mostly compute, be they many; as the
 * kernel has it.  If others can run all the time, one goes on now and then.
 */
#include "run/turn.h"
#include "run/call.h"

#define NOW_AND_THEN GEV_MS(2)

struct place {
	struct gev_list node;
	gev_coro *coro;
};

static struct gev_list line = { &line, &line };
static gev_callback round;
static gev_time last;      /* when somebody went on */
static uint64_t went_on;   /* how many did */

static void call_next(struct gev_hub *hub);

static bool is_time(const struct gev_hub *hub)
{
	return hub->runq.head == hub->runq.tail ||
	       hub->loop->now - last >= NOW_AND_THEN;
}

static int go_on(void *arg)
{
	struct gev_hub *hub = arg;
	struct gev_list *node = is_time(hub) ? gev__list_pop(&line) : NULL;

	if (node) {
		last = hub->loop->now;
		went_on++;
		gev__ready(hub, gev__container(node, struct place, node)->coro);
	}
	call_next(hub);
	return 0;
}

static void call_next(struct gev_hub *hub)
{
	if (!gev__list_empty(&line) && !gev_callback_pending(&round))
		gev_loop_run_callback(hub->loop, &round, go_on, hub);
}

struct gev__run_others gev__run_give_turn(struct gev_hub *hub, bool turn)
{
	const uint64_t before = hub->stats.switches, went_before = went_on;
	struct place self = { .coro = hub->thread->current };

	if (turn)
		gev__list_add_tail(&line, &self.node);
	else
		gev__list_add(&line, &self.node);
	call_next(hub);
	gev__step_aside(hub, hub->coro);
	gev__coro_call(hub->thread, hub->coro);
	return (struct gev__run_others){
		.any = hub->stats.switches - before > 1,
		.woken = hub->stats.switches - before > went_on - went_before,
	};
}

/* As natively: whoever yields comes after those who compute, too. */
long gev__run_sched_yield(struct gev__run_call *c)
{
	(void)c;
	if (gev__list_empty(&line))
		return GEV__PASS;
	gev__run_give_turn(gev__hub_here(), true);
	return 0;
}

void gev__run_turns_forked(void)
{
	gev__list_init(&line);
}
