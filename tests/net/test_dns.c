/* SPDX-License-Identifier: MIT */
/*
 * What is answered without asking a server, and waits that end early.
 */
#include "net/dns.h"
#include <gev/greenlet.h>
#include <gev/timeout.h>
#include "core/hub.h"

/* No resolver of any kind is to be asked. */
static void c78_numeric_hosts_never_wait(void)
{
	static const char *const kinds[] = { "auto", "thread", "block" };
	struct gev_hub_stats before, after;
	gev_hub *hub = gev_hub_get();

	gev_hub_get_stats(hub, &before);
	for (int i = 0; i < 3; i++) {
		gev_resolver_options o = { .resolver = kinds[i] };

		t_eq(gev_resolver_configure(&o), 0);
		t_str(say("127.0.0.1", AF_UNSPEC, 0), "127.0.0.1");
		t_str(say("::1", AF_UNSPEC, 0), "::1");
		t_str(say("127.1", AF_INET, 0), "127.0.0.1");
		t_str(say("fe80::1%lo", AF_UNSPEC, 0), "fe80::1%lo");
		t_str(say(NULL, AF_UNSPEC, 0), eai(EAI_NONAME));
	}
	gev_hub_get_stats(hub, &after);
	t_eq(before.switches, after.switches);
	t_ok(hub->threadpool == NULL);
}

/* What libc says of a numeric host, for the services and flags of a request. */
static void check_like_libc(const char *node, const char *service,
	const struct addrinfo *hints)
{
	char ours[TEXT_SIZE] = "", theirs[TEXT_SIZE] = "";
	struct addrinfo *list, *expected;
	int r = gev_getaddrinfo(node, service, hints, &list);
	int e = getaddrinfo(node, service, hints, &expected);

	if (!t_eq(r, e))
		printf("# %s %s\n", node, service);
	if (r || e)
		return;
	list_text(list, ours);
	list_text(expected, theirs);
	t_str(ours, theirs);
	for (struct addrinfo *a = list, *b = expected; a || b;
		a = a->ai_next, b = b->ai_next) {
		if (!t_ok(a && b))
			break;
		t_eq(a->ai_socktype, b->ai_socktype);
		t_eq(a->ai_protocol, b->ai_protocol);
		t_eq(a->ai_addrlen, b->ai_addrlen);
		t_eq(memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen), 0);
	}
	gev_freeaddrinfo(list);
	freeaddrinfo(expected);
}

static const char *const services[] = { NULL, "", "0", "80", "http", "domain",
	"-1", "65535", "65536", "080", " 80", "80 ", "nosuch", "99999999999" };

#define SERVICES (sizeof(services) / sizeof(*services))

static void c78_ports_are_libcs(void)
{
	static const int types[] = { 0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, 99 };
	static const int flags[] = { 0, AI_PASSIVE, AI_NUMERICSERV };

	for (size_t s = 0; s < SERVICES; s++)
		for (int t = 0; t < 5; t++)
			for (int f = 0; f < 3; f++) {
				struct addrinfo hints = {
					.ai_socktype = types[t],
					.ai_flags = flags[f] };

				check_like_libc("127.0.0.1", services[s],
					&hints);
				check_like_libc(NULL, services[s], &hints);
			}
}

/* Bad flags, families and types are found before a name is looked up. */
static void c78_bad_hints_are_libcs(void)
{
	static const struct addrinfo hints[] = {
		{ .ai_flags = 1 << 29 },
		{ .ai_family = 99 },
		{ .ai_family = AF_UNIX },
		{ .ai_socktype = 99 },
		{ .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_UDP },
		{ .ai_family = AF_INET6 },
		{ .ai_family = AF_INET6, .ai_flags = AI_V4MAPPED },
		{ .ai_flags = AI_NUMERICHOST },
		{ .ai_flags = AI_CANONNAME },
		{ .ai_flags = AI_ADDRCONFIG },
	};
	struct addrinfo *list;

	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
		check_like_libc("127.0.0.1", "80", &hints[i]);
		check_like_libc("::1", "80", &hints[i]);
		check_like_libc(NULL, "80", &hints[i]);
	}
	t_eq(gev_getaddrinfo("name", NULL, &hints[0], &list), EAI_BADFLAGS);
	t_eq(gev_getaddrinfo("name", NULL, &hints[1], &list), EAI_FAMILY);
	t_eq(gev_getaddrinfo("name", NULL, &hints[3], &list), EAI_SOCKTYPE);
	t_eq(gev_getaddrinfo("name", NULL, &hints[7], &list), EAI_NONAME);
	t_eq(gev_getaddrinfo("name", "nosuch", NULL, &list), EAI_SERVICE);
	t_eq(gev_getaddrinfo(NULL, NULL, NULL, &list), EAI_NONAME);
	t_ok(list == NULL);
}

