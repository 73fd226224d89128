/* SPDX-License-Identifier: MIT */
/*
 * gev/service.h - servers in several threads, and listeners that come from
 * outside.
 *
 *	struct gev_server_options options = {
 *		.address = ":7000", .handle = echo };
 *
 *	return gev_serve(&options, 4, GEV_SEC(10)) < 0;
 *
 * A service runs a server of its own, with a hub of its own, in each of its
 * threads.  Handlers of different threads run at the same time: what they share
 * has to be shared as among threads (gev/thread.h).
 */
#ifndef GEV_SERVICE_H
#define GEV_SERVICE_H

#include <gev/server.h>

GEV_BEGIN_DECLS

typedef struct gev_service gev_service;

/* Flags of gev_service_start(). */
#define GEV_HAND_OUT 1u /* the caller's hub accepts, and shares out evenly */

/*
 * gev_service_start - start a service of @threads threads.
 *
 * They share a port by SO_REUSEPORT, where the system sends each connection to
 * one of them; or the listener, if one is given or the address is a path.  With
 * GEV_HAND_OUT the calling thread accepts, and gives each connection to the
 * thread that has the fewest.  @options->max holds for each thread.
 *
 * Waits     until all are listening.
 * Returns   a service; or NULL with errno EINVAL (@threads is not positive, a
 *           @pool was given, GEV_HAND_OUT of datagrams), EAGAIN (no thread), or
 *           as for gev_server_new() and gev_server_start().
 * Context   any greenlet.
 * Memory    freed by gev_service_free().
 */
GEV_API gev_service *gev_service_start(const struct gev_server_options *options,
	int threads, unsigned flags);

/*
 * gev_service_stop - tell all its servers to stop, as gev_server_stop() does.
 *
 * Returns   0; or -1 with errno EINVAL, ENOMEM.
 * Context   any thread; loop callbacks too; not signal handlers.
 */
GEV_API int gev_service_stop(gev_service *v, gev_time drain);

/*
 * gev_service_stop_on - do that when the process gets @signum; when it comes
 * once more, with a @drain of 0.
 *
 * Returns   as gev_server_stop_on().
 * Context   the thread that started it.
 */
GEV_API int gev_service_stop_on(gev_service *v, int signum, gev_time drain);

/*
 * gev_service_wait - wait until all its servers have stopped.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno ETIMEDOUT, ECANCELED, a thrown code, EDEADLK,
 *           or the first error that ended one of them.
 */
GEV_API int gev_service_wait(gev_service *v, gev_time timeout);

/*
 * gev_service_free - stop at once what still runs, and free @v.
 *
 * Waits     for its threads.
 * Returns   0 (NULL too); or -1 with errno EPERM (not the thread that started
 *           it), EDEADLK (in a loop callback).
 * Memory    nobody else may be using @v, not even waiting for it.
 */
GEV_API int gev_service_free(gev_service *v);

/* gev_service_port - the port; -1 with errno as for gev_socket_port(). */
GEV_API int gev_service_port(const gev_service *v);

/*
 * gev_service_listeners - its listeners, to be handed on.
 *
 * A successor that is to lose nobody needs all of them; if they share one,
 * which is given in the options, any will do.
 *
 * Returns   how many there are; up to @max are put to @fds.  They stay the
 *           service's.
 */
GEV_API int gev_service_listeners(const gev_service *v, int *fds, int max);

/* gev_service_get_stats - the sums of its servers' figures. */
GEV_API int gev_service_get_stats(const gev_service *v,
	struct gev_server_stats *stats);

/*
 * gev_serve - run a service until SIGTERM or SIGINT.
 *
 * Returns   0; or -1 with errno as for gev_service_start(), gev_service_wait().
 */
GEV_API int gev_serve(const struct gev_server_options *options, int threads,
	gev_time drain);

/*
 * gev_listen_fds - the listeners that this process was given.
 *
 * By systemd, or by gev_listen_spawn(): LISTEN_PID, LISTEN_FDS and
 * LISTEN_FDNAMES say which.  They are made close-on-exec.  @name picks those of
 * that name, NULL all.  To be asked before any of them is closed: their numbers
 * are fixed.
 *
 * Returns   how many there are (0: none); up to @max are put to @fds.  -1 with
 *           errno EINVAL (the variables make no sense), EBADF.
 * Context   any thread; needs no hub.
 */
GEV_API int gev_listen_fds(const char *name, int *fds, int max);

/*
 * gev_listen_spawn - start the program at @path, with @n descriptors that it
 * finds by gev_listen_fds().
 *
 * Names of theirs are separated by colons in @names (NULL: none).  It gets this
 * process's environment.
 *
 * Returns   its pid, which the caller has to wait for; or -1 with errno EINVAL,
 *           ENOMEM, EAGAIN, EBADF, or why it can't be executed (ENOENT ...).
 * Context   any thread.
 */
GEV_API int gev_listen_spawn(const int *fds, int n, const char *names,
	const char *path, char *const argv[]);

GEV_END_DECLS

#endif
