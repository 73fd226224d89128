/* SPDX-License-Identifier: MIT */
#include <gev/address.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include "base/text.h"

static void add_port(struct gev__text *t, in_port_t port)
{
	gev__text_char(t, ':');
	gev__text_num(t, ntohs(port));
}

static void add_inet(struct gev__text *t, const struct sockaddr_in *in)
{
	char addr[INET_ADDRSTRLEN];

	gev__text_add(t,
		inet_ntop(AF_INET, &in->sin_addr, addr, sizeof(addr)));
	add_port(t, in->sin_port);
}

static void add_inet6(struct gev__text *t, const struct sockaddr_in6 *in6)
{
	char addr[INET6_ADDRSTRLEN];

	gev__text_char(t, '[');
	gev__text_add(t,
		inet_ntop(AF_INET6, &in6->sin6_addr, addr, sizeof(addr)));
	if (in6->sin6_scope_id) {
		gev__text_char(t, '%');
		gev__text_num(t, in6->sin6_scope_id);
	}
	gev__text_char(t, ']');
	add_port(t, in6->sin6_port);
}

/* A path may lack its NUL; a NUL in an abstract name is shown as its first. */
static void add_unix(struct gev__text *t, const struct sockaddr_un *un,
	size_t length)
{
	bool abstract = length && un->sun_path[0] == '\0';

	gev__text_add(t, "unix:");
	for (size_t i = 0; i < length; i++) {
		char c = un->sun_path[i];

		if (!c && !abstract)
			break;
		gev__text_char(t, c ? c : '@');
	}
}

static void add_address(struct gev__text *t, const struct sockaddr *addr,
	socklen_t length)
{
	size_t path = offsetof(struct sockaddr_un, sun_path);

	if (!addr || length < sizeof(addr->sa_family))
		return;
	if (addr->sa_family == AF_INET && length >= sizeof(struct sockaddr_in))
		add_inet(t, (const struct sockaddr_in *)addr);
	if (addr->sa_family == AF_INET6 &&
		length >= sizeof(struct sockaddr_in6))
		add_inet6(t, (const struct sockaddr_in6 *)addr);
	if (addr->sa_family == AF_UNIX &&
		length <= sizeof(struct sockaddr_un))
		add_unix(t, (const struct sockaddr_un *)addr, length - path);
}

size_t gev_address_format(const struct sockaddr *sockaddr, socklen_t length,
	char *buf, size_t size)
{
	struct gev__text t = gev__text_in(buf, size);

	add_address(&t, sockaddr, length);
	return gev__text_end(&t);
}
