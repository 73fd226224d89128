/* SPDX-License-Identifier: MIT */
/*
 * gev/signal.h - signal handlers that are greenlets.
 *
 * A handler of sigaction(2) may do next to nothing.  These run as all other
 * greenlets do, some time after the signal, and may wait.  Mirrors
 * gevent.signal_handler().  Who wants a callback instead uses the watchers of
 * gev/watcher.h, gev_signal_init().
 */
#ifndef GEV_SIGNAL_H
#define GEV_SIGNAL_H

#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_handler gev_handler;

/* What a greenlet runs; it ends as a gev_fn does. */
typedef intptr_t gev_signal_fn(int signum, void *arg);

/*
 * gev_signal_handler - have @fn(@signum, @arg) run when the signal comes.
 *
 * In a greenlet of its own, each time; signals that come before it could be
 * started are one.  Several handlers of one signal all run, in several threads
 * too.  The signal no longer has its effect, nor the program's own handler
 * (but that of SIGCHLD), until the last is cancelled.  A handler does not keep
 * the loop running.
 *
 * Returns   the handler; or NULL with errno EINVAL (@fn is NULL, or there is no
 *           such signal that can be caught), EMFILE, ENFILE, ENOMEM.
 * Context   greenlets and loop callbacks.
 * Memory    the caller's until gev_handler_cancel() or the end of the hub,
 *           whichever comes first.
 */
GEV_API gev_handler *gev_signal_handler(int signum, gev_signal_fn *fn,
	void *arg);

/*
 * gev_handler_cancel - run @h no more, and free it.
 *
 * Not for a signal either that has come already.  Where it is running it goes
 * on to its end; it may cancel itself.  NULL is ignored.
 *
 * Returns   0; or -1 with errno EPERM.
 */
GEV_API int gev_handler_cancel(gev_handler *h);

/*
 * gev_handler_set_ref - whether it keeps the loop running (false at first).
 *
 * Returns   0; or -1 with errno EINVAL (NULL), EPERM.
 */
GEV_API int gev_handler_set_ref(gev_handler *h, bool ref);

GEV_END_DECLS

#endif
