/* SPDX-License-Identifier: MIT */
#include <gev/address.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "base/error.h"

#define PORT_MAX 65535
#define PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

static bool is_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static int read_port(int *port, const char *s)
{
	unsigned n = 0;

	if (!is_digits(s))
		return -EINVAL;
	for (; *s; s++) {
		n = 10 * n + (unsigned)(*s - '0');
		if (n > PORT_MAX)
			return -ERANGE;
	}
	*port = (int)n;
	return 0;
}

/* An IPv6 address, which may have a zone: "fe80::1%eth0". */
static bool is_inet6(const char *s)
{
	const char *zone = strchrnul(s, '%');
	char addr[INET6_ADDRSTRLEN] = "";
	struct in6_addr in6;

	if ((size_t)(zone - s) >= sizeof(addr))
		return false;
	memcpy(addr, s, (size_t)(zone - s));
	return inet_pton(AF_INET6, addr, &in6) == 1 && strcmp(zone, "%") != 0;
}

static bool is_inet(const char *s)
{
	struct in_addr in;

	return inet_pton(AF_INET, s, &in) == 1;
}

/* What no name has that may be resolved, and what marks a mistake. */
static bool is_name(const char *s)
{
	for (const char *c = s; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f ||
			strchr("/[]%:*", *c))
			return false;
	return *s != '-';
}

/* @size bytes of @s. */
static int take_host(gev_address *a, const char *s, size_t size)
{
	if (size >= sizeof(a->host))
		return -ENAMETOOLONG;
	memcpy(a->host, s, size);
	a->host[size] = '\0';
	return 0;
}

/* Of a host that is not in brackets. */
static int find_family(gev_address *a)
{
	a->family = AF_UNSPEC;
	if (strcmp(a->host, "*") == 0)
		a->host[0] = '\0';
	if (is_inet(a->host))
		a->family = AF_INET;
	else if (is_inet6(a->host))
		a->family = AF_INET6;
	else if (!is_name(a->host))
		return -EINVAL;
	return 0;
}

/* ":80", or nothing and the port that was given besides. */
static int parse_tail(gev_address *a, const char *s, int port)
{
	if (*s == ':')
		return read_port(&a->port, s + 1);
	if (*s || port < 0)
		return -EINVAL;
	a->port = port;
	return 0;
}

static int parse_bracketed(gev_address *a, const char *s, int port)
{
	const char *end = strchr(s, ']');
	int r = end ? take_host(a, s + 1, (size_t)(end - s - 1)) : -EINVAL;

	if (r < 0)
		return r;
	a->family = AF_INET6;
	return is_inet6(a->host) ? parse_tail(a, end + 1, port) : -EINVAL;
}

static int parse_host(gev_address *a, const char *s, int port)
{
	const char *end = strchrnul(s, ':');
	int r;

	if (*end && strchr(end + 1, ':'))
		end = strchr(s, '\0'); /* "::1": the colons are its own */
	r = take_host(a, s, (size_t)(end - s));
	if (r == 0)
		r = find_family(a);
	if (*s == '\0')
		return -EINVAL;
	return r < 0 ? r : parse_tail(a, end, port);
}

static int parse_unix(gev_address *a, const char *path)
{
	if (*path == '\0')
		return -EINVAL;
	if (strlen(path) >= PATH_SIZE)
		return -ENAMETOOLONG;
	a->family = AF_UNIX;
	return take_host(a, path, strlen(path));
}

static int parse(gev_address *a, const char *s, int port)
{
	if (!a || !s || port < -1 || port > PORT_MAX)
		return -EINVAL;
	*a = (gev_address){ .family = AF_UNSPEC };
	if (strncmp(s, "unix:", 5) == 0)
		return parse_unix(a, s + 5);
	if (is_digits(s))
		return read_port(&a->port, s);
	if (*s == '[')
		return parse_bracketed(a, s, port);
	return parse_host(a, s, port);
}

int gev_address_parse(gev_address *address, const char *text, int port)
{
	return (int)gev__ret(parse(address, text, port));
}

static int to_inet(const gev_address *a, struct sockaddr_in *in)
{
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)a->port);
	return inet_pton(AF_INET, a->host, &in->sin_addr) == 1 ? 0 : -EINVAL;
}

/* An interface by its name or its number. */
static int find_zone(const char *zone, uint32_t *id)
{
	*id = is_digits(zone) ? (uint32_t)strtoul(zone, NULL, 10)
			      : if_nametoindex(zone);
	return *id ? 0 : -ENODEV;
}

static int to_inet6(const gev_address *a, struct sockaddr_in6 *in6)
{
	const char *zone = strchrnul(a->host, '%');
	char addr[INET6_ADDRSTRLEN] = "";

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((uint16_t)a->port);
	if (a->host[0] == '\0')
		return 0;
	if (!is_inet6(a->host))
		return -EINVAL;
	memcpy(addr, a->host, (size_t)(zone - a->host));
	inet_pton(AF_INET6, addr, &in6->sin6_addr);
	return *zone ? find_zone(zone + 1, &in6->sin6_scope_id) : 0;
}

/* A name in the abstract space is all that follows its first byte, a NUL. */
static int to_unix(const gev_address *a, struct sockaddr_un *un,
	socklen_t *size)
{
	size_t length = strlen(a->host);
	bool abstract = a->host[0] == '@';

	if (length == 0 || length >= PATH_SIZE)
		return -EINVAL;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, a->host, length);
	if (abstract)
		un->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length +
			    !abstract);
	return 0;
}

static int to_sockaddr(const gev_address *a, struct sockaddr_storage *addr,
	socklen_t *size)
{
	if (!a || !addr || !size || a->port < 0 || a->port > PORT_MAX)
		return -EINVAL;
	memset(addr, 0, sizeof(*addr));
	switch (a->family) {
	case AF_INET:
		*size = sizeof(struct sockaddr_in);
		return to_inet(a, (struct sockaddr_in *)addr);
	case AF_UNIX:
		return to_unix(a, (struct sockaddr_un *)addr, size);
	case AF_UNSPEC:
		if (a->host[0])
			return -EINVAL;
		/* fall through */
	case AF_INET6:
		*size = sizeof(struct sockaddr_in6);
		return to_inet6(a, (struct sockaddr_in6 *)addr);
	}
	return -EINVAL;
}

int gev_address_sockaddr(const gev_address *address,
	struct sockaddr_storage *sockaddr, socklen_t *size)
{
	return (int)gev__ret(to_sockaddr(address, sockaddr, size));
}
