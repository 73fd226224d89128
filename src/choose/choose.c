/* SPDX-License-Identifier: MIT */
/*
 * One of several choices.  They are tried in random order, so that each that
 * is ready is as likely; if none is, all are waited for.
 */
#include "choose/choose.h"
#include "calls/descriptor.h"

/* xorshift32, one per thread; then a multiplication instead of a division. */
static int random_below(int n)
{
	static _Thread_local uint32_t state;
	uint32_t x = state ? state : 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	state = x;
	return (int)(((uint64_t)x * (uint32_t)n) >> 32);
}

/* 0, or -errno with *hub unset. */
int gev__choices_check(gev_choice *choices, int n, gev_hub **hub)
{
	int r = 0;

	if (n < 0 || (n > 0 && !choices))
		return -EINVAL;
	*hub = gev__hub_get(&r);
	if (!*hub)
		return r;
	for (int i = 0; r == 0 && i < n; i++)
		r = gev__choice_check(&choices[i]);
	return r;
}

/*
 * The index of one that is taken now, or -EAGAIN.  The order is shuffled as far
 * as it is needed (Fisher and Yates).
 */
static int take_any(gev_choice *choices, int n)
{
	for (int i = 0; i < n; i++)
		choices[i].order = i;
	for (int i = 0; i < n; i++) {
		int other = i + random_below(n - i);
		gev_choice *c = &choices[choices[other].order];
		int r = gev__choice_try(c);

		choices[other].order = choices[i].order;
		if (r == -EAGAIN)
			continue;
		c->error = -r;
		c->taken = true;
		return (int)(c - choices);
	}
	return -EAGAIN;
}

static int wait_for_one(gev_hub *hub, gev_choice *choices, int n,
	gev_time timeout)
{
	gev_iwait it;
	int r;

	gev__iwait_begin(&it, hub, choices, n, true);
	r = gev__iwait_next(&it, timeout);
	gev__iwait_end(&it);
	return r;
}

static int choose(gev_choice *choices, int n, gev_time timeout)
{
	gev_hub *hub;
	int r = timeout < GEV_FOREVER ? -EINVAL :
					gev__choices_check(choices, n, &hub);

	if (r < 0)
		return r;
	r = take_any(choices, n);
	if (r == -EAGAIN)
		return timeout == 0 ? r :
				      wait_for_one(hub, choices, n, timeout);
	if (gev__choice_is_fd(&choices[r]))
		gev__spend(hub);
	return r;
}

int gev_choose(gev_choice *choices, int n, gev_time timeout)
{
	return (int)gev__ret(choose(choices, n, timeout));
}
