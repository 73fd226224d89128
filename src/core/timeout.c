/* SPDX-License-Identifier: MIT */
/*
 * A timeout fails the wait in progress when its time is over.  If its owner is
 * not waiting just then, was woken in the same iteration, or his wait is
 * shielded, it becomes due: it stands in the hub's list and fails the owner's
 * next wait, unless it is cancelled before.  So none is ever lost, and none strikes twice.
 */
#include "core/timeout.h"
#include "core/wait.h"

enum { IDLE, ENDLESS, ARMED, DUE, FIRED };

static gev_timeout *of_node(struct gev_timer_node *node)
{
	return gev__container(node, gev_timeout, timer);
}

static void list_armed(gev_timeout *t)
{
	t->link.next = t->coro->timeouts;
	t->coro->timeouts = &t->link;
}

static void unlist_armed(gev_timeout *t)
{
	struct gev_list **at = &t->coro->timeouts;

	while (*at && *at != &t->link)
		at = &(*at)->next;
	if (*at)
		*at = t->link.next;
}

/* Goes by the address alone: what it holds may never have been set. */
static bool is_started(struct gev_hub *hub, const gev_timeout *t)
{
	const struct gev_list *node = hub->thread->current->timeouts;

	while (node && node != &t->link)
		node = node->next;
	if (node)
		return true;
	gev__list_for_each(node, &hub->due)
		if (node == &t->link)
			return true;
	return false;
}

static void timeout_fire(struct gev_timer_node *node)
{
	gev_timeout *t = of_node(node);

	gev__unhold(t->hub);
	unlist_armed(t);
	if (t->coro->waiter && !t->coro->waiter->shielded) {
		t->state = FIRED;
		gev__wake(t->coro->waiter, -t->code);
		return;
	}
	t->state = DUE;
	t->coro->pending |= GEV__PENDING_TIMEOUT;
	gev__list_add_tail(&t->hub->due, &t->link);
}

bool gev__is_timeout(const struct gev_timer_node *node)
{
	return node->fire == timeout_fire;
}

bool gev__timeout_disown(struct gev_timer_node *node, const gev_coro *keep)
{
	if (!gev__is_timeout(node) || of_node(node)->coro == keep)
		return false;
	unlist_armed(of_node(node));
	of_node(node)->state = IDLE;
	return true;
}

void gev__timeouts_disown(struct gev_hub *hub, const gev_coro *keep)
{
	struct gev_list *node, *save;

	gev__list_for_each_safe(node, save, &hub->due) {
		gev_timeout *t = gev__container(node, gev_timeout, link);

		if (t->coro == keep)
			continue;
		t->state = IDLE;
		gev__list_del(node);
	}
}

static gev_timeout *find_due(struct gev_hub *hub, const gev_coro *c)
{
	struct gev_list *node;

	gev__list_for_each(node, &hub->due)
		if (gev__container(node, gev_timeout, link)->coro == c)
			return gev__container(node, gev_timeout, link);
	return NULL;
}

/* Takes a due timeout off the list; the owner's mark goes with the last. */
static void settle(gev_timeout *t)
{
	gev__list_del(&t->link);
	if (!find_due(t->hub, t->coro))
		t->coro->pending &= ~GEV__PENDING_TIMEOUT;
}

int gev__timeout_deliver(struct gev_hub *hub, gev_coro *c)
{
	gev_timeout *t = find_due(hub, c);

	if (!t)
		return 0;
	settle(t);
	t->state = FIRED;
	return t->code;
}

static int start(gev_timeout *t, gev_time after, int code)
{
	int r = 0;
	struct gev_hub *hub;

	if (!t || after < GEV_FOREVER || code <= 0)
		return -EINVAL;
	hub = gev__hub_get(&r);
	if (!hub)
		return r;
	if (gev__hub_is_current(hub))
		return -EPERM;
	if (is_started(hub, t))
		return -EALREADY;
	*t = (gev_timeout){ .hub = hub,
		.coro = hub->thread->current,
		.code = code,
		.timer.fire = timeout_fire };
	if (after == GEV_FOREVER) {
		t->state = ENDLESS;
		return 0;
	}
	r = gev__timer_arm(hub->loop, &t->timer, after);
	if (r < 0)
		return r;
	gev__hold(hub);
	list_armed(t);
	t->state = ARMED;
	return 0;
}

int gev_timeout_start(gev_timeout *t, gev_time after)
{
	return gev_timeout_start_with(t, after, ETIMEDOUT);
}

int gev_timeout_start_with(gev_timeout *t, gev_time after, int code)
{
	return (int)gev__ret(start(t, after, code));
}

bool gev_timeout_cancel(gev_timeout *t)
{
	if (!t || t->state == FIRED || t->hub != gev__hub_here())
		return gev_timeout_fired(t);
	if (t->state == DUE) {
		settle(t);
	} else if (t->state == ARMED) {
		gev__timer_disarm(t->hub->loop, &t->timer);
		unlist_armed(t);
		gev__unhold(t->hub);
	}
	t->state = IDLE;
	return false;
}

bool gev_timeout_fired(const gev_timeout *t)
{
	return t && t->state == FIRED;
}

bool gev_timeout_pending(const gev_timeout *t)
{
	return t && t->state != IDLE && t->state != FIRED;
}

intptr_t gev_with_timeout(gev_time after, intptr_t (*fn)(void *arg), void *arg,
	intptr_t timeout_value)
{
	gev_timeout t;
	intptr_t value;

	if (!fn)
		return gev__ret(-EINVAL);
	if (gev_timeout_start(&t, after) < 0)
		return -1;
	value = fn(arg);
	if (gev_timeout_cancel(&t) && value < 0)
		return timeout_value;
	return value;
}
