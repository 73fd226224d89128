/* SPDX-License-Identifier: MIT */
/*
 * gev/watcher.h - watchers: what a loop can wait for.
 *
 * A watcher is a small struct of the caller's.  X_init() says what it watches,
 * X_start() says whom to call, gev_watcher_stop() ends it.  A started watcher
 * must stay where it is in memory until it is stopped.
 */
#ifndef GEV_WATCHER_H
#define GEV_WATCHER_H

#include <sys/stat.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_watcher gev_watcher;

/*
 * Called when what is watched has happened.  @revents is a set of GEV_READ and
 * GEV_WRITE for an io watcher, else 0.  To return a negative errno value is to
 * fail: it goes to the loop's error hook, and the loop goes on.
 */
typedef int gev_watcher_fn(gev_watcher *w, int revents, void *arg);

#define GEV_PRIORITY_MIN (-2)
#define GEV_PRIORITY_MAX 2

/* What all watchers have in common.  Private, but for taking its address. */
struct gev_watcher {
	struct gev_list link;    /* in the loop's list of its kind */
	struct gev_list pending; /* in the loop's queue of those to be called */
	gev_loop *loop;
	gev_watcher_fn *fn;      /* NULL while stopped */
	void *arg;
	int revents;             /* collected until it is called */
	uint8_t kind;
	int8_t priority;
	bool active;
	bool noref;              /* does not keep gev_loop_run() running */
};

/*
 * gev_watcher_stop - stop watching; a pending call does not happen.
 *
 * For every kind of watcher.  Harmless where it is stopped.  May be called
 * from any callback, its own too.  A stopped watcher has let go of its
 * callback and argument.
 *
 * Returns   0; or -1 with errno EINVAL (NULL), EPERM.
 */
GEV_API int gev_watcher_stop(gev_watcher *w);

/* gev_watcher_active - whether it is started. */
GEV_API bool gev_watcher_active(const gev_watcher *w);

/* gev_watcher_pending - whether its callback is about to be called. */
GEV_API bool gev_watcher_pending(const gev_watcher *w);

/*
 * gev_watcher_set_ref - whether it keeps gev_loop_run() running (true at
 * first, except for signal watchers).  May be changed while it is active.
 *
 * Returns   0; or -1 with errno EINVAL, EPERM.
 */
GEV_API int gev_watcher_set_ref(gev_watcher *w, bool ref);
GEV_API bool gev_watcher_ref(const gev_watcher *w);

/*
 * gev_watcher_set_priority - who is called first among those pending.
 *
 * Returns   0; or -1 with errno EINVAL (out of range), EBUSY (it is active),
 *           EPERM.
 */
GEV_API int gev_watcher_set_priority(gev_watcher *w, int priority);
GEV_API int gev_watcher_priority(const gev_watcher *w);

/*
 * The kinds.  X_init() returns 0; or -1 with errno EINVAL for what can't be
 * watched (NULL, a bad time, signal, pid, path), EBADF for a negative
 * descriptor.  X_start() returns 0; or -1 with errno EINVAL (NULL callback),
 * EALREADY (it is active), EPERM, ENOMEM, and what the header of the kind
 * names.  On error nothing was started.
 */

/*
 * gev_io - a descriptor is ready (level-triggered: called again and again as
 * long as it is).  @events is a set of GEV_READ and GEV_WRITE.  Hang-up and
 * error count as both.  Any number of watchers may share a descriptor; stop
 * them before it is closed.
 *
 * gev_io_start: EBADF (not open), EPERM (a regular file or directory, which
 * is always ready), ENOSPC (the system's limit of epoll watches).
 */
typedef struct gev_io_watcher {
	gev_watcher w;
	int fd;
	int events;
	/* private */
	struct gev_io_watcher *next; /* of the same descriptor */
} gev_io_watcher;

GEV_API int gev_io_init(gev_io_watcher *w, gev_loop *loop, int fd, int events);
GEV_API int gev_io_start(gev_io_watcher *w, gev_watcher_fn *fn, void *arg);

/*
 * gev_timer - @after from the start, and every @repeat from then on (0: once).
 * A timer is never early.  Equal times fire in start order.  A one-shot timer
 * is stopped before its callback is called.
 *
 * gev_timer_again: a repeating timer is set to @repeat from now, started if
 * need be with @fn and @arg; a one-shot timer is stopped.
 */
typedef struct gev_timer_watcher {
	gev_watcher w;
	struct gev_timer_node node;
	gev_time after;
	gev_time repeat;
} gev_timer_watcher;

GEV_API int gev_timer_init(gev_timer_watcher *w, gev_loop *loop,
	gev_time after, gev_time repeat);
GEV_API int gev_timer_start(gev_timer_watcher *w, gev_watcher_fn *fn,
	void *arg);
