/* SPDX-License-Identifier: MIT */
/* Watchers of the loop's own turns: idle, prepare, check, fork. */
#include "loop/watch.h"

static int init(void *w, gev_loop *loop, enum gev__kind kind)
{
	return gev__ret(gev__watcher_init(w, loop, kind, 0));
}

static int start(void *w, gev_watcher_fn *fn, void *arg)
{
	int r = gev__watcher_startable(w, fn);

	if (r == 0)
		gev__watcher_begin(w, fn, arg);
	return gev__ret(r);
}

int gev_idle_init(gev_idle_watcher *w, gev_loop *loop)
{
	return init(w, loop, GEV__IDLE);
}

int gev_idle_start(gev_idle_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return start(w, fn, arg);
}

int gev_prepare_init(gev_prepare_watcher *w, gev_loop *loop)
{
	return init(w, loop, GEV__PREPARE);
}

int gev_prepare_start(gev_prepare_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return start(w, fn, arg);
}

int gev_check_init(gev_check_watcher *w, gev_loop *loop)
{
	return init(w, loop, GEV__CHECK);
}

int gev_check_start(gev_check_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return start(w, fn, arg);
}

int gev_fork_init(gev_fork_watcher *w, gev_loop *loop)
{
	return init(w, loop, GEV__FORK);
}

int gev_fork_start(gev_fork_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return start(w, fn, arg);
}
