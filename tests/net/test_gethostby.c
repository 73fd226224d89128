/* SPDX-License-Identifier: MIT */
#include "net/dns.h"

static char buf[1024];
static struct hostent host, *found;
static int error;

static int by_name(const char *name, int family)
{
	error = -99;
	return gev_gethostbyname2_r(name, family, &host, buf, sizeof(buf),
		&found, &error);
}

static int by_addr(const char *text, int family)
{
	char bytes[16];

	error = -99;
	inet_pton(family, text, bytes);
	return gev_gethostbyaddr_r(bytes, family == AF_INET ? 4 : 16, family,
		&host, buf, sizeof(buf), &found, &error);
}

/* "name (alias alias) address address" */
static const char *host_text(void)
{
	static char text[1024];
	char addr[INET6_ADDRSTRLEN];

	if (!found)
		return "";
	sprintf(text, "%s (", found->h_name);
	for (char **alias = found->h_aliases; *alias; alias++)
		sprintf(text + strlen(text), " %s", *alias);
	strcat(text, ")");
	for (char **a = found->h_addr_list; *a; a++)
		sprintf(text + strlen(text), " %s",
			inet_ntop(found->h_addrtype, *a, addr, sizeof(addr)));
	return text;
}

static void use_text(const struct temp *hosts, const char *text)
{
	gev_resolver_options o = { .hosts = hosts->path,
		.nsswitch = "/dev/null" };

	temp_write(hosts, text);
	t_eq(gev_resolver_configure(&o), 0);
}

static void hosts_have_names_and_aliases(void)
{
	struct temp hosts = temp_file();

	use_text(&hosts, "10.0.0.1 one.test one uno\n"
			 "10.0.0.2 one.test eins\nfd00::1 one.test\n");
	t_eq(by_name("one.test", AF_INET), 0);
	t_str(host_text(), "one.test ( one uno eins) 10.0.0.1 10.0.0.2");
	t_eq(by_name("uno", AF_INET), 0);
	t_str(host_text(), "one.test ( one uno) 10.0.0.1");
	t_eq(by_name("one.test", AF_INET6), 0);
	t_str(host_text(), "one.test () fd00::1");
	t_eq(by_addr("10.0.0.2", AF_INET), 0);
	t_str(host_text(), "one.test ( eins) 10.0.0.2");
	t_eq(by_addr("fd00::1", AF_INET6), 0);
	t_str(host_text(), "one.test () fd00::1");
	t_eq(gev_gethostbyname_r("uno", &host, buf, sizeof(buf), &found,
		     &error),
		0);
	t_ok(found == &host);
	temp_free(&hosts);
}

static void numbers_are_their_own_names(void)
{
	t_eq(by_name("10.1", AF_INET), 0);
	t_str(host_text(), "10.1 () 10.0.0.1");
	t_eq(by_name("::1", AF_INET6), 0);
	t_str(host_text(), "::1 () ::1");
}

static void families_are_checked(void)
{
	t_eq(by_name("localhost", AF_UNIX), EAFNOSUPPORT);
	t_eq(error, NETDB_INTERNAL);
	t_ok(found == NULL);
	t_eq(gev_gethostbyaddr_r(buf, 5, AF_INET, &host, buf, sizeof(buf),
		     &found, &error),
		EAFNOSUPPORT);
}

/* With every size that is too small. */
static void small_buffers_are_noticed(void)
{
	struct temp hosts = temp_file();
	size_t size = 0;
	int r;

	use_text(&hosts, "10.0.0.1 one.test uno\n");
	do {
		char *small = malloc(size + 1); /* for a sanitizer to see */

		r = gev_gethostbyname_r("uno", &host, small, size, &found,
			&error);
		t_ok(r == 0 || (r == ERANGE && error == NETDB_INTERNAL));
		free(small);
	} while (r && ++size < 200);
	t_ok(size > 20 && size < 100);
	temp_free(&hosts);
}

static void asked_of_a_server(void)
{
	struct dnsmasq server;

	if (!gev__ares_is_there()) {
		t_skip(NO_ARES);
		return;
	}
	server = start_dnsmasq(0);
	if (!server.pid) {
		t_skip(NO_DNSMASQ);
		return;
	}
	use_server(server.port);
	t_eq(by_name("c1.test", AF_INET), 0);
	t_str(host_text(), "b.test ( c1.test c2.test c3.test) 10.0.0.2");
	t_eq(by_addr("10.0.0.1", AF_INET), 0);
	t_str(host_text(), "a.test () 10.0.0.1");
	t_eq(by_name("nosuch.test", AF_INET), 0);
	t_eq(error, HOST_NOT_FOUND);
	t_eq(by_name("a.test", AF_INET6), 0);
	t_eq(error, NO_DATA);
	t_ok(found == NULL);
	t_eq(by_name("not.ours", AF_INET), EAGAIN);
	t_eq(error, TRY_AGAIN);
	t_eq(by_addr("10.99.99.99", AF_INET), 0);
	t_eq(error, HOST_NOT_FOUND);
	stop_dnsmasq(&server);
}

int main(void)
{
	T_RUN(hosts_have_names_and_aliases);
	T_RUN(numbers_are_their_own_names);
	T_RUN(families_are_checked);
	T_RUN(small_buffers_are_noticed);
	T_RUN(asked_of_a_server);
	return t_done();
}
