/* SPDX-License-Identifier: MIT */
/*
 * gev/dns.h - names to addresses and back, while other greenlets run.
 *
 *	struct addrinfo *list;
 *	int r = gev_getaddrinfo("example.org", "http", NULL, &list);
 *	if (r)
 *		fprintf(stderr, "%s\n", gai_strerror(r));
 *
 * Each function has the signature, the results and the errors of the libc
 * function it is named after.  Beyond those the answer is EAI_SYSTEM (in
 * gev_gethostby*(): NETDB_INTERNAL) with errno
 *
 *	ECANCELED	the greenlet was killed;
 *	ETIMEDOUT	a gev_timeout fired; or a thrown code;
 *	EDEADLK		it would have to wait, and was called in a loop callback;
 *
 * or one of the errors of making a hub (gev/base.h).  Numeric addresses, and
 * names that the hosts file knows, never wait.
 */
#ifndef GEV_DNS_H
#define GEV_DNS_H

#include <netdb.h>
#include <sys/socket.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/* Which netdb.h shows to POSIX programs only. */
struct addrinfo;
struct hostent;

/*
 * gev_getaddrinfo - getaddrinfo(3).
 *
 * Waits     until there is an answer; gev_timeout bounds that.
 * Returns   0 with the list in @res; or an EAI code, then @res is NULL.
 * Context   any greenlet.
 * Memory    the list is the caller's, until gev_freeaddrinfo().
 */
GEV_API int gev_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res);

/* gev_freeaddrinfo - give back a list of gev_getaddrinfo()'s; NULL too. */
GEV_API void gev_freeaddrinfo(struct addrinfo *res);

/*
 * gev_getnameinfo - getnameinfo(3).
 *
 * Waits     for the name, unless NI_NUMERICHOST is set.
 * Returns   0; or an EAI code.
 * Context   any greenlet.
 */
GEV_API int gev_getnameinfo(const struct sockaddr *addr, socklen_t addrlen,
	char *host, socklen_t hostlen, char *serv, socklen_t servlen,
	int flags);

/*
 * gev_gethostbyname_r, gev_gethostbyname2_r, gev_gethostbyaddr_r - as in
 * gethostbyname(3); the first is for IPv4.
 *
 * The aliases are those that the hosts file or DNS tells of; if libc is asked
 * on a thread there are none.
 *
 * Waits     for the answer.
 * Returns   0 with *@result = @ret, or NULL where there is no such host; or
 *           EAGAIN (*@h_errnop is TRY_AGAIN), EIO (NO_RECOVERY), and for
 *           NETDB_INTERNAL ERANGE (@buflen is too small), EAFNOSUPPORT, ENOMEM
 *           or one of the above.
 * Context   any greenlet.
 * Memory    all that @ret points to lies in @buf.
 */
GEV_API int gev_gethostbyname_r(const char *name, struct hostent *ret,
	char *buf, size_t buflen, struct hostent **result, int *h_errnop);
GEV_API int gev_gethostbyname2_r(const char *name, int af, struct hostent *ret,
	char *buf, size_t buflen, struct hostent **result, int *h_errnop);
GEV_API int gev_gethostbyaddr_r(const void *addr, socklen_t len, int type,
	struct hostent *ret, char *buf, size_t buflen,
	struct hostent **result, int *h_errnop);

/*
 * How names are resolved.  Zero: as it is by default.
 *
 * Numeric addresses are answered at once, and names of the hosts file are if
 * nsswitch.conf has that asked first.  For the rest "ares" asks DNS servers by
 * c-ares in the hub's loop, "thread" asks libc on the hub's threads, "block"
 * asks libc and blocks the thread; "auto" is "ares" where that is as good as
 * libc: if nsswitch.conf names nothing but files and DNS, and resolv.conf and
 * the environment nothing that c-ares does not know.
 */
typedef struct gev_resolver_options {
	const char *resolver;    /* one of these; NULL: "auto" */
	const char *nameservers; /* "1.2.3.4,[::1]:5353"; implies c-ares */
	gev_time timeout;        /* before a server is asked again */
	int tries;               /* how often each is asked */
	const char *hosts;       /* NULL: /etc/hosts */
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
	const char *nsswitch;    /* NULL: /etc/nsswitch.conf */
} gev_resolver_options;

/*
 * gev_resolver_configure - say how names are resolved from now on, in this
 * process.
 *
 * NULL: as the environment says, which is how a process begins: GEV_RESOLVER,
 * GEV_RESOLVER_NAMESERVERS, GEV_RESOLVER_TIMEOUT (in seconds),
 * GEV_RESOLVER_TRIES, GEV_RESOLVER_HOSTS.  If GEV_RESOLVER is no resolver, all
 * that needs one fails with EAI_SYSTEM, and errno as below.
 *
 * Returns   0; or -1 with errno EINVAL (no such resolver, no addresses,
 *           negative numbers), ENOTSUP ("ares" in a library without c-ares),
 *           ENOMEM.
 * Context   any thread; needs no hub.
 * Memory    @options and its strings are copied.
 */
GEV_API int gev_resolver_configure(const gev_resolver_options *options);

GEV_END_DECLS

#endif
