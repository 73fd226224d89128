/* SPDX-License-Identifier: MIT */
/*
 * Child watchers: an io watcher of a pidfd; or where the kernel has none, a
 * watcher of SIGCHLD, which asks for this one child whenever any has ended.
 *
 * The child is reaped on the point of the call, so a watcher that is stopped
 * before has reaped nothing.
 */
#include "base/signal.h"
#include "base/sys.h"
#include "loop/watch.h"
#include <signal.h>
#include <sys/wait.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3 */
#endif
#define WAIT_PIDFD 3 /* waitid(2)'s P_PIDFD, Linux 5.4 */

/* What waitid(2) says of it; info->si_pid is 0 as long as it lives. */
static int look(const gev_child_watcher *w, siginfo_t *info, int flags)
{
	bool by_pidfd = w->pidfd >= 0;

	info->si_pid = 0;
	return gev__sys(SYS_waitid, by_pidfd ? WAIT_PIDFD : P_PID,
		by_pidfd ? w->pidfd : w->pid, info, WEXITED | WNOHANG | flags,
		NULL);
}

static void close_pidfd(gev_child_watcher *w)
{
	if (w->pidfd >= 0)
		gev__sys(SYS_close, w->pidfd);
	w->pidfd = -1;
}

static int on_event(gev_watcher *w, int revents, void *arg)
{
	gev_child_watcher *self = arg;

	(void)w;
	(void)revents;
	gev__watcher_pend(&self->w);
	return 0;
}

/* One of our own, in the service of @owner. */
static void serve(gev_watcher *w, const gev_watcher *owner)
{
	w->noref = true;
	w->priority = owner->priority;
}

static int start_pidfd(gev_child_watcher *w)
{
	siginfo_t info;
	long fd = gev__sys(SYS_pidfd_open, w->pid, 0);
	int r;

	if (fd < 0)
		return fd == -ESRCH ? -ECHILD : fd;
	w->pidfd = fd;
	gev_io_init(&w->io, w->w.loop, fd, GEV_READ);
	serve(&w->io.w, &w->w);
	r = look(w, &info, WNOWAIT);
	if (r == 0)
		r = gev__io_start(&w->io, on_event, w);
	if (r < 0)
		close_pidfd(w);
	return r;
}

/* *@ended: it is too late for a signal. */
static int start_sigchld(gev_child_watcher *w, bool *ended)
{
	siginfo_t info;
	int r;

	gev_signal_init(&w->chld, w->w.loop, SIGCHLD);
	serve(&w->chld.w, &w->w);
	r = gev__signal_start(&w->chld, on_event, w);
	if (r < 0)
		return r;
	r = look(w, &info, WNOWAIT);
	if (r < 0)
		gev__watcher_end(&w->chld.w);
	*ended = info.si_pid != 0;
	return r;
}

/* Errors that mean: not with this kernel, or not in this sandbox. */
static bool has_no_pidfd(int error)
{
	return error == -ENOSYS || error == -EINVAL || error == -EPERM;
}

bool gev__child_ready(gev_watcher *w)
{
	gev_child_watcher *self = (gev_child_watcher *)w;
	siginfo_t info;
	int r = look(self, &info, 0);

	if (r == 0 && info.si_pid == 0)
		return false;
	self->rpid = r == 0 ? self->pid : 0;
	self->rstatus = r == 0 ? gev__wait_status(&info) : 0;
	gev__watcher_end(w);
	return true;
}

void gev__child_stop(gev_watcher *w)
{
	gev_child_watcher *self = (gev_child_watcher *)w;

	gev__watcher_end(&self->io.w);
	gev__watcher_end(&self->chld.w);
	close_pidfd(self);
}

int gev_child_init(gev_child_watcher *w, gev_loop *loop, int pid)
{
	int r = gev__watcher_init((gev_watcher *)w, loop, GEV__CHILD,
		pid > 0 ? 0 : -EINVAL);

	if (r < 0)
		return gev__ret(r);
	w->pid = pid;
	w->rpid = 0;
	w->rstatus = 0;
	w->pidfd = -1;
	w->io.w.active = false;
	w->chld.w.active = false;
	return 0;
}

int gev_child_start(gev_child_watcher *w, gev_watcher_fn *fn, void *arg)
{
	int r = gev__watcher_startable((gev_watcher *)w, fn);
	bool ended = false;

	if (r < 0)
		return gev__ret(r);
	r = start_pidfd(w);
	if (has_no_pidfd(r))
		r = start_sigchld(w, &ended);
	if (r < 0)
		return gev__ret(r);
	gev__watcher_begin(&w->w, fn, arg);
	if (ended)
		gev__watcher_pend(&w->w);
	return 0;
}
