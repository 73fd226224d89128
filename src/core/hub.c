/* SPDX-License-Identifier: MIT */
/*
 * The hub's own life: made when first needed, runs the loop, taken down by
 * main or with its thread.
 */
#include "core/hub.h"
#include "base/mem.h"
#include "core/fork.h"
#include "core/link.h"
#include "core/report.h"
#include "core/timeout.h"

/* Callbacks of the user's run on the hub's stack. */
#define HUB_STACK_SIZE (256 * 1024)

static void on_loop_error(gev_loop *loop, int code, const char *where,
	void *hub)
{
	(void)loop;
	gev__hub_error(hub, NULL, -code, where);
}

/* Ends main's wait with @result, or one in a coroutine main switched to. */
static void wake_main(struct gev_hub *hub, int result)
{
	gev_coro *c = hub->main->coro;

	if (!c->waiter && !gev__list_empty(&hub->strays))
		c = gev__container(hub->strays.next, struct gev__stray, node)
			    ->coro;
	if (c->waiter)
		gev__wake(c->waiter, result);
}

/* The loop has run out of things to do. */
static void on_idle_end(struct gev_hub *hub)
{
	if (!gev__list_empty(&hub->joiners)) {
		gev__wake_all(&hub->joiners, 0);
		return;
	}
	gev__report_deadlock(hub);
	wake_main(hub, -EDEADLK);
}

static void run(gev_coro *self)
{
	struct gev_hub *hub = self->thread->hub;

	hub->begun = true;
	while (!hub->quitting) {
		int r = gev__loop_run(hub->loop, 0);

		if (hub->quitting)
			break;
		if (r < 0) {
			gev__hub_error(hub, NULL, r, "loop");
			wake_main(hub, r);
		} else if (r == 0) {
			on_idle_end(hub);
		}
	}
	self->state = GEV__CORO_DEAD;
	gev__coro_jump(self->thread, hub->main->coro);
}

static const char *stack_name(const gev_coro *c)
{
	return c->greenlet ? gev_name(c->greenlet) : NULL;
}

static int take_loop(struct gev_hub *hub)
{
	struct gev__thread *t = hub->thread;
	int r = 0;

	hub->loop = t->loop ? t->loop : gev__loop_make(&r);
	if (!hub->loop)
		return -r;
	t->loop = hub->loop;
	hub->loop->owned = true;
	hub->loop->error_fn = on_loop_error;
	hub->loop->error_arg = hub;
	hub->loop->turn = gev__drain;
	hub->loop->turn_arg = hub;
	return 0;
}

static void own_coro(struct gev_hub *hub, gev_coro *c)
{
	hub->coro = c;
	hub->thread->scheduler = c;
	c->state = GEV__CORO_SCHEDULED;
	c->parent = hub->main->coro;
}

static int init(struct gev_hub *hub, struct gev__thread *t)
{
	int r = 0;

	hub->thread = t;
	hub->slice = GEV__SLICE_MIN;
	hub->slice_max = GEV__SLICE_MIN;
	hub->budget = GEV__BUDGET;
	gev__list_init(&hub->notified);
	gev__list_init(&hub->greenlets);
	gev__list_init(&hub->joiners);
	gev__list_init(&hub->idlers);
	gev__list_init(&hub->due);
	gev__list_init(&hub->spawn_callbacks);
	gev__list_init(&hub->strays);
	gev__list_init(&hub->tenants);
	hub->main = gev__greenlet_main(hub);
	if (!hub->main)
		return -ENOMEM;
	r = gev__runq_reserve(hub);
	if (r < 0)
		return r;
	hub->coro = gev__coro_make(t, HUB_STACK_SIZE, false, 0, run, &r);
	if (!hub->coro)
		return r;
	own_coro(hub, hub->coro);
	return take_loop(hub);
}

static void free_hub(struct gev_hub *hub)
{
	if (hub->fds)
		hub->fds_free(hub->fds);
	if (hub->coro) {
		hub->coro->state = GEV__CORO_DEAD;
		gev__coro_drop(hub->coro);
	}
	gev__runq_free(&hub->runq);
	if (hub->main)
		gev__greenlet_main_free(hub->main);
	gev__spawn_callbacks_free(hub);
	gev_callback_stop(&hub->notify);
	gev_callback_stop(&hub->interrupt);
	if (hub->loop) {
		hub->loop->error_fn = NULL;
		hub->loop->turn_due = false;
	}
	hub->thread->scheduler = NULL;
	hub->thread->hub = NULL;
	gev__free(hub, sizeof(*hub));
}

struct gev_hub *gev__hub_make(int *error)
{
	struct gev__thread *t = gev__thread_get();
	struct gev_hub *hub;

	*error = t ? 0 : -ENOMEM;
	hub = t ? gev__alloc(sizeof(*hub)) : NULL;
	if (!hub) {
		*error = -ENOMEM;
		return NULL;
	}
	gev__stack_name = stack_name;
	t->hub = hub;
	*error = init(hub, t);
	if (*error == 0)
		return hub;
	free_hub(hub);
	return NULL;
}

