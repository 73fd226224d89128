/* SPDX-License-Identifier: MIT */
/* Servers short of descriptors or memory, and with bad peers. */
#include <pthread.h>
#include <sys/syscall.h>
#include "base/inject.h"
#include "server.h"

static int told, last_error;

static int hook(gev_hub *hub, const struct gev_error *error, void *arg)
{
	(void)hub;
	(void)arg;
	told++;
	last_error = error->code;
	t_str(error->where, "accept");
	return 0;
}

static void watch_errors(void)
{
	told = 0;
	t_eq(gev_hub_set_error_hook(gev_hub_get(), hook, NULL), 0);
}

static uint64_t iterations(void)
{
	struct gev_hub_stats stats;

	t_eq(gev_hub_get_stats(gev_hub_get(), &stats), 0);
	return stats.iterations;
}

static void out_of_descriptors(void)
{
	struct rlimit old, low;
	gev_server *s = serve(echo);
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)gev_server_port(s)) };
	int a, b, spare[256], n = 0;
	uint64_t before;

	if (t_under("valgrind") || t_under("qemu")) {
		t_skip("descriptors are not all ours");
		gev_server_free(s);
		return;
	}
	watch_errors();
	a = connect_to(s);
	t_ok(answers(a));
	b = gev_socket(AF_INET, SOCK_STREAM, 0);
	t_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 200;
	t_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	while (n < 256 && (spare[n] = dup(0)) >= 0)
		n++;
	t_eq(gev_connect(b, (void *)&addr, sizeof(addr)), 0);
	before = iterations();
	t_ok(!answers_in(b, GEV_MS(100)));
	t_ok(iterations() - before < 50);
	t_ok(told >= 2 && told < 10);
	t_eq(last_error, EMFILE);
	t_eq(stats_of(s).failed, told);
	t_ok(answers(a));
	while (n > 0)
		close(spare[--n]);
	t_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	t_ok(answers(b));
	gev_close(a);
	gev_close(b);
	gev_server_free(s);
}

/* 10, 20, 40 ... ms, and from then on every second. */
static void the_delay_doubles(void)
{
	gev_server *s;
	gev_time start;
	int fd;

	t_virtual();
	watch_errors();
	s = serve(echo);
	settle();
	gev__inject = (struct gev__inject){ .nr = SYS_accept4,
		.error = -ENFILE, .times = 9 };
	start = now();
	fd = connect_to(s);
	t_ok(answers_in(fd, GEV_SEC(100)));
	t_eq(now() - start, GEV_MS(1270) + GEV_SEC(2));
	t_eq(told, 9);
	t_eq(last_error, ENFILE);
	gev_close(fd);
	gev__inject = (struct gev__inject){ .nr = SYS_accept4,
		.error = -ENFILE, .times = 1 };
	start = now();
	fd = connect_to(s);
	t_ok(answers_in(fd, GEV_SEC(100)));
	t_eq(now() - start, GEV_MS(10));
	gev__inject.nr = -1;
	gev_close(fd);
	gev_server_free(s);
}

/* Stopping does not wait for the delay. */
static void stopped_in_the_delay(void)
{
	gev_server *s;
	gev_time start;
	int fd;

	t_virtual();
	watch_errors();
	s = serve(echo);
	settle();
	gev__inject = (struct gev__inject){ .nr = SYS_accept4,
		.error = -EMFILE, .times = -1 };
	fd = connect_to(s);
	gev_sleep(GEV_SEC(5));
	start = now();
	t_eq(gev_server_stop(s, GEV_FOREVER), 0);
	t_eq(now() - start, 0);
	gev__inject.nr = -1;
	gev_close(fd);
	gev_server_free(s);
}

/* A peer that went away again is no reason to wait. */
static void an_aborted_connection(void)
{
	gev_server *s;
	gev_time start;
	int fd;

	t_virtual();
	watch_errors();
	s = serve(echo);
	settle();
	gev__inject = (struct gev__inject){ .nr = SYS_accept4,
		.error = -ECONNABORTED, .times = 3 };
	start = now();
	fd = connect_to(s);
	t_ok(answers(fd));
	t_eq(now() - start, 0);
	t_eq(told, 0);
	t_eq(stats_of(s).failed, 3);
	gev__inject.nr = -1;
	gev_close(fd);
	gev_server_free(s);
}

