/* SPDX-License-Identifier: MIT */
#include "sync/ticket.h"

static int arrive(void *ticket)
{
	struct gev__ticket *t = ticket;

	gev__wake(&t->waiter, t->result);
	return 0;
}

static void settle(struct gev__ticket *t)
{
	if (!t->served)
		gev__list_del(&t->node);
	else if (t->settle)
		t->waiter.result = t->settle(t, t->waiter.result);
}

/* In a forked child the lock may be held for ever, and nobody is to be told. */
static void woke(struct gev_waiter *w)
{
	struct gev__ticket *t = gev__container(w, struct gev__ticket, waiter);

	if (t->here) {
		settle(t);
	} else if (t->hub->abandoning != GEV__FORKED) {
		gev__lock(t->lock);
		settle(t);
		gev__unlock(t->lock);
	}
	gev_callback_stop(&t->callback);
}

/* By parts: for the whole at once clang would call memset(). */
void gev__ticket_init(struct gev__ticket *t, const char *what,
	const void *object, const int *lock,
	int (*settle_fn)(struct gev__ticket *t, int result))
{
	t->waiter = (struct gev_waiter){ .what = what,
		.object = object,
		.woke = woke };
	t->node = (struct gev_list){ NULL, NULL };
	t->callback = (gev_callback)GEV_CALLBACK_INIT;
	t->hub = NULL;
	t->lock = gev__lock_in(lock);
	t->settle = settle_fn;
	t->result = 0;
	t->served = false;
	t->here = false;
}

int gev__ticket_wait(struct gev__ticket *t, struct gev_list *waiters,
	gev_time timeout)
{
	int r;

	t->hub = gev__hub_here();
	if (!waiters->next)
		gev__list_init(waiters);
	gev__list_add_tail(waiters, &t->node);
	gev__unlock(t->lock);
	gev__hold(t->hub);
	r = gev__park(&t->waiter, timeout);
	gev__unhold(t->hub);
	if (t->waiter.woken)
		return r;
	t->waiter.result = r; /* the wait did not begin */
	woke(&t->waiter);
	return r;
}

/* Takes out the first whose hub is not just being taken down by the caller. */
static struct gev__ticket *pop(struct gev_list *waiters, gev_hub *here)
{
	struct gev_list *node;

	while (waiters->next && (node = gev__list_pop(waiters))) {
		struct gev__ticket *t =
			gev__container(node, struct gev__ticket, node);

		if (t->hub != here || !here->abandoning)
			return t;
	}
	return NULL;
}

bool gev__ticket_serve(struct gev_list *waiters, int result)
{
	gev_hub *here = gev__hub_here();
	struct gev__ticket *t = pop(waiters, here);

	if (!t)
		return false;
	t->result = result;
	t->served = result == 0;
	if (t->hub == here) {
		t->here = true;
		gev__wake(&t->waiter, result);
	} else {
		gev_loop_run_callback_threadsafe(t->hub->loop, &t->callback,
			arrive, t);
	}
	return true;
}

bool gev__permits_give(struct gev_thread_permits *permits)
{
	bool any = false;

	while (permits->free && gev__ticket_serve(&permits->waiters, 0)) {
		permits->free--;
		any = true;
	}
	return any;
}