static void use_hosts(const struct temp *hosts)
{
	gev_resolver_options o = { .hosts = hosts->path,
		.nameservers = gev__ares_is_there() ? "127.0.0.1:9" : NULL,
		.nsswitch = "/dev/null" };

	t_eq(gev_resolver_configure(&o), 0);
}

static void c78_localhost_from_the_hosts_file(void)
{
	struct gev_hub_stats before, after;
	struct temp hosts = temp_file();

	temp_write(&hosts, "127.0.0.1\tlocalhost\n"
			   "::1 localhost ip6-localhost\n"
			   "10.0.0.1 one.test ONE uno # 10.0.0.3 not.this\n"
			   "10.0.0.2 one.test\n");
	use_hosts(&hosts);
	gev_hub_get_stats(gev_hub_get(), &before);
	t_str(say("localhost", AF_UNSPEC, 0), "127.0.0.1 ::1");
	t_str(say("localhost", AF_INET, 0), "127.0.0.1");
	t_str(say("localhost", AF_INET6, 0), "::1");
	t_str(say("LocalHost", AF_INET, 0), "127.0.0.1");
	t_str(say("ip6-localhost", AF_INET, 0), "127.0.0.1");
	t_str(say("one.test", AF_UNSPEC, 0), "10.0.0.1 10.0.0.2");
	t_str(say("uno", AF_UNSPEC, 0), "10.0.0.1");
	t_str(say("one", AF_INET6, AI_V4MAPPED), "::ffff:10.0.0.1");
	t_str(say("localhost", AF_INET6, AI_V4MAPPED), "::1");
	t_str(say("localhost", AF_INET6, AI_V4MAPPED | AI_ALL),
		"::1 ::ffff:127.0.0.1");
	gev_hub_get_stats(gev_hub_get(), &after);
	t_eq(before.switches, after.switches);
	temp_free(&hosts);
}

static void c78_hosts_have_services(void)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME }, *list, *last;
	struct temp hosts = temp_file();
	int n = 0;

	temp_write(&hosts, "10.0.0.1 one.test uno\n");
	use_hosts(&hosts);
	t_eq(gev_getaddrinfo("uno", "http", &hints, &list), 0);
	t_str(list->ai_canonname, "one.test");
	for (last = list; last; last = last->ai_next, n++)
		t_eq(((struct sockaddr_in *)last->ai_addr)->sin_port,
			htons(80));
	t_eq(n, 1); /* of TCP only: UDP has no such service */
	gev_freeaddrinfo(list);
	for (size_t s = 0; s < SERVICES; s++) {
		struct addrinfo *expected;
		int e = getaddrinfo("10.0.0.1", services[s], NULL, &expected);

		t_eq(gev_getaddrinfo("uno", services[s], NULL, &list), e);
		gev_freeaddrinfo(list);
		if (e == 0)
			freeaddrinfo(expected);
	}
	temp_free(&hosts);
}

static void a_hosts_file_that_changes_is_read_again(void)
{
	struct temp hosts = temp_file();

	temp_write(&hosts, "10.0.0.1 name\n");
	use_hosts(&hosts);
	t_str(say("name", AF_UNSPEC, 0), "10.0.0.1");
	temp_write(&hosts, "10.0.0.234 name\n");
	t_str(say("name", AF_UNSPEC, 0), "10.0.0.234");
	temp_free(&hosts);
}

/* Asks a server that never answers. */
static int ask_in_vain(void)
{
	struct addrinfo *list;

	errno = 0;
	return gev_getaddrinfo("silence.test", NULL, NULL, &list);
}

/* The socket of such a server, which is the one to be asked. */
static int keep_silent(void)
{
	int port, fd = udp_socket(&port);

	use_server(port);
	return fd;
}

static void c78_a_timeout_ends_the_wait(void)
{
	gev_timeout t;
	int fd;

	if (!gev__ares_is_there()) {
		t_skip(NO_ARES);
		return;
	}
	fd = keep_silent();
	gev_timeout_start(&t, GEV_MS(5));
	t_eq(ask_in_vain(), EAI_SYSTEM);
	t_eq(errno, ETIMEDOUT);
	t_ok(gev_timeout_fired(&t));
	gev_timeout_start_with(&t, GEV_MS(5), EXDEV);
	t_eq(ask_in_vain(), EAI_SYSTEM);
	t_eq(errno, EXDEV);
	t_ok(gev_timeout_cancel(&t));
	close(fd);
}

static intptr_t ask_and_log(void *arg)
{
	int r = ask_in_vain();

	(void)arg;
	t_log("%s %s; ", r == EAI_SYSTEM ? "EAI_SYSTEM" : "?",
		strerrorname_np(errno));
	return 0;
}

