/* SPDX-License-Identifier: MIT */
/* Connecting by names: of hosts with several addresses, of none. */
#include <netdb.h>
#include "net.h"

static char hosts[] = "/tmp/gev-hosts-XXXXXX";
static char nsswitch[] = "/tmp/gev-nsswitch-XXXXXX";

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	t_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Names come from our own hosts file, or from @nameserver. */
static bool resolve_by(const char *order, const char *nameserver)
{
	gev_resolver_options options = { .resolver = "ares",
		.hosts = hosts, .nsswitch = nsswitch,
		.nameservers = nameserver };

	strcpy(hosts + sizeof(hosts) - 7, "XXXXXX");
	strcpy(nsswitch + sizeof(nsswitch) - 7, "XXXXXX");
	write_file(hosts, "127.0.0.1 both\n127.0.0.2 both\n::1 mixed\n"
		"127.0.0.3 mixed\n");
	write_file(nsswitch, order);
	if (gev_resolver_configure(&options) == 0)
		return true;
	t_eq(errno, ENOTSUP);
	t_skip("built without c-ares");
	return false;
}

static void finish(void)
{
	unlink(hosts);
	unlink(nsswitch);
	t_eq(gev_resolver_configure(NULL), 0);
}

static void connects(const char *name, int listener, const char *address)
{
	int c = gev_tcp_connect(name, gev_socket_port(listener), GEV_SEC(5));
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char text[64] = "";

	if (!t_ok(c >= 0))
		return;
	t_eq(getpeername(c, (void *)&peer, &size), 0);
	t_eq(getnameinfo((void *)&peer, size, text, sizeof(text), NULL, 0,
		     NI_NUMERICHOST), 0);
	t_str(text, address);
	gev_close(c);
}

static void the_address_that_answers(void)
{
	int l = gev_tcp_listen("127.0.0.2", 0, -1);
	int m = gev_tcp_listen("127.0.0.3", 0, -1);

	if (resolve_by("hosts: files\n", NULL)) {
		connects("both", l, "127.0.0.2");
		connects("mixed", m, "127.0.0.3");
	}
	gev_close(l);
	gev_close(m);
	finish();
}

static void listening_at_a_name(void)
{
	int l;

	if (resolve_by("hosts: files\n", NULL)) {
		l = gev_tcp_listen("both", 0, -1);
		connects("127.0.0.1", l, "127.0.0.1");
		gev_close(l);
	}
	finish();
}

static void no_such_name(void)
{
	if (resolve_by("hosts: files\n", NULL)) {
		t_fails(gev_tcp_connect("nobody", 80, GEV_SEC(5)), ENXIO);
		t_fails(gev_tcp_connect_from("both", 80, "nobody", 0,
				GEV_SEC(5)), ENXIO);
		t_fails(gev_tcp_listen("nobody", 0, -1), ENXIO);
		t_fails(gev_udp_bind("nobody", 0, 0), ENXIO);
	}
	finish();
}

static intptr_t connect_to_nobody(void *arg)
{
	(void)arg;
	return gev_tcp_connect("nobody.test", 80, GEV_FOREVER);
}

/* A server that never answers is part of the time there is. */
static void a_name_server_that_is_mute(void)
{
	int server = gev_udp_bind("127.0.0.1", 0, 0);
	gev_greenlet *g;
	char where[32];

	snprintf(where, sizeof(where), "127.0.0.1:%d", gev_socket_port(server));
	if (resolve_by("hosts: dns\n", where)) {
		t_fails(gev_tcp_connect("nobody.test", 80, GEV_MS(20)),
			ETIMEDOUT);
		g = gev_spawn(connect_to_nobody, NULL);
		gev_sleep(GEV_MS(5));
		t_eq(gev_throw(g, EPROTO), 0);
		t_fails(gev_get(g, GEV_FOREVER), EPROTO);
		gev_unref(g);
	}
	gev_close(server);
	finish();
}

int main(void)
{
	T_RUN(the_address_that_answers);
	T_RUN(listening_at_a_name);
	T_RUN(no_such_name);
	T_RUN(a_name_server_that_is_mute);
	gev_hub_destroy(GEV_DESTROY_LOOP); /* and its resolver */
	return t_done();
}
