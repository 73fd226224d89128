/* SPDX-License-Identifier: MIT */
/*
 * Signal watchers.
 *
 * The handler may run on any thread, at any moment, so it touches no loop: it
 * counts the signal and writes to an eventfd that the whole process shares.
 * Every loop that has signal watchers listens to that one (edge-triggered, so
 * each write wakes them all, and nobody reads it), and looks which of its
 * watchers have not seen the count yet.
 *
 * SIGCHLD is special: the program's own handler is called all the same, since
 * child watchers must not take it away.
 */
#include "base/lock.h"
#include "base/signal.h"
#include "base/sys.h"
#include "loop/watch.h"
#include <fcntl.h>
#include <sys/eventfd.h>

#define SIGNALS 65 /* 1 to 64 */
#define KEPT_FLAGS (SA_NOCLDSTOP | SA_NOCLDWAIT)

static struct {
	struct gev__lock lock;
	atomic_int fd;                   /* the eventfd; 0: none yet */
	long pid;                        /* of the process that made it */
	atomic_uint raised[SIGNALS];
	unsigned watchers[SIGNALS];
	struct sigaction theirs[SIGNALS]; /* valid while there are watchers */
} shared;

static void chain(const struct sigaction *theirs, int signum, siginfo_t *info,
	void *context)
{
	if (theirs->sa_flags & SA_SIGINFO)
		theirs->sa_sigaction(signum, info, context);
	else if (theirs->sa_handler != SIG_DFL && theirs->sa_handler != SIG_IGN)
		theirs->sa_handler(signum);
}

static void on_signal(int signum, siginfo_t *info, void *context)
{
	uint64_t one = 1;

	atomic_fetch_add(&shared.raised[signum], 1);
	gev__sys_raw(SYS_write, shared.fd, (long)&one, sizeof(one), 0, 0, 0);
	if (signum == SIGCHLD)
		chain(&shared.theirs[signum], signum, info, context);
}

static void caught(struct gev__edge *edge, int events)
{
	gev_loop *loop = gev__container(edge, gev_loop, signals);
	struct gev_list *node;

	(void)events;
	gev__list_for_each(node, &loop->watchers[GEV__SIGNAL]) {
		gev_watcher *w = gev__container(node, gev_watcher, link);
		gev_signal_watcher *self = (gev_signal_watcher *)w;
		unsigned raised = shared.raised[self->signum];

		if (self->seen == raised)
			continue;
		self->seen = raised;
		gev__watcher_pend(w);
	}
}

static int make_eventfd(void)
{
	return gev__sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* Makes @loop hear of signals.  The lock is held. */
static int listen_to(gev_loop *loop)
{
	int r;

	if (loop->signals.fn)
		return 0;
	if (shared.fd == 0) {
		int fd = make_eventfd();

		if (fd < 0)
			return fd;
		shared.fd = fd;
		shared.pid = gev__sys(SYS_getpid);
	}
	r = gev__edge_add(loop, shared.fd, &loop->signals, GEV_READ);
	if (r == 0)
		loop->signals.fn = caught;
	return r;
}

/* The lock is held.  The handler may need `theirs` at once. */
static int take_signal(int signum)
{
	struct sigaction *theirs = &shared.theirs[signum];
	struct sigaction ours;
	int r = gev__sigaction(signum, NULL, theirs);

	if (r < 0)
		return r;
	ours.sa_mask = theirs->sa_mask;
	ours.sa_sigaction = on_signal;
	ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK |
			(theirs->sa_flags & KEPT_FLAGS);
	ours.sa_restorer = NULL;
	return gev__sigaction(signum, &ours, NULL);
}

/* Puts the program's disposition back, unless it has set another meanwhile. */
static void give_back(int signum)
{
	struct sigaction now;

	if (gev__sigaction(signum, NULL, &now) == 0 &&
		now.sa_sigaction == on_signal)
		gev__sigaction(signum, &shared.theirs[signum], NULL);
}

static int subscribe(gev_loop *loop, int signum)
{
	int r = listen_to(loop);

	if (r == 0 && shared.watchers[signum] == 0)
		r = take_signal(signum);
	if (r == 0)
		shared.watchers[signum]++;
	return r;
}

int gev__signal_start(gev_signal_watcher *w, gev_watcher_fn *fn, void *arg)
{
	int r = gev__watcher_startable((gev_watcher *)w, fn);

	if (r < 0)
		return r;
	w->seen = shared.raised[w->signum];
	gev__lock(&shared.lock);
	r = subscribe(w->w.loop, w->signum);
	gev__unlock(&shared.lock);
	if (r == 0)
		gev__watcher_begin(&w->w, fn, arg);
	return r;
}

void gev__signal_stop(gev_watcher *w)
{
	int signum = ((gev_signal_watcher *)w)->signum;

	gev__lock(&shared.lock);
	if (--shared.watchers[signum] == 0)
		give_back(signum);
	gev__unlock(&shared.lock);
}

/*
 * The child gets an eventfd of its own, by the same number, so that its
 * signals don't wake the parent.
 */
void gev__signals_forked(void)
{
	long pid = gev__sys(SYS_getpid);
	int fd;

	shared.lock = (struct gev__lock){ 0 };
	if (shared.fd == 0 || shared.pid == pid)
		return;
	shared.pid = pid;
	fd = make_eventfd();
	if (fd < 0)
		return;
	gev__sys(SYS_dup3, fd, shared.fd, O_CLOEXEC);
	gev__sys(SYS_close, fd);
}

/* Nobody can watch these two, and libc needs two for itself. */
static bool can_watch(int signum)
{
	return signum > 0 && signum < SIGNALS && signum != SIGKILL &&
	       signum != SIGSTOP && signum != 32 && signum != 33;
}

int gev_signal_init(gev_signal_watcher *w, gev_loop *loop, int signum)
{
	int r = gev__watcher_init((gev_watcher *)w, loop, GEV__SIGNAL,
		can_watch(signum) ? 0 : -EINVAL);

	if (r < 0)
		return gev__ret(r);
	w->w.noref = true;
	w->signum = signum;
	return 0;
}

int gev_signal_start(gev_signal_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return gev__ret(gev__signal_start(w, fn, arg));
}
