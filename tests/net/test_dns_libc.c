/* SPDX-License-Identifier: MIT */
/*
 * Every resolver gives libc's answers, as sets.
 */
#include "net/world.h"

static const char *const names[] = { "a.test", "b.test", "six.test", "c1.test",
	"c2.test", "c3.test", "a.sub.test", "big.test", "text.test", "test",
	"nosuch.test", "sub.test", "nosuch", "a", "b", "c1", "six",
	"a.sub", "A.TEST", "a.test.", "a.", "b.test..", "", ".", "..", ".a", "a..b",
	"-a", "a b", "a_b.test", "a@b.test", "1.2.3.4.5", "1.2.3.", "::g",
	"a:b", "::1%", "127.0.0.1", "127.1", "0x7f.1", "::1", "::ffff:1.2.3.4",
	"localhost", "LOCALHOST", "localhost.", "alias", "both", "five",
	"xn--bcher-kva.test",
	"\303\274.test", "not.ours", "x.many.test" };

#define NAMES (sizeof(names) / sizeof(*names))

static const char *resolvers[] = { "auto", "ares", "thread", "block" };

static void use(const char *resolver)
{
	gev_resolver_options o = { .resolver = resolver };

	t_eq(gev_resolver_configure(&o), 0);
}

static void compare(const char *name, int family, int flags)
{
	struct addrinfo hints = { .ai_family = family, .ai_flags = flags };
	static char ours[TEXT_SIZE], theirs[TEXT_SIZE];

	libc_says(name, &hints, theirs);
	for (int i = 0; i < 4; i++) {
		use(resolvers[i]);
		we_say(name, &hints, ours);
		if (!t_str(ours, theirs))
			printf("# \"%s\" by %s, family %d, flags %d\n", name,
				resolvers[i], family, flags);
	}
}

static void c78_answers_are_libcs(void)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };

	for (size_t n = 0; n < NAMES; n++)
		for (int f = 0; f < 3; f++)
			compare(names[n], families[f], 0);
}

static void c78_answers_to_flags_are_libcs(void)
{
	static const int flags[] = { AI_CANONNAME, AI_V4MAPPED,
		AI_V4MAPPED | AI_ALL, AI_ADDRCONFIG, AI_PASSIVE,
		AI_NUMERICHOST };

	for (size_t n = 0; n < NAMES; n++)
		for (int f = 0; f < 6; f++) {
			compare(names[n], AF_UNSPEC, flags[f]);
			compare(names[n], AF_INET6, flags[f]);
		}
}

static void compare_name(const struct sockaddr *addr, socklen_t size,
	int flags)
{
	char ours[NI_MAXHOST], theirs[NI_MAXHOST];
	int r, e = getnameinfo(addr, size, theirs, sizeof(theirs), NULL, 0,
		       flags);

	for (int i = 0; i < 4; i++) {
		use(resolvers[i]);
		r = gev_getnameinfo(addr, size, ours, sizeof(ours), NULL, 0,
			flags);
		if (t_eq(r, e) && r == 0)
			t_str(ours, theirs);
	}
}

static void c78_names_are_libcs(void)
{
	static const char *const addrs[] = { "10.0.0.1", "10.0.0.2", "fd00::2",
		"fd00::99", "127.0.0.1", "::1", "10.3.0.3", "10.0.0.99",
		"192.0.2.1", "::ffff:10.0.0.1", "fe80::1%lo" };
	static const int flags[] = { 0, NI_NAMEREQD, NI_NOFQDN,
		NI_NUMERICHOST };

	for (size_t n = 0; n < sizeof(addrs) / sizeof(*addrs); n++) {
		struct addrinfo *list;

		t_eq(getaddrinfo(addrs[n], "80", NULL, &list), 0);
		for (int f = 0; f < 4; f++)
			compare_name(list->ai_addr, list->ai_addrlen,
				flags[f]);
		freeaddrinfo(list);
	}
}

int main(void)
{
	struct dnsmasq server;

	if (t_under("valgrind")) {
		puts("valgrind takes what libc's resolver keeps for lost");
		return 77;
	}
	if (enter_world("nameserver 127.0.0.1\nsearch sub.test test\n"
			"options timeout:1\n") < 0) {
		printf("no name spaces of one's own: %s\n", strerror(errno));
		return 77;
	}
	beyond = "--local=/#/"; /* that there are none */
	server = start_dnsmasq(53);
	if (!server.pid) {
		puts(NO_DNSMASQ);
		return 77;
	}
	if (!gev__ares_is_there())
		resolvers[1] = "auto";
	T_RUN(c78_answers_are_libcs);
	T_RUN(c78_answers_to_flags_are_libcs);
	T_RUN(c78_names_are_libcs);
	stop_dnsmasq(&server);
	return t_done();
}
