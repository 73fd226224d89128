/* SPDX-License-Identifier: MIT */
/*
 * A resolver that there is no descriptor for: it says so, as libc does, and is
 * none the worse for it when there are descriptors again.
 */
#include "net/dns.h"
#include <sys/resource.h>
#include <gev/hub.h>
#include <gev/tcp.h>

#define ROOM 256

static struct temp hosts, resolv, nsswitch;
static struct rlimit before;
static int taken[ROOM];
static int count;

/* Not one descriptor is left. */
static void fill(void)
{
	struct rlimit few = before;

	few.rlim_cur = ROOM;
	t_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (count = 0; count < ROOM && (taken[count] = dup(0)) >= 0; count++)
		;
}

static void make_room(void)
{
	while (count > 0)
		close(taken[--count]);
	setrlimit(RLIMIT_NOFILE, &before);
}

/* A hub that has resolved nothing yet. */
static void begin_anew(const char *resolver, const char *nameservers)
{
	gev_resolver_options o = { .resolver = resolver,
		.nameservers = nameservers,
		.timeout = GEV_MS(500),
		.tries = 4,
		.hosts = hosts.path,
		.resolv_conf = resolv.path,
		.nsswitch = nsswitch.path };

	gev_hub_destroy(GEV_DESTROY_LOOP);
	t_ok(gev_hub_get() != NULL);
	t_eq(gev_resolver_configure(&o), 0);
}

static void finds_no_descriptor(const char *name)
{
	errno = 0;
	t_str(say(name, AF_INET, 0), eai(EAI_SYSTEM));
	t_eq(errno, EMFILE);
}

static void fails_only_meanwhile(const char *resolver)
{
	begin_anew(resolver, NULL);
	fill();
	finds_no_descriptor("here.test");
	t_fails(gev_tcp_connect("here.test", 9, GEV_SEC(5)), EMFILE);
	make_room();
	t_str(say("here.test", AF_INET, 0), "10.0.0.9");
}

static void the_first_name(void)
{
	fails_only_meanwhile("auto");
	fails_only_meanwhile("thread");
	fails_only_meanwhile("block");
	if (gev__ares_is_there())
		fails_only_meanwhile("ares");
}

/* The files are known by then, the channel is not; then the socket. */
static void the_first_question(void)
{
	struct dnsmasq d = { .pid = 0 };
	char server[32];

	if (gev__ares_is_there())
		d = start_dnsmasq(0);
	if (!d.pid) {
		t_skip(gev__ares_is_there() ? NO_DNSMASQ : NO_ARES);
		return;
	}
	snprintf(server, sizeof(server), "127.0.0.1:%d", d.port);
	begin_anew("ares", server);
	t_str(say("here.test", AF_INET, 0), "10.0.0.9");
	for (int i = 0; i < 2; i++) {
		fill();
		finds_no_descriptor("a.test");
		make_room();
		t_str(say("a.test", AF_INET, 0), "10.0.0.1");
	}
	stop_dnsmasq(&d);
}

/* What may not be read, or is no file, is as if it were not there. */
static void a_directory_for_a_file(void)
{
	gev_resolver_options o = { .hosts = hosts.path, .nsswitch = "/" };

	t_eq(gev_resolver_configure(&o), 0);
	t_str(say("here.test", AF_INET, 0), "10.0.0.9");
}

/* Comes first: nothing is configured yet. */
static void no_such_resolver(void)
{
	setenv("GEV_RESOLVER", "bogus", 1);
	errno = 0;
	t_str(say("localhost", AF_INET, 0), eai(EAI_SYSTEM));
	t_eq(errno, EINVAL);
	t_fails(gev_resolver_configure(NULL), EINVAL);
	setenv("GEV_RESOLVER", "", 1);
	t_eq(gev_resolver_configure(NULL), 0);
	unsetenv("GEV_RESOLVER");
	t_eq(gev_resolver_configure(NULL), 0);
}

int main(void)
{
	hosts = temp_file();
	resolv = temp_file();
	nsswitch = temp_file();
	temp_write(&hosts, "10.0.0.9 here.test\n");
	temp_write(&resolv, "nameserver 127.0.0.1\n");
	temp_write(&nsswitch, "hosts: files dns\n");
	getrlimit(RLIMIT_NOFILE, &before);
	T_RUN(no_such_resolver);
	T_RUN(the_first_name);
	T_RUN(the_first_question);
	T_RUN(a_directory_for_a_file);
	temp_free(&hosts);
	temp_free(&resolv);
	temp_free(&nsswitch);
	gev_hub_destroy(GEV_DESTROY_LOOP); /* and its resolver */
	return t_done();
}
