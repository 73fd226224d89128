/* SPDX-License-Identifier: MIT */
/*
 * gev/address.h - addresses as people write them.
 *
 *	gev_address a;
 *	if (gev_address_parse(&a, "[::1]:8080", -1) == 0)
 *		... a.host is "::1", a.port is 8080 ...
 *
 * None of this looks up names, that is gev_getaddrinfo()'s; none of it waits
 * or needs a hub.  Mirrors gevent.baseserver.parse_address().
 */
#ifndef GEV_ADDRESS_H
#define GEV_ADDRESS_H

#include <sys/socket.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/* What a text says. */
typedef struct gev_address {
	int family;     /* AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC: host is a
			   name, or empty */
	int port;       /* 0 to 65535; AF_UNIX: 0 */
	char host[256]; /* without brackets; "": any.  AF_UNIX: the path */
} gev_address;

/*
 * gev_address_parse - read @text.
 *
 *	host:port  1.2.3.4:port  [::1]:port  [fe80::1%eth0]:port
 *	:port  *:port  port			any address of this machine
 *	host  1.2.3.4  ::1  [::1]		with @port, unless that is -1
 *	unix:/path  unix:@name			the latter in the abstract space
 *
 * Returns   0; or -1 with errno EINVAL (NULL, or it is none of these), ERANGE
 *           (a port above 65535), ENAMETOOLONG.
 * Context   any thread.
 */
GEV_API int gev_address_parse(gev_address *address, const char *text,
	int port);

/*
 * gev_address_sockaddr - what to give to bind(2) and gev_connect(), of all but
 * names.
 *
 * An empty host is [::], which takes IPv4 as well.
 *
 * Returns   0 with @sockaddr and @size set; or -1 with errno EINVAL (NULL, a
 *           name, or what is no address of its family), ENODEV (no such
 *           interface).
 * Context   any thread.
 */
GEV_API int gev_address_sockaddr(const gev_address *address,
	struct sockaddr_storage *sockaddr, socklen_t *size);

/*
 * gev_address_format - the text that gev_address_parse() reads: "1.2.3.4:80",
 * "[::1]:80", "[fe80::1%2]:80", "unix:/path", "unix:@name", and "unix:" for a
 * socket without a name.
 *
 * Writes at most @size bytes to @buf, ended by a NUL.
 *
 * Returns   the length of the whole text; 0 if @sockaddr is none of these.
 * Context   any thread.
 */
GEV_API size_t gev_address_format(const struct sockaddr *sockaddr,
	socklen_t length, char *buf, size_t size);

GEV_END_DECLS

#endif
