/* SPDX-License-Identifier: MIT */
/*
 * c-ares against a real server, dnsmasq, with a zone of its own.
 */
#include "net/dns.h"
#include <pthread.h>
#include <sys/resource.h>
#include <gev/greenlet.h>
#include <gev/pool.h>

static struct dnsmasq server;

static void c78_names_of_the_zone(void)
{
	t_str(say("a.test", AF_UNSPEC, 0), "10.0.0.1");
	t_str(say("A.Test.", AF_UNSPEC, 0), "10.0.0.1");
	t_str(say("b.test", AF_UNSPEC, 0), "10.0.0.2 fd00::2");
	t_str(say("b.test", AF_INET, 0), "10.0.0.2");
	t_str(say("b.test", AF_INET6, 0), "fd00::2");
	t_str(say("b.test", AF_INET6, AI_V4MAPPED), "fd00::2");
	t_str(say("b.test", AF_INET6, AI_V4MAPPED | AI_ALL),
		"::ffff:10.0.0.2 fd00::2");
	t_str(say("a.test", AF_INET6, AI_V4MAPPED), "::ffff:10.0.0.1");
	t_str(say("xn--bcher-kva.test", AF_UNSPEC, 0), "10.0.0.7");
}

static void c78_unknown_names(void)
{
	t_str(say("nosuch.test", AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say("nosuch.test", AF_INET6, 0), eai(EAI_NONAME));
	t_str(say("six.test", AF_INET, 0), eai(EAI_NODATA));
	t_str(say("a.test", AF_INET6, 0), eai(EAI_NODATA));
	t_str(say("text.test", AF_UNSPEC, 0), eai(EAI_NODATA));
	t_str(say("not.ours", AF_UNSPEC, 0), eai(EAI_AGAIN)); /* refused */
}

static void chains_of_names(void)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME }, *list;

	t_str(say("c1.test", AF_UNSPEC, 0), "10.0.0.2 fd00::2");
	t_eq(gev_getaddrinfo("c1.test", NULL, &hints, &list), 0);
	t_str(list->ai_canonname, "b.test");
	t_ok(list->ai_next->ai_canonname == NULL);
	gev_freeaddrinfo(list);
	t_eq(gev_getaddrinfo("a.test", NULL, &hints, &list), 0);
	t_str(list->ai_canonname, "a.test");
	gev_freeaddrinfo(list);
}