/* Wherever memory runs out, it is served when there is some again. */
static void out_of_memory(void)
{
	gev_server *s;
	int fd, before;

	t_virtual();
	watch_errors();
	s = serve(echo);
	settle();
	before = open_descriptors();
	for (int after = 0; after < 6; after++) {
		gev__inject = (struct gev__inject){ .nr = GEV__INJECT_ALLOC,
			.error = -ENOMEM, .after = after, .times = 3 };
		fd = connect_to(s);
		gev_sleep(GEV_SEC(5));
		gev__inject.nr = -1;
		gev_close(fd);
		gev_sleep(TICK);
		t_eq(open_descriptors(), before);
		t_eq(stats_of(s).handlers, 0);
	}
	fd = connect_to(s);
	t_ok(answers(fd));
	gev_close(fd);
	gev_server_free(s);
}

/* Without anybody in between the server is over, and says so. */
static void a_listener_closed_by_others(void)
{
	gev_server *s = serve(echo);
	int fd = connect_to(s);

	watch_errors();
	t_ok(answers(fd));
	gev_close(gev_server_listener(s));
	t_fails(gev_server_serve_forever(s), EBADF);
	t_eq(told, 1);
	t_eq(last_error, EBADF);
	t_ok(answers(fd));
	t_eq(gev_server_listener(s), -1);
	gev_close(fd);
	gev_server_free(s);
}

static void peers_that_reset(void)
{
	static const struct linger at_once = { 1, 0 };
	gev_server *s = serve(echo);
	int fd;

	watch_errors();
	for (int i = 0; i < 20; i++) {
		fd = connect_to(s);
		if (i % 2)
			t_ok(answers(fd));
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
			sizeof(at_once));
		gev_close(fd);
	}
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_eq(told, 0);
	gev_server_free(s);
}

static void flood(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	static char block[65536];

	(void)peer;
	(void)size;
	(void)arg;
	while (gev_send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		;
	t_log("%s ", strerrorname_np(errno));
}

/* They cost nothing but memory until the server is stopped. */
static void peers_that_never_read(void)
{
	gev_server *s;
	uint64_t before;
	int fd[3];

	t_virtual();
	s = serve(flood);
	for (int i = 0; i < 3; i++)
		fd[i] = connect_to(s);
	gev_sleep(GEV_SEC(1));
	before = iterations();
	gev_sleep(GEV_SEC(100));
	t_ok(iterations() - before < 10);
	t_eq(gev_server_stop(s, GEV_SEC(1)), 0);
	t_log_is("ECANCELED ECANCELED ECANCELED ");
	for (int i = 0; i < 3; i++)
		gev_close(fd[i]);
	gev_server_free(s);
}

static void half_closed(void)
{
	gev_server *s = serve(echo);
	int fd = connect_to(s);
	char buf[8];

	t_eq(gev_send(fd, "hello", 5, 0), 5);
	t_eq(gev_shutdown(fd, SHUT_WR), 0);
	t_eq(gev_recv(fd, buf, sizeof(buf), MSG_WAITALL), 5);
	gev_close(fd);
	gev_server_free(s);
}

static void *use_from_afar(void *s)
{
	struct gev_server_stats stats;

	t_fails(gev_server_start(s), EPERM);
	t_fails(gev_server_stop(s, 0), EPERM);
	t_fails(gev_server_close(s), EPERM);
	t_fails(gev_server_serve_forever(s), EPERM);
	t_fails(gev_server_stop_accepting(s), EPERM);
	t_fails(gev_server_start_accepting(s), EPERM);
	t_fails(gev_server_stop_on(s, SIGTERM, 0), EPERM);
	t_fails(gev_server_adopt(s, 0, NULL, 0), EPERM);
	t_fails(gev_server_sendto(s, "", 0, NULL, 0), EPERM);
	t_fails(gev_server_get_stats(s, &stats), EPERM);
	t_fails(gev_server_free(s), EPERM);
	return NULL;
}

static void in_another_thread(void)
{
	gev_server *s = serve(echo);
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, use_from_afar, s), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_server_free(s), 0);
}

int main(void)
{
	T_RUN(out_of_descriptors);
	T_RUN(a_listener_closed_by_others);
	T_RUN(peers_that_reset);
	T_RUN(half_closed);
	T_RUN(in_another_thread);
	T_RUN(the_delay_doubles);
	T_RUN(stopped_in_the_delay);
	T_RUN(an_aborted_connection);
	T_RUN(out_of_memory);
	T_RUN(peers_that_never_read);
	return t_done();
}
