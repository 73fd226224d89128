/* SPDX-License-Identifier: MIT */
/*
 * Calls from other threads: a callback of the loop that carries what to call,
 * allocated here, freed when it is called or goes with its loop.
 */
#include "core/hub.h"
#include "base/mem.h"

struct post {
	gev_callback callback;
	int (*fn)(void *arg);
	void *arg;
};

static int call(void *arg)
{
	struct post p = *(struct post *)arg;

	gev__free(arg, sizeof(p));
	return p.fn(p.arg);
}

static void dropped(gev_callback *cb)
{
	struct post *p = gev__container(cb, struct post, callback);

	gev__free(p, sizeof(*p));
}

static int post(gev_hub *hub, int (*fn)(void *arg), void *arg)
{
	struct post *p;
	int r;

	if (!hub || !fn)
		return -EINVAL;
	p = gev__alloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->fn = fn;
	p->arg = arg;
	p->callback.dropped = dropped;
	r = gev_loop_run_callback_threadsafe(hub->loop, &p->callback, call, p);
	if (r < 0) {
		r = -*gev__host_errno();
		gev__free(p, sizeof(*p));
	}
	return r;
}

int gev_hub_post(gev_hub *hub, int (*fn)(void *arg), void *arg)
{
	return (int)gev__ret(post(hub, fn, arg));
}
