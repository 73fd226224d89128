/* SPDX-License-Identifier: MIT */
/*
 * Children that are watched from their fork on, each by a greenlet.  It asks
 * for the status without reaping; if somebody else of this hub reaps, it is
 * told.
 */
#include <gev/greenlet.h>
#include <gev/hub.h>
#include <gev/wait.h>
#include "base/mem.h"
#include "base/signal.h"
#include "calls/children.h"

struct watched {
	struct gev__child_watch watch;
	gev_greenlet *greenlet;
	bool told;
	int status;
	gev_child_fn *fn;
	void *arg;
};

static void told(struct gev__child_watch *watch, int status)
{
	struct watched *w = gev__container(watch, struct watched, watch);

	w->told = true;
	w->status = status;
}

static int look(struct watched *w)
{
	siginfo_t info;
	long r = gev__call_waitid(P_PID, w->watch.pid, &info,
		WEXITED | WNOWAIT, NULL);

	if (w->told || (r < 0 && r != -ECHILD))
		return (int)(w->told ? 0 : r);
	w->status = r < 0 ? -1 : gev__wait_status(&info);
	return 0;
}

static void free_watched(struct watched *w)
{
	gev__child_unwatch(&w->watch);
	gev__free(w, sizeof(*w));
}

static intptr_t attend(void *arg)
{
	struct watched *w = arg;
	struct watched copy;
	int r = look(w);

	copy = *w;
	free_watched(w);
	if (r == 0)
		copy.fn(copy.watch.pid, copy.status, copy.arg);
	return r;
}

/* All that can fail is done before the fork. */
static struct watched *prepare(gev_hub *hub, int *error)
{
	struct watched *w = gev__alloc(sizeof(*w));

	*error = -ENOMEM;
	if (!w)
		return NULL;
	w->watch.told = told;
	w->greenlet = gev_greenlet_new(attend, w, NULL);
	if (w->greenlet)
		*error = gev__child_watch(hub, &w->watch);
	if (*error == 0)
		return w;
	gev_unref(w->greenlet);
	free_watched(w);
	return NULL;
}

static int fork_and_watch(gev_child_fn *fn, void *arg)
{
	int r = -EINVAL;
	gev_hub *hub = fn ? gev__hub_get(&r) : NULL;
	struct watched *w = hub ? prepare(hub, &r) : NULL;

	if (!w)
		return r;
	w->fn = fn;
	w->arg = arg;
	r = gev_fork();
	if (r < 0)
		r = -errno;
	w->watch.pid = r;
	if (r > 0)
		gev_start(w->greenlet);
	gev_unref(w->greenlet);
	if (r <= 0)
		free_watched(w);
	return r;
}

pid_t gev_fork_and_watch(gev_child_fn *fn, void *arg)
{
	return (pid_t)gev__ret(fork_and_watch(fn, arg));
}
