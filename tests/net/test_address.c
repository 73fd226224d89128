/* SPDX-License-Identifier: MIT */
#include <gev/address.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include "t.h"

struct good {
	const char *text;
	int port;            /* given besides */
	int family;
	const char *host;
	int expected;
};

static void check_good(const struct good *g)
{
	gev_address a;

	printf("# \"%s\"\n", g->text);
	if (!t_eq(gev_address_parse(&a, g->text, g->port), 0))
		return;
	t_eq(a.family, g->family);
	t_str(a.host, g->host);
	t_eq(a.port, g->expected);
}

#define CHECK_ALL(check, table)                                                \
	for (size_t i = 0; i < sizeof(table) / sizeof(*(table)); i++)          \
	check(&(table)[i])

static void c77_parse_address(void)
{
	static const struct good table[] = {
		{ "localhost:8080", -1, AF_UNSPEC, "localhost", 8080 },
		{ "127.0.0.1:8080", -1, AF_INET, "127.0.0.1", 8080 },
		{ "[::1]:80", -1, AF_INET6, "::1", 80 },
		{ "[fe80::1%eth0]:80", -1, AF_INET6, "fe80::1%eth0", 80 },
		{ ":80", -1, AF_UNSPEC, "", 80 },
		{ "*:80", -1, AF_UNSPEC, "", 80 },
		{ "80", -1, AF_UNSPEC, "", 80 },
		{ "0", -1, AF_UNSPEC, "", 0 },
		{ "a:0", -1, AF_UNSPEC, "a", 0 },
		{ "a:65535", -1, AF_UNSPEC, "a", 65535 },
		{ "a:00080", -1, AF_UNSPEC, "a", 80 },
		{ "unix:/run/x", -1, AF_UNIX, "/run/x", 0 },
		{ "unix:x:1", -1, AF_UNIX, "x:1", 0 },
		{ "unix:@x", -1, AF_UNIX, "@x", 0 },
	};

	CHECK_ALL(check_good, table);
}

static void c77_default_port(void)
{
	static const struct good table[] = {
		{ "example.org", 443, AF_UNSPEC, "example.org", 443 },
		{ "example.org:80", 443, AF_UNSPEC, "example.org", 80 },
		{ "1.2.3.4", 0, AF_INET, "1.2.3.4", 0 },
		{ "::1", 443, AF_INET6, "::1", 443 },
		{ "::", 443, AF_INET6, "::", 443 },
		{ "[::1]", 443, AF_INET6, "::1", 443 },
		{ "*", 443, AF_UNSPEC, "", 443 },
		{ "80", 443, AF_UNSPEC, "", 80 },
		{ "::1:80", 443, AF_INET6, "::1:80", 443 },
	};

	CHECK_ALL(check_good, table);
}

struct bad {
	const char *text;
	int port;
	int error;
};

static void check_bad(const struct bad *b)
{
	gev_address a;

	printf("# \"%s\"\n", b->text);
	t_fails(gev_address_parse(&a, b->text, b->port), b->error);
}

static void c77_malformed(void)
{
	static const struct bad table[] = {
		{ "", 80, EINVAL },
		{ "host", -1, EINVAL },
		{ "::1", -1, EINVAL },
		{ "[::1]", -1, EINVAL },
		{ ":", 80, EINVAL },
		{ "host:", 80, EINVAL },
		{ "host:http", 80, EINVAL },
		{ "host:-1", 80, EINVAL },
		{ "host:+1", 80, EINVAL },
		{ "host: 1", 80, EINVAL },
		{ "host:1 ", 80, EINVAL },
		{ "host:1:2", 80, EINVAL },
		{ "-1", 80, EINVAL },
		{ "host:65536", -1, ERANGE },
		{ "65536", -1, ERANGE },
		{ "99999999999999999999", -1, ERANGE },
		{ "host", 65536, EINVAL },
		{ "host", -2, EINVAL },
		{ "[::1", 80, EINVAL },
		{ "[::1]80", 80, EINVAL },
		{ "[::1]]:80", 80, EINVAL },
		{ "[]:80", 80, EINVAL },
		{ "[1.2.3.4]:80", 80, EINVAL },
		{ "[fe80::1%]:80", 80, EINVAL },
		{ "[g::1]:80", 80, EINVAL },
		{ "a b:80", 80, EINVAL },
		{ "a\t:80", 80, EINVAL },
		{ "a/b:80", 80, EINVAL },
		{ "**:80", 80, EINVAL },
		{ "unix:", 80, EINVAL },
	};

	CHECK_ALL(check_bad, table);
	t_fails(gev_address_parse(NULL, "80", -1), EINVAL);
	t_fails(gev_address_parse(&(gev_address){ 0 }, NULL, -1), EINVAL);
}

