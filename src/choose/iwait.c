/* SPDX-License-Identifier: MIT */
#include "choose/choose.h"
#include "calls/descriptor.h"
#include "sync/sync.h"

static void describe(const struct gev_waiter *w, void *text)
{
	const gev_iwait *it = w->object;

	gev__text_add(text, "among");
	for (int i = 0; i < it->n; i++) {
		gev__text_add(text, i ? ", " : " ");
		gev__choice_describe(&it->choices[i], text);
	}
}

static void take(gev_iwait *it, gev_choice *c)
{
	c->taken = true;
	gev__list_add_tail(&it->taken, &c->waiter.link);
}

static void delist_all(gev_iwait *it)
{
	for (int i = 0; i < it->n; i++)
		if (!it->choices[i].taken)
			gev__choice_delist(&it->choices[i]);
}

/* .woke of a choice's waiter. */
static void chosen(struct gev_waiter *w)
{
	gev_choice *c = gev__container(w, gev_choice, waiter);
	gev_iwait *it = c->in;

	if (!gev__choice_complete(c))
		return;
	take(it, c);
	if (it->single)
		delist_all(it);
	if (it->sleeper)
		gev__wake(it->sleeper, 0);
}

/* .woke of the sleeper's own, whatever woke it. */
static void woken(struct gev_waiter *w)
{
	gev_iwait *it = (gev_iwait *)w->object;

	if (it->single)
		delist_all(it);
}

static void begin_one(gev_iwait *it, gev_choice *c)
{
	int r = it->single ? -EAGAIN : gev__choice_try(c);

	it->left++;
	if (r == -EAGAIN) {
		r = gev__choice_enlist(c, it->hub);
		it->holds |= gev__choice_is_fd(c);
		if (r == 0)
			return;
	}
	c->error = -r;
	take(it, c);
}

void gev__iwait_begin(gev_iwait *it, gev_hub *hub, gev_choice *choices, int n,
	bool single)
{
	*it = (gev_iwait){ .hub = hub,
		.choices = choices,
		.n = n,
		.single = single };
	gev__list_init(&it->taken);
	for (int i = 0; i < n; i++) {
		choices[i].waiter = (struct gev_waiter){ .woke = chosen };
		choices[i].record = NULL;
		choices[i].in = it;
	}
	for (int i = 0; i < n; i++) {
		if (choices[i].kind == GEV_CHOICE_NEVER)
			continue;
		begin_one(it, &choices[i]);
		if (single && choices[i].taken)
			break;
	}
}

static int sleep(gev_iwait *it, gev_time timeout)
{
	struct gev_waiter w = { .what = "choose",
		.object = it,
		.describe = describe,
		.woke = woken };
	int r;

	it->sleeper = &w;
	if (it->holds)
		gev__hold(it->hub);
	r = gev__park(&w, timeout);
	if (it->holds)
		gev__unhold(it->hub);
	it->sleeper = NULL;
	it->expired = w.expired;
	return r;
}

int gev__iwait_next(gev_iwait *it, gev_time timeout)
{
	struct gev_list *node;
	int r = 0;

	it->expired = false;
	if (gev__list_empty(&it->taken))
		r = sleep(it, timeout);
	if (r < 0)
		return r;
	node = gev__list_pop(&it->taken);
	it->left--;
	return (int)(gev__container(node, gev_choice, waiter.link) -
		     it->choices);
}

void gev__iwait_end(gev_iwait *it)
{
	delist_all(it);
	gev__list_init(&it->taken);
	it->n = 0;
	it->left = 0;
}

static int init(gev_iwait *it, gev_choice *choices, int n)
{
	gev_hub *hub;
	int r = it ? gev__choices_check(choices, n, &hub) : -EINVAL;

	if (r == 0)
		gev__iwait_begin(it, hub, choices, n, false);
	return r;
}

int gev_iwait_init(gev_iwait *it, gev_choice *choices, int n)
{
	return (int)gev__ret(init(it, choices, n));
}

static int next(gev_iwait *it, gev_time timeout)
{
	if (!it || timeout < GEV_FOREVER)
		return -EINVAL;
	if (it->hub != gev__hub_here())
		return -EPERM;
	if (it->left == 0)
		return -ENOENT;
	if (gev__list_empty(&it->taken)) {
		if (it->sleeper)
			return -EBUSY;
		if (timeout == 0)
			return -EAGAIN;
	}
	return gev__iwait_next(it, timeout);
}

int gev_iwait_next(gev_iwait *it, gev_time timeout)
{
	return (int)gev__ret(next(it, timeout));
}

void gev_iwait_fini(gev_iwait *it)
{
	if (!it || it->hub != gev__hub_here())
		return;
	gev__iwait_end(it);
	if (it->sleeper)
		gev__wake(it->sleeper, -EINVAL);
}

/* How many of @wanted were taken by @deadline, or -errno. */
static int take_some(gev_iwait *it, int wanted, gev_time deadline, int *order)
{
	for (int i = 0; i < wanted; i++) {
		int r = next(it, gev__fd_left(it->hub, deadline));

		if (r == -EAGAIN || it->expired)
			return i;
		if (r < 0)
			return r;
		if (order)
			order[i] = r;
	}
	return wanted;
}

static int choose_some(gev_choice *choices, int n, int count, gev_time timeout,
	int *order)
{
	gev_iwait it;
	gev_time deadline;
	int r = count < 0 || timeout < GEV_FOREVER ? -EINVAL :
						     init(&it, choices, n);

	if (r < 0)
		return r;
	deadline = gev__fd_deadline(it.hub, timeout);
	r = take_some(&it, count && count < it.left ? count : it.left, deadline,
		order);
	gev__iwait_end(&it);
	return r;
}

int gev_choose_some(gev_choice *choices, int n, int count, gev_time timeout,
	int *order)
{
	return (int)gev__ret(choose_some(choices, n, count, timeout, order));
}