static void c78_malformed_names(void)
{
	static char label[70], name[5000];

	memset(label, 'x', 64);
	strcpy(label + 64, ".test");
	for (size_t i = 0; i + 3 < sizeof(name); i += 2)
		memcpy(name + i, "x.", 2);
	t_str(say("", AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say("..", AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say("a..test", AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say(".a.test", AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say(label, AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say(label + 1, AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say(name, AF_UNSPEC, 0), eai(EAI_NONAME));
	t_str(say("1.2.3.4.5", AF_UNSPEC, 0), eai(EAI_AGAIN));
	t_str(say("::g", AF_UNSPEC, 0), eai(EAI_AGAIN));
	t_str(say("\\097.test", AF_UNSPEC, 0), eai(EAI_NONAME));
}

/* Sixty addresses don't fit into a datagram: c-ares asks again by TCP. */
static void long_answers_come_by_tcp(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int n = 0;

	t_eq(gev_getaddrinfo("big.test", NULL, &hints, &list), 0);
	for (struct addrinfo *ai = list; ai; ai = ai->ai_next)
		n++;
	t_eq(n, 60);
	gev_freeaddrinfo(list);
}

static void use_servers(const char *servers, const struct temp *resolv_conf)
{
	gev_resolver_options o = { .nameservers = servers,
		.timeout = GEV_MS(100), /* which a busy machine needs */
		.tries = 2,
		.hosts = "/dev/null",
		.nsswitch = "/dev/null",
		.resolv_conf = resolv_conf ? resolv_conf->path : "/dev/null" };

	t_eq(gev_resolver_configure(&o), 0);
}

static void a_dead_server_is_passed_over(void)
{
	char servers[64];
	int silent, port;

	sprintf(servers, "127.0.0.1:9,127.0.0.1:%d", server.port);
	use_servers(servers, NULL);
	t_str(say("a.test", AF_UNSPEC, 0), "10.0.0.1");
	silent = udp_socket(&port);
	sprintf(servers, "127.0.0.1:%d,127.0.0.1:%d", port, server.port);
	use_servers(servers, NULL);
	t_str(say("a.test", AF_UNSPEC, 0), "10.0.0.1");
	sprintf(servers, "127.0.0.1:%d", port);
	use_servers(servers, NULL);
	t_str(say("a.test", AF_UNSPEC, 0), eai(EAI_AGAIN));
	close(silent);
	use_server(server.port);
}

static void domains_are_searched(void)
{
	struct temp resolv_conf = temp_file();
	char servers[64];

	sprintf(servers, "127.0.0.1:%d", server.port);
	temp_write(&resolv_conf, "search sub.test test\n");
	use_servers(servers, &resolv_conf);
	t_str(say("a", AF_UNSPEC, 0), "10.0.1.1");
	t_str(say("b", AF_UNSPEC, 0), "10.0.0.2 fd00::2");
	t_str(say("a.sub", AF_UNSPEC, 0), "10.0.1.1");
	t_str(say("a.sub", AF_INET6, 0), eai(EAI_AGAIN)); /* as it is, first */
	t_str(say("nosuch", AF_UNSPEC, 0), eai(EAI_AGAIN));
	temp_write(&resolv_conf, "search test\noptions ndots:2\n");
	t_str(say("a", AF_UNSPEC, 0), "10.0.0.1");
	t_str(say("a.sub", AF_UNSPEC, 0), "10.0.1.1");
	temp_free(&resolv_conf);
	use_server(server.port);
}

static void addresses_have_names(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr = { htonl(0x0a000001) } };
	struct sockaddr *addr = (struct sockaddr *)&in;
	char host[64];

	t_eq(gev_getnameinfo(addr, sizeof(in), host, 64, NULL, 0, 0), 0);
	t_str(host, "a.test");
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 6, NULL, 0, 0),
		EAI_OVERFLOW);
	in.sin_addr.s_addr = htonl(0x0a7f7f7f);
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 64, NULL, 0, 0), 0);
	t_str(host, "10.127.127.127");
	t_eq(gev_getnameinfo(addr, sizeof(in), host, 64, NULL, 0,
		     NI_NAMEREQD),
		EAI_NONAME);
}

static intptr_t ask_one(void *arg)
{
	char name[32];
	struct addrinfo *list;
	int r;

	sprintf(name, "n%d.many.test", (int)(intptr_t)arg);
	r = gev_getaddrinfo(name, NULL, NULL, &list);
	gev_freeaddrinfo(list);
	return t_eq(r, 0) ? 0 : -1;
}

static void c78_a_thousand_names_through_a_pool(void)
{
	gev_pool pool = GEV_POOL_INIT(10);

	for (intptr_t i = 0; i < 1000; i++)
		gev_unref(gev_pool_spawn(&pool, ask_one, (void *)i,
			GEV_FOREVER));
	t_eq(gev_pool_join(&pool, GEV_SEC(2)), 0);
	gev_pool_fini(&pool);
}

static void *ask_on_thread(void *arg)
{
	gev_greenlet *g[50];

	for (intptr_t i = 0; i < 50; i++)
		g[i] = gev_spawn(ask_one, (void *)i);
	for (int i = 0; i < 50; i++) {
		gev_join(g[i], GEV_FOREVER);
		t_ok(gev_successful(g[i]));
		gev_unref(g[i]);
	}
	return arg;
}

static void every_thread_asks_by_itself(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask_on_thread, NULL);
	ask_on_thread(NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void ask_in_child(void)
{
	t_str(say("a.test", AF_UNSPEC, 0), "10.0.0.1");
	t_str(say("b.test", AF_UNSPEC, 0), "10.0.0.2 fd00::2");
	fflush(stdout);
	_exit(t_failures != 0);
}

/* While a question of the parent is under way. */
static void a_child_asks_by_itself(void)
{
	gev_greenlet *g = gev_spawn(ask_one, NULL);
	int status = -1;
	pid_t pid;

	gev_sleep(0);
	pid = gev_fork();
	if (pid == 0)
		ask_in_child();
	waitpid(pid, &status, 0);
	t_eq(status, 0);
	gev_join(g, GEV_FOREVER);
	t_ok(gev_successful(g));
	gev_unref(g);
	t_str(say("a.test", AF_UNSPEC, 0), "10.0.0.1");
}

/* In a child, as what the two have is lost with them. */
static void end_hub_and_exit(void)
{
	gev_spawn(ask_one, NULL);
	gev_spawn(ask_one, (void *)1);
	gev_sleep(0);
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	ask_in_child();
}

static void a_hub_ends_while_names_are_asked_for(void)
{
	int status = -1;
	pid_t pid = gev_fork();

	if (pid == 0)
		end_hub_and_exit();
	waitpid(pid, &status, 0);
	t_eq(status, 0);
}

static void without_descriptors_it_fails_and_recovers(void)
{
	struct rlimit saved, none;

	getrlimit(RLIMIT_NOFILE, &saved);
	none = saved;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	t_str(say("a.test", AF_UNSPEC, 0), eai(EAI_SYSTEM));
	t_eq(errno, EMFILE);
	setrlimit(RLIMIT_NOFILE, &saved);
	t_str(say("a.test", AF_UNSPEC, 0), "10.0.0.1");
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void no_descriptor_is_left(void)
{
	int before;

	say("a.test", AF_UNSPEC, 0);
	before = open_descriptors();
	say("big.test", AF_UNSPEC, 0);
	say("nosuch.test", AF_UNSPEC, 0);
	t_eq(open_descriptors(), before);
}

int main(void)
{
	if (!gev__ares_is_there()) {
		puts(NO_ARES);
		return 77;
	}
	server = start_dnsmasq(0);
	if (!server.pid) {
		puts(NO_DNSMASQ);
		return 77;
	}
	use_server(server.port);
	T_RUN(c78_names_of_the_zone);
	T_RUN(c78_unknown_names);
	T_RUN(chains_of_names);
	T_RUN(c78_malformed_names);
	T_RUN(long_answers_come_by_tcp);
	T_RUN(a_dead_server_is_passed_over);
	T_RUN(domains_are_searched);
	T_RUN(addresses_have_names);
	T_RUN(c78_a_thousand_names_through_a_pool);
	T_RUN(every_thread_asks_by_itself);
	T_RUN(a_child_asks_by_itself);
	T_RUN(a_hub_ends_while_names_are_asked_for);
	T_RUN(without_descriptors_it_fails_and_recovers);
	T_RUN(no_descriptor_is_left);
	stop_dnsmasq(&server);
	return t_done();
}