GEV_API int gev_timer_again(gev_timer_watcher *w, gev_watcher_fn *fn,
	void *arg);

/*
 * gev_signal - a signal came to the process.  The callback runs in the loop,
 * not in the signal handler.  While watchers of a signal are active its
 * disposition is ours; the program's is put back after the last.  (Its handler
 * of SIGCHLD is called all the same.)  Several loops may watch one signal; each
 * is told.
 */
typedef struct gev_signal_watcher {
	gev_watcher w;
	int signum;
	unsigned seen; /* private */
} gev_signal_watcher;

GEV_API int gev_signal_init(gev_signal_watcher *w, gev_loop *loop, int signum);
GEV_API int gev_signal_start(gev_signal_watcher *w, gev_watcher_fn *fn,
	void *arg);

/* gev_idle_watcher - in every iteration that has nothing else pending. */
typedef struct gev_idle_watcher {
	gev_watcher w;
} gev_idle_watcher;

GEV_API int gev_idle_init(gev_idle_watcher *w, gev_loop *loop);
GEV_API int gev_idle_start(gev_idle_watcher *w, gev_watcher_fn *fn, void *arg);

/* gev_prepare - in every iteration, before the wait for events. */
typedef struct gev_prepare_watcher {
	gev_watcher w;
} gev_prepare_watcher;

GEV_API int gev_prepare_init(gev_prepare_watcher *w, gev_loop *loop);
GEV_API int gev_prepare_start(gev_prepare_watcher *w, gev_watcher_fn *fn,
	void *arg);

/* gev_check - in every iteration, after everything else. */
typedef struct gev_check_watcher {
	gev_watcher w;
} gev_check_watcher;

GEV_API int gev_check_init(gev_check_watcher *w, gev_loop *loop);
GEV_API int gev_check_start(gev_check_watcher *w, gev_watcher_fn *fn,
	void *arg);

/* gev_fork_watcher - once in the child of a fork, before its loop goes on. */
typedef struct gev_fork_watcher {
	gev_watcher w;
} gev_fork_watcher;

GEV_API int gev_fork_init(gev_fork_watcher *w, gev_loop *loop);
GEV_API int gev_fork_start(gev_fork_watcher *w, gev_watcher_fn *fn, void *arg);

/*
 * gev_async - somebody called gev_async_send().  Sends that come before the
 * callback is called are one.
 *
 * gev_async_send: any thread, and signal handlers; the watcher must be
 * initialised and must not go away meanwhile.  A send to a stopped watcher is
 * remembered until it is started.  Returns 0; or -1 with errno EINVAL (NULL).
 */
typedef struct gev_async_watcher {
	gev_watcher w;
	int sent; /* atomic */
} gev_async_watcher;

GEV_API int gev_async_init(gev_async_watcher *w, gev_loop *loop);
GEV_API int gev_async_start(gev_async_watcher *w, gev_watcher_fn *fn,
	void *arg);
GEV_API int gev_async_send(gev_async_watcher *w);

/*
 * gev_child - the child process @pid has ended.  It is reaped; @rstatus is its
 * status as of waitpid(2), @rpid its pid (0: somebody else had reaped it).
 * Waits on a pidfd where the kernel has them, and by a SIGCHLD watcher
 * elsewhere; other children are not touched, and the program's own SIGCHLD
 * handler still runs.  Stopped before its callback is called.
 *
 * gev_child_start: ECHILD (no such child of ours), EMFILE, ENFILE.
 */
typedef struct gev_child_watcher {
	gev_watcher w;
	int pid;
	int rpid;
	int rstatus;
	/* private */
	int pidfd;
	gev_io_watcher io;
	gev_signal_watcher chld;
} gev_child_watcher;

GEV_API int gev_child_init(gev_child_watcher *w, gev_loop *loop, int pid);
GEV_API int gev_child_start(gev_child_watcher *w, gev_watcher_fn *fn,
	void *arg);

/*
 * gev_stat - what stat(2) says of @path has changed.  @attr is the state now,
 * @prev the one before; a path that is not there has st_nlink 0.  Uses
 * inotify, and looks every @interval besides (0: 5 seconds, the least is 0.1
 * s), which is all it does where inotify is not to be had.
 */
typedef struct gev_stat_watcher {
	gev_watcher w;
	struct stat attr;
	struct stat prev;
	/* private */
	const char *path;
	gev_time interval;
	int wd;
	gev_timer_watcher timer;
} gev_stat_watcher;

/* @path is the caller's and must outlive the watcher. */
GEV_API int gev_stat_init(gev_stat_watcher *w, gev_loop *loop,
	const char *path, gev_time interval);
GEV_API int gev_stat_start(gev_stat_watcher *w, gev_watcher_fn *fn, void *arg);

GEV_END_DECLS

#endif