/* The longest that fits, and one more. */
static void names_may_be_too_long(void)
{
	char text[300];
	gev_address a;

	memset(text, 'x', sizeof(text));
	memcpy(text + 255, ":80", 4);
	t_eq(gev_address_parse(&a, text, -1), 0);
	t_eq(strlen(a.host), 255);
	memcpy(text + 255, "x:80", 5);
	t_fails(gev_address_parse(&a, text, -1), ENAMETOOLONG);
	memset(text, 'x', sizeof(text));
	text[0] = '[';
	memcpy(text + 290, "]:80", 5);
	t_fails(gev_address_parse(&a, text, -1), ENAMETOOLONG);
}

static void paths_may_be_too_long(void)
{
	char text[5 + 109] = "unix:";
	struct sockaddr_storage addr;
	socklen_t size;
	gev_address a;

	memset(text + 5, 'x', 107);
	t_eq(gev_address_parse(&a, text, -1), 0);
	t_eq(gev_address_sockaddr(&a, &addr, &size), 0);
	t_eq(size, sizeof(struct sockaddr_un));
	text[5 + 107] = 'x';
	t_fails(gev_address_parse(&a, text, -1), ENAMETOOLONG);
}

/* Reads @text and writes it again. */
static void check_back(const char *text, const char *expected)
{
	struct sockaddr_storage addr;
	socklen_t size = 0;
	char buf[128];
	gev_address a;

	t_eq(gev_address_parse(&a, text, -1), 0);
	t_eq(gev_address_sockaddr(&a, &addr, &size), 0);
	t_eq(gev_address_format((struct sockaddr *)&addr, size, buf,
		     sizeof(buf)),
		(long long)strlen(expected));
	t_str(buf, expected);
}

static void what_is_written_can_be_read(void)
{
	check_back("127.0.0.1:80", "127.0.0.1:80");
	check_back("[::1]:80", "[::1]:80");
	check_back("[0:0::1]:0", "[::1]:0");
	check_back("[fe80::1%2]:80", "[fe80::1%2]:80");
	check_back("[fe80::1%lo]:80", "[fe80::1%1]:80");
	check_back(":65535", "[::]:65535");
	check_back("unix:/x", "unix:/x");
	check_back("unix:@x", "unix:@x");
}

static void names_are_not_looked_up(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	gev_address a;

	t_eq(gev_address_parse(&a, "localhost:80", -1), 0);
	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
	t_eq(gev_address_parse(&a, "[fe80::1%nosuch]:80", -1), 0);
	t_fails(gev_address_sockaddr(&a, &addr, &size), ENODEV);
	t_fails(gev_address_sockaddr(NULL, &addr, &size), EINVAL);
}

/* An address that was not made by gev_address_parse(). */
static void made_up_addresses_are_checked(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	gev_address a = { AF_INET, 80, "::1" };

	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
	a.family = AF_INET6;
	t_eq(gev_address_sockaddr(&a, &addr, &size), 0);
	a.port = 65536;
	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
	a = (gev_address){ AF_INET6, 80, "1.2.3.4" };
	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
	a = (gev_address){ AF_UNIX, 0, "" };
	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
	memset(a.host, 'x', 200);
	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
	a = (gev_address){ AF_NETLINK, 0, "" };
	t_fails(gev_address_sockaddr(&a, &addr, &size), EINVAL);
}

static void text_is_cut(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(80),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *addr = (struct sockaddr *)&in;
	char buf[8];

	t_eq(gev_address_format(addr, sizeof(in), buf, sizeof(buf)), 12);
	t_str(buf, "127.0.0");
	t_eq(gev_address_format(addr, sizeof(in), NULL, 0), 12);
}

static void odd_addresses_have_a_text(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr *addr = (struct sockaddr *)&un;
	char buf[200];

	t_eq(gev_address_format(addr, sizeof(un.sun_family), buf, 200), 5);
	t_str(buf, "unix:");
	memcpy(un.sun_path, "\0a\0b", 4);
	gev_address_format(addr, sizeof(un.sun_family) + 4, buf, 200);
	t_str(buf, "unix:@a@b");
	memset(un.sun_path, 'x', sizeof(un.sun_path));
	t_eq(gev_address_format(addr, sizeof(un), buf, 200), 5 + 108);
	t_eq(gev_address_format(addr, 1, buf, 200), 0);
	t_str(buf, "");
	un.sun_family = AF_INET6;
	t_eq(gev_address_format(addr, sizeof(struct sockaddr_in), buf, 200), 0);
	un.sun_family = AF_NETLINK;
	t_eq(gev_address_format(addr, sizeof(un), buf, 200), 0);
	t_eq(gev_address_format(NULL, 0, buf, 200), 0);
}

int main(void)
{
	T_RUN(c77_parse_address);
	T_RUN(c77_default_port);
	T_RUN(c77_malformed);
	T_RUN(names_may_be_too_long);
	T_RUN(paths_may_be_too_long);
	T_RUN(what_is_written_can_be_read);
	T_RUN(names_are_not_looked_up);
	T_RUN(made_up_addresses_are_checked);
	T_RUN(text_is_cut);
	T_RUN(odd_addresses_have_a_text);
	return t_done();
}
