/* SPDX-License-Identifier: MIT */
/*
 * gev/server.h - servers: a greenlet for each connection or datagram.
 *
 *	static void echo(int fd, const struct sockaddr *peer, socklen_t size,
 *		void *arg)
 *	{
 *		...				(fd is closed behind it)
 *	}
 *
 *	struct gev_server_options options = {
 *		.address = ":7000", .handle = echo };
 *	gev_server *server = gev_server_new(&options);
 *
 *	gev_server_stop_on(server, SIGTERM, GEV_SEC(10));
 *	gev_server_serve_forever(server);
 *	gev_server_free(server);
 *
 * A server belongs to the hub of the thread that made it; gev/service.h runs
 * one in each of several threads.  Mirrors gevent.server's StreamServer and
 * DatagramServer.
 *
 * When descriptors or memory run out, the server waits, 10 ms at first and
 * twice as long each time up to 1 s, and goes on; the hub's error hook is told,
 * of other failures to accept too.
 *
 * Functions fail with EINVAL for a NULL server, and with EPERM in another
 * thread.
 */
#ifndef GEV_SERVER_H
#define GEV_SERVER_H

#include <sys/socket.h>
#include <gev/pool.h>

GEV_BEGIN_DECLS

typedef struct gev_server gev_server;

/*
 * Called for a connection, in a greenlet of its own.  @fd is closed after it,
 * unless gev_close() did so in it.  @peer lives as long.
 */
typedef void gev_stream_handler(int fd, const struct sockaddr *peer,
	socklen_t size, void *arg);

/* Called for a datagram, likewise.  Answer by gev_server_sendto(). */
typedef void gev_datagram_handler(gev_server *server, const void *data,
	size_t length, const struct sockaddr *peer, socklen_t size, void *arg);

/* Zero means the default of each, but for one of the handlers. */
struct gev_server_options {
	const char *address;    /* as for gev_address_parse(), or a name in
				   place of an address; NULL: @listener */
	int listener;           /* a bound socket, one that listens; not 0 */
	gev_stream_handler *handle;
	gev_datagram_handler *handle_datagram; /* instead: datagrams */
	void *arg;              /* of the handler */
	unsigned flags;         /* GEV_REUSE_PORT */
	int backlog;            /* default: the system's greatest */
	int max_accept;         /* in a row before others run; default 100 */
	size_t max;             /* handlers at one time; default: any number */
	gev_pool *pool;         /* where they run; default: one of its own */
	size_t stack_size;      /* of theirs, as for gev_spawn_opt() */
};

/*
 * gev_server_new - make a server, which does nothing yet.
 *
 * Returns   a server; or NULL with errno EINVAL (NULL, none or both of the
 *           handlers, unknown flags, @max as well as @pool, a negative number),
 *           ERANGE, ENAMETOOLONG (the address), ENOMEM.
 * Memory    freed by gev_server_free().  The options are copied, and @listener
 *           is the server's from now on.  @pool must outlive it.
 */
GEV_API gev_server *gev_server_new(const struct gev_server_options *options);

/*
 * gev_server_free - stop @s at once, and free it.
 *
 * What is still busy a second later is left alone, and goes on.
 *
 * Waits     for handlers to end that were killed.
 * Returns   0 (NULL too); or -1 with errno EPERM.
 */
GEV_API int gev_server_free(gev_server *s);

/*
 * gev_server_start - bind and listen, unless a listener was given, and begin to
 * accept.
 *
 * Returns   0; or -1 with errno EALREADY (it was started and not stopped),
 *           EINVAL (the listener that was given is closed), or as for
 *           gev_tcp_listen(), gev_unix_listen() and gev_spawn().
 */
GEV_API int gev_server_start(gev_server *s);

/*
 * gev_server_stop_accepting - leave those who connect in the system's queue.
 * gev_server_start_accepting - take them again.
 *
 * To do either twice is harmless.
 *
 * Returns   0; or -1 with errno EBADF (there is no listener), ECANCELED, a
 *           thrown code, EDEADLK, or as for gev_spawn().
 */
GEV_API int gev_server_stop_accepting(gev_server *s);
GEV_API int gev_server_start_accepting(gev_server *s);

/*
 * gev_server_close - stop accepting, and close the listener.
 *
 * Connections go on.
 */
GEV_API int gev_server_close(gev_server *s);

/*
 * gev_server_stop - close, and see all handlers to their end.
 *
 * Those that have not ended after @drain are killed.  Then
 * gev_server_serve_forever() returns.  It may be started again if it was made
 * with an address.
 *
 * Waits     at most @drain and, if handlers had to be killed, 1 s.
 * Returns   0; or -1 with errno ETIMEDOUT (some were killed and have not ended
 *           yet), ECANCELED or a thrown code (the caller was told to end: the
 *           handlers were killed), EDEADLK.
 */
GEV_API int gev_server_stop(gev_server *s, gev_time drain);

/*
 * gev_server_serve_forever - start @s unless it is, and wait until it is
 * stopped.
 *
 * If the wait ends otherwise the server is stopped at once.
 *
 * Returns   0; or -1 with errno as for gev_server_start(), ECANCELED, a thrown
 *           code, or the error that made accepting impossible (EBADF: the
 *           listener was closed).
 */
GEV_API int gev_server_serve_forever(gev_server *s);

/*
 * gev_server_stop_on - stop @s when the process gets @signum.
 *
 * With @drain; when it comes once more, at once.
 *
 * Returns   0; or -1 with errno EINVAL (no such signal), ENOMEM.
 */
GEV_API int gev_server_stop_on(gev_server *s, int signum, gev_time drain);

/*
 * gev_server_adopt - have @fd handled as if it had been accepted.
 *
 * @peer may be NULL.  Whether it is started does not matter.
 *
 * Waits     for a place among the handlers.
 * Returns   0; or -1 with errno ENOTSUP (it serves datagrams), ENOMEM,
 *           ECANCELED, a thrown code, EDEADLK.  Then @fd is still the caller's.
 */
GEV_API int gev_server_adopt(gev_server *s, int fd,
	const struct sockaddr *peer, socklen_t size);

/*
 * gev_server_sendto - send a datagram from the server's socket.
 *
 * Returns   as gev_sendto(); EBADF too if it is stopped.
 */
GEV_API ssize_t gev_server_sendto(gev_server *s, const void *data,
	size_t length, const struct sockaddr *peer, socklen_t size);

/*
 * gev_server_listener - the listener, which is the server's; -1: there is none.
 * gev_server_port - its port; -1 with errno as for gev_socket_port().
 * gev_server_address - its address, as gev_address_format() writes it.
 *
 * gev_server_address() writes at most @size bytes to @buf, ended by a NUL, and
 * returns the length of the whole text.
 */
GEV_API int gev_server_listener(const gev_server *s);
GEV_API int gev_server_port(const gev_server *s);
GEV_API size_t gev_server_address(const gev_server *s, char *buf, size_t size);

/* Figures of a server, since it was made. */
struct gev_server_stats {
	uint64_t accepted;  /* connections, or datagrams received */
	uint64_t failed;    /* times that accepting failed */
	uint64_t handlers;  /* there now */
	uint64_t peak;      /* most of those at one time */
};

/* gev_server_get_stats - read them. */
GEV_API int gev_server_get_stats(const gev_server *s,
	struct gev_server_stats *stats);

GEV_END_DECLS

#endif
