/* SPDX-License-Identifier: MIT */
/*
 * gev/wait.h - waiting for child processes.
 *
 * The functions of <sys/wait.h>: signatures, results and errors are POSIX's,
 * but where those would block the thread these park the greenlet, and may fail
 * beyond POSIX with
 *
 *   ECANCELED  the greenlet was killed;
 *   ETIMEDOUT  a gev_timeout fired; or a thrown code;
 *   EDEADLK    it would have to wait, and was called in a loop callback;
 *   ENOMEM and the other errors of making a hub (gev/base.h).
 *
 * Never EINTR: signal handlers run while others do.  A failed wait has reaped
 * nothing.  The end of one child is waited for by a pidfd, all else by a
 * watcher of SIGCHLD, which leaves the program's own handler in its place.
 */
#ifndef GEV_WAIT_H
#define GEV_WAIT_H

#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/* wait(2), waitpid(2), wait4(2), waitid(2). */
GEV_API pid_t gev_wait(int *status);
GEV_API pid_t gev_waitpid(pid_t pid, int *status, int options);
GEV_API pid_t gev_wait4(pid_t pid, int *status, int options,
	struct rusage *usage);
#if defined(_POSIX_C_SOURCE) && _POSIX_C_SOURCE >= 200809L /* for its types */
GEV_API int gev_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
#endif

/* Called in a greenlet of its own with a child that has ended. */
typedef void gev_child_fn(pid_t pid, int status, void *arg);

/*
 * gev_fork_and_watch - gev_fork(), and have @fn called at the child's end.
 *
 * The child's status is told to @fn and to a gev_waitpid() as well, whichever
 * comes first.  Until somebody waits for the child it is a zombie: @fn may do
 * that, gev_waitpid(pid, NULL, WNOHANG).  Where it was reaped by somebody else
 * than this hub, the @status is -1.  While it lives the child counts as
 * something to wait for.  Mirrors gevent.os.fork_and_watch().
 *
 * Returns   as fork(2); EINVAL (@fn is NULL), ENOMEM.
 * Context   greenlets.
 * Memory    @arg must live until @fn has returned; in the child it is not used.
 */
GEV_API pid_t gev_fork_and_watch(gev_child_fn *fn, void *arg);

GEV_END_DECLS

#endif
