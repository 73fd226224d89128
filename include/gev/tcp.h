/* SPDX-License-Identifier: MIT */
/*
 * gev/tcp.h - connections and listeners, by name.
 *
 *	int fd = gev_tcp_connect("example.org", 80, GEV_SEC(10));
 *	int listener = gev_tcp_listen(NULL, 8080, -1);
 *
 * What these return are plain descriptors, to be used with gev/socket.h and
 * closed with gev_close().  They are close-on-exec.
 *
 * A host is a name, or an address in figures (gev_address_parse() takes apart
 * what people write).  If it can't be resolved the error is ENXIO (there is no
 * such name, or it has no address), EAGAIN (the name server has no answer for
 * the time being), EIO (nor will it have one), or what gev/dns.h says beyond
 * EAI codes.
 *
 * Besides, whatever waits can fail with ECANCELED, a thrown code, ETIMEDOUT
 * (@timeout, or a gev_timeout), EDEADLK (in a loop callback), and all of them
 * with EINVAL (a NULL @host or @path where that means nothing, a port that is
 * not in 0 .. 65535, a bad @timeout or flag), EMFILE, ENFILE, ENOMEM and what
 * the system calls say.
 */
#ifndef GEV_TCP_H
#define GEV_TCP_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * gev_tcp_connect - a connection to @port of @host.
 * gev_tcp_connect_from - the same, from @source_port of @source.
 *
 * All addresses of the host are tried, IPv6 and IPv4 in turn: the next one as
 * soon as the one before has failed, or after 250 ms; the first to answer wins
 * (RFC 8305).  A NULL @source is any address, port 0 any port.  Mirrors gevent's
 * socket.create_connection().
 *
 * Waits     at most @timeout for all of it, name resolution too.
 * Returns   the descriptor; or -1 with errno set to the error of the first
 *           address (ECONNREFUSED, EHOSTUNREACH ...), or of the first that there
 *           is a way to if that is another; EADDRNOTAVAIL, EADDRINUSE (@source).
 * Context   any greenlet.
 */
GEV_API int gev_tcp_connect(const char *host, int port, gev_time timeout);
GEV_API int gev_tcp_connect_from(const char *host, int port,
	const char *source, int source_port, gev_time timeout);

/* Flags of gev_tcp_listen_with() and gev_udp_bind(). */
#define GEV_REUSE_PORT 1u /* SO_REUSEPORT: others may bind to the same port */

/*
 * gev_tcp_listen - a listener on @port of @host.
 * gev_tcp_listen_with - the same, with flags.
 *
 * A NULL or empty @host is any address of this machine, IPv6 and IPv4; port 0
 * is any that is free, see gev_socket_port().  A negative @backlog is the
 * system's greatest.  SO_REUSEADDR is set.
 *
 * Waits     for the resolution of a name.
 * Returns   the descriptor; or -1 with errno EADDRINUSE, EADDRNOTAVAIL, EACCES.
 * Context   any greenlet; loop callbacks if @host is not a name.
 */
GEV_API int gev_tcp_listen(const char *host, int port, int backlog);
GEV_API int gev_tcp_listen_with(const char *host, int port, int backlog,
	unsigned flags);

/*
 * gev_udp_bind - a datagram socket on @port of @host, as gev_tcp_listen().
 */
GEV_API int gev_udp_bind(const char *host, int port, unsigned flags);

/*
 * gev_unix_connect - a connection to the listener at @path.
 *
 * A @path that begins with "@" is a name in the abstract space.
 *
 * Waits     at most @timeout.
 * Returns   the descriptor; or -1 with errno ENOENT, ECONNREFUSED (nobody
 *           listens there any more), ENAMETOOLONG.
 * Context   any greenlet.
 */
GEV_API int gev_unix_connect(const char *path, gev_time timeout);

/*
 * gev_unix_listen - a listener at @path.
 *
 * A socket that was left there, and that nobody listens on any more, is
 * replaced.  The path stays when the listener is closed: remove it.
 *
 * Returns   the descriptor; or -1 with errno EADDRINUSE, EACCES, ENOENT (a
 *           directory), ENAMETOOLONG.
 * Context   any thread.
 */
GEV_API int gev_unix_listen(const char *path, int backlog);

/*
 * gev_socket_port - the port that a socket is bound to.
 *
 * Returns   the port; or -1 with errno EBADF, ENOTSOCK, EAFNOSUPPORT (not an
 *           internet socket).
 * Context   any thread.
 */
GEV_API int gev_socket_port(int fd);

GEV_END_DECLS

#endif