/* Lets the hub's coroutine leave the loop, so that nothing of it is on loan. */
static void quit(struct gev_hub *hub)
{
	if (!hub->begun)
		return;
	hub->quitting = true;
	gev_loop_break(hub->loop);
	hub->main->coro->state = GEV__CORO_SCHEDULED;
	gev__coro_call(hub->thread, hub->coro);
}

static void end_tenants(struct gev_hub *hub)
{
	while (!gev__list_empty(&hub->tenants)) {
		struct gev__tenant *t = gev__container(hub->tenants.next,
			struct gev__tenant, node);

		t->end(t);
	}
}

static int destroy(struct gev_hub *hub, unsigned flags)
{
	struct gev__thread *t = hub->thread;

	if (t->current != hub->main->coro)
		return -EBUSY;
	if (flags & ~GEV_DESTROY_LOOP)
		return -EINVAL;
	quit(hub);
	hub->coro->state = GEV__CORO_SUSPENDED; /* nobody can wait any more */
	end_tenants(hub);
	gev__abandon(hub, NULL);
	if (hub->trimmer.w.active)
		gev_watcher_stop(&hub->trimmer.w);
	free_hub(hub);
	if ((flags & GEV_DESTROY_LOOP) && t->loop) {
		gev__loop_drop(t->loop);
		t->loop = NULL;
	}
	return 0;
}

int gev_hub_destroy(unsigned flags)
{
	struct gev_hub *hub = gev__hub_here();

	return hub ? (int)gev__ret(destroy(hub, flags)) : 0;
}

/* The thread ends: by now it must be on its own stack. */
void gev__thread_exit(void)
{
	struct gev__thread *t = gev__thread;

	if (!t || t->current != &t->root)
		return;
	if (t->hub)
		destroy(t->hub, GEV_DESTROY_LOOP);
	else if (t->loop)
		gev__loop_drop(t->loop);
	gev__thread_free();
}

/* The stack is the one just given back: there is nothing that could fail. */
void gev__hub_restart(struct gev_hub *hub)
{
	int r = 0;

	hub->coro->state = GEV__CORO_DEAD;
	gev__coro_drop(hub->coro);
	own_coro(hub, gev__coro_make(hub->thread, HUB_STACK_SIZE, false, 0,
				run, &r));
	hub->begun = false;
}

gev_hub *gev_hub_get(void)
{
	int r = 0;
	gev_hub *hub = gev__hub_get(&r);

	return hub ? hub : gev__null(-r);
}

gev_loop *gev_hub_loop(gev_hub *hub)
{
	return hub ? hub->loop : NULL;
}

gev_greenlet *gev_hub_main(gev_hub *hub)
{
	return hub ? hub->main : NULL;
}

/* Whether the loop would end now. */
static bool is_idle(const struct gev_hub *hub)
{
	return hub->loop->refs == 0 && gev__list_empty(&hub->notified) &&
	       hub->runq.head == hub->runq.tail;
}

static int join(gev_time timeout)
{
	struct gev_waiter w = { .what = "hub join" };
	int r = 0;
	struct gev_hub *hub = gev__hub_get(&r);

	if (!hub)
		return r;
	if (timeout == 0 && is_idle(hub))
		return 0;
	gev__list_add_tail(&hub->joiners, &w.link);
	if (timeout <= 0)
		return gev__park(&w, timeout);
	gev__unhold(hub); /* the timer of this wait does not count */
	r = gev__park(&w, timeout);
	gev__hold(hub);
	return r;
}

int gev_hub_join(gev_time timeout)
{
	return (int)gev__ret(join(timeout));
}

static int check(const gev_hub *hub)
{
	if (!hub)
		return -EINVAL;
	return hub == gev__hub_here() ? 0 : -EPERM;
}

int gev_hub_set_error_hook(gev_hub *hub, gev_error_fn *fn, void *arg)
{
	int r = check(hub);

	if (r == 0) {
		hub->error_fn = fn;
		hub->error_arg = arg;
	}
	return (int)gev__ret(r);
}

int gev_hub_set_deadlock_hook(gev_hub *hub, gev_deadlock_fn *fn, void *arg)
{
	int r = check(hub);

	if (r == 0) {
		hub->deadlock_fn = fn;
		hub->deadlock_arg = arg;
	}
	return (int)gev__ret(r);
}

int gev_hub_get_stats(gev_hub *hub, struct gev_hub_stats *stats)
{
	int r = stats ? check(hub) : -EINVAL;

	if (r == 0) {
		*stats = hub->stats;
		stats->iterations = hub->loop->iterations;
		stats->stacks_mapped = gev__stack_mapped(&hub->thread->stacks);
	}
	return (int)gev__ret(r);
}