static void c78_a_kill_ends_the_wait(void)
{
	gev_greenlet *g, *h;
	int fd;

	if (!gev__ares_is_there()) {
		t_skip(NO_ARES);
		return;
	}
	fd = keep_silent();
	g = gev_spawn(ask_and_log, NULL);
	h = gev_spawn(ask_and_log, NULL);
	gev_sleep(GEV_MS(2));
	t_eq(gev_throw(h, EXDEV), 0);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(gev_join(h, GEV_FOREVER), 0);
	t_log_is("EAI_SYSTEM EXDEV; EAI_SYSTEM ECANCELED; ");
	gev_unref(g);
	gev_unref(h);
	t_eq(gev_hub_join(GEV_SEC(1)), 0); /* nobody waits for the question */
	close(fd);
}

static void threads_can_be_left_too(void)
{
	gev_resolver_options o = { .resolver = "thread",
		.hosts = "/dev/null" };
	gev_timeout t;

	t_eq(gev_resolver_configure(&o), 0);
	gev_timeout_start(&t, 0);
	t_eq(ask_in_vain(), EAI_SYSTEM);
	t_eq(errno, ETIMEDOUT);
	gev_timeout_cancel(&t);
}

static int ask_in_callback(void *arg)
{
	int *code = arg;

	*code = ask_in_vain();
	if (errno != EDEADLK)
		*code = 0;
	return 0;
}

static void callbacks_cannot_wait(void)
{
	static const char *const kinds[] = { "thread", "ares" };
	int n = gev__ares_is_there() ? 2 : 1;

	for (int i = 0; i < n; i++) {
		gev_resolver_options o = { .resolver = kinds[i],
			.hosts = "/dev/null" };
		int code = 0;

		t_eq(gev_resolver_configure(&o), 0);
		gev_hub_post(gev_hub_get(), ask_in_callback, &code);
		gev_sleep(0);
		gev_sleep(0);
		t_eq(code, EAI_SYSTEM);
	}
}

static void options_are_checked(void)
{
	static const gev_resolver_options bad[] = {
		{ .resolver = "dns" },
		{ .resolver = "" },
		{ .nameservers = "" },
		{ .nameservers = "localhost" },
		{ .nameservers = "1.2.3.4:" },
		{ .nameservers = "1.2.3.4,,1.2.3.5" },
		{ .nameservers = "1.2.3.4 1.2.3.5" },
		{ .timeout = -1 },
		{ .tries = -1 },
	};
	gev_resolver_options good = { .nameservers = "1.2.3.4,[::1]:5353,::1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		t_fails(gev_resolver_configure(&bad[i]), EINVAL);
	t_eq(gev_resolver_configure(&good), 0);
	good.resolver = "ares";
	if (gev__ares_is_there())
		t_eq(gev_resolver_configure(&good), 0);
	else
		t_fails(gev_resolver_configure(&good), ENOTSUP);
	t_eq(gev_resolver_configure(NULL), 0);
}

static void names_of_addresses_from_the_hosts_file(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(80),
		.sin_addr = { htonl(0x0a000001) } };
	struct sockaddr *addr = (struct sockaddr *)&in;
	struct temp hosts = temp_file();
	char host[64], serv[32];

	temp_write(&hosts, "10.0.0.1 one.test uno\n10.0.0.1 two.test\n");
	use_hosts(&hosts);
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 64, serv, 32, 0), 0);
	t_str(host, "one.test");
	t_str(serv, "http");
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 64, serv, 32,
		     NI_NUMERICSERV),
		0);
	t_str(serv, "80");
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 8, NULL, 0, 0),
		EAI_OVERFLOW);
	t_eq(gev_getnameinfo(addr, sizeof(in), NULL, 0, serv, 32, 0), 0);
	t_eq(gev_getnameinfo(addr, sizeof(in), NULL, 0, NULL, 0, 0),
		getnameinfo(addr, sizeof(in), NULL, 0, NULL, 0, 0));
	t_eq(gev_getnameinfo(addr, 4, host, 64, NULL, 0, 0),
		getnameinfo(addr, 4, host, 64, NULL, 0, 0));
	in.sin_family = 99;
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 64, NULL, 0, 0),
		EAI_FAMILY);
	temp_free(&hosts);
}

int main(void)
{
	T_RUN(c78_numeric_hosts_never_wait);
	T_RUN(c78_ports_are_libcs);
	T_RUN(c78_bad_hints_are_libcs);
	T_RUN(c78_localhost_from_the_hosts_file);
	T_RUN(c78_hosts_have_services);
	T_RUN(a_hosts_file_that_changes_is_read_again);
	T_RUN(c78_a_timeout_ends_the_wait);
	T_RUN(c78_a_kill_ends_the_wait);
	T_RUN(threads_can_be_left_too);
	T_RUN(callbacks_cannot_wait);
	T_RUN(options_are_checked);
	T_RUN(names_of_addresses_from_the_hosts_file);
	return t_done();
}
