/* SPDX-License-Identifier: MIT */
/* Servers in several threads. */
#include <pthread.h>
#include "server.h"

#define THREADS 3
#define CLIENTS 24

static atomic_int calls;

static void echo_here(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	calls++;
	echo(fd, peer, size, arg);
}

static int join_service(gev_service *v)
{
	int fd = gev_tcp_connect("127.0.0.1", gev_service_port(v), GEV_SEC(5));

	t_ok(fd >= 0);
	return fd;
}

static void talk(gev_service *v)
{
	struct gev_server_stats stats;
	int fds[CLIENTS];

	calls = 0;
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = join_service(v);
		t_ok(answers(fds[i]));
	}
	t_eq(calls, CLIENTS);
	t_eq(gev_service_get_stats(v, &stats), 0);
	t_eq(stats.accepted, CLIENTS);
	t_eq(stats.handlers, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		gev_close(fds[i]);
}

static void ends_in_peace(gev_service *v)
{
	struct gev_server_stats stats;

	t_fails(gev_service_wait(v, 0), ETIMEDOUT);
	t_eq(gev_service_stop(v, GEV_SEC(5)), 0);
	t_eq(gev_service_wait(v, GEV_SEC(5)), 0);
	t_eq(gev_service_get_stats(v, &stats), 0);
	t_eq(stats.handlers, 0);
	t_eq(gev_service_free(v), 0);
}

static void of_each_kind(const struct gev_server_options *o, unsigned flags)
{
	gev_service *v = gev_service_start(o, THREADS, flags);

	if (!t_ok(v != NULL))
		return;
	talk(v);
	ends_in_peace(v);
}

static void ports_of_their_own(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here };
	int before;

	warm_up();
	of_each_kind(&o, 0);
	before = open_descriptors();
	of_each_kind(&o, 0);
	t_eq(open_descriptors(), before);
}

static void one_listener_for_all(void)
{
	struct gev_server_options o = { .handle = echo_here };
	int before = open_descriptors();

	o.listener = gev_tcp_listen("127.0.0.1", 0, -1);
	of_each_kind(&o, 0);
	t_eq(open_descriptors(), before);
}

static void handed_out(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here };
	int before = open_descriptors();

	of_each_kind(&o, GEV_HAND_OUT);
	o.address = NULL;
	o.listener = gev_tcp_listen("127.0.0.1", 0, -1);
	of_each_kind(&o, GEV_HAND_OUT);
	t_eq(open_descriptors(), before);
}

static atomic_int per_thread[THREADS];
static atomic_int threads_seen;
static _Thread_local int my_number = -1;

static void count_thread(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	if (my_number < 0)
		my_number = threads_seen++;
	per_thread[my_number % THREADS]++;
	echo(fd, peer, size, arg);
}

static void handed_out_evenly(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = count_thread };
	gev_service *v = gev_service_start(&o, THREADS, GEV_HAND_OUT);
	int fds[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = join_service(v);
		t_ok(answers(fds[i]));
	}
	t_eq(threads_seen, THREADS);
	for (int i = 0; i < THREADS; i++)
		t_eq(per_thread[i], CLIENTS / THREADS);
	for (int i = 0; i < CLIENTS; i++)
		gev_close(fds[i]);
	ends_in_peace(v);
}

static void at_most_so_many(unsigned flags)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here, .max = 1 };
	gev_service *v = gev_service_start(&o, 1, flags);
	int a = join_service(v), b = join_service(v);
	char c;

	t_ok(answers(a));
	t_ok(!answers_in(b, GEV_MS(20)));
	gev_close(a);
	t_eq(gev_recv(b, &c, 1, 0), 1);
	t_ok(answers(b));
	gev_close(b);
	ends_in_peace(v);
}

static void limited(void)
{
	at_most_so_many(0);
	at_most_so_many(GEV_HAND_OUT);
}

static void *stop_from_afar(void *v)
{
	usleep(1000);
	t_eq(gev_service_stop(v, GEV_SEC(5)), 0);
	t_fails(gev_service_free(v), EPERM);
	t_fails(gev_service_stop_on(v, SIGTERM, 0), EPERM);
	return NULL;
}

static void stopped_by_another_thread(unsigned flags)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here };
	gev_service *v = gev_service_start(&o, THREADS, flags);
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, stop_from_afar, v), 0);
	t_eq(gev_service_wait(v, GEV_SEC(5)), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_service_free(v), 0);
}

static void stopped_from_afar(void)
{
	stopped_by_another_thread(0);
	stopped_by_another_thread(GEV_HAND_OUT);
}

/* Connections that stay are killed, with their threads' hubs. */
static void freed_with_connections(unsigned flags)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here };
	gev_service *v = gev_service_start(&o, THREADS, flags);
	int a = join_service(v), b = join_service(v);

	t_ok(answers(a) && answers(b));
	t_eq(gev_service_free(v), 0);
	t_ok(is_closed(a));
	t_ok(is_closed(b));
	gev_close(a);
	gev_close(b);
}

static void freed_at_once(void)
{
	freed_with_connections(0);
	freed_with_connections(GEV_HAND_OUT);
}

static void stopped_by_a_signal(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here };
	gev_service *v = gev_service_start(&o, THREADS, 0);
	int fd = join_service(v);

	t_ok(answers(fd));
	t_eq(gev_service_stop_on(v, SIGUSR1, GEV_FOREVER), 0);
	raise(SIGUSR1);
	t_fails(gev_service_wait(v, GEV_MS(20)), ETIMEDOUT);
	t_ok(answers(fd));
	raise(SIGUSR1);
	t_eq(gev_service_wait(v, GEV_SEC(5)), 0);
	t_ok(is_closed(fd));
	gev_close(fd);
	gev_service_free(v);
}

static intptr_t terminate(void *arg)
{
	(void)arg;
	gev_sleep(TICK);
	return raise(SIGTERM);
}

static void serve_until_sigterm(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo_here };

	gev_go(terminate, NULL);
	t_eq(gev_serve(&o, 2, GEV_SEC(5)), 0);
}

static void bad_options(void)
{
	gev_pool pool = GEV_POOL_INIT(1);
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo };
	int before = open_descriptors();
	gev_service *v;

	t_fails(gev_service_start(NULL, 1, 0), EINVAL);
	t_fails(gev_service_start(&o, 0, 0), EINVAL);
	t_fails(gev_service_start(&o, 1, 2), EINVAL);
	o.pool = &pool;
	t_fails(gev_service_start(&o, 1, 0), EINVAL);
	o.pool = NULL;
	o.address = "1:2:3";
	t_fails(gev_service_start(&o, 2, 0), EINVAL);
	t_fails(gev_service_start(&o, 2, GEV_HAND_OUT), EINVAL);
	t_fails(gev_serve(&o, 2, 0), EINVAL);
	o.address = "192.0.2.1:0";
	t_fails(gev_service_start(&o, 2, 0), EADDRNOTAVAIL);
	t_fails(gev_service_start(&o, 2, GEV_HAND_OUT), EADDRNOTAVAIL);
	o.address = ":0";
	o.handle = NULL;
	t_fails(gev_service_start(&o, 2, 0), EINVAL);
	t_fails(gev_service_stop(NULL, 0), EINVAL);
	t_fails(gev_service_wait(NULL, 0), EINVAL);
	t_fails(gev_service_port(NULL), EINVAL);
	t_eq(gev_service_free(NULL), 0);
	t_eq(open_descriptors(), before);
	o.handle = echo;
	v = gev_service_start(&o, 1, 0);
	t_fails(gev_service_stop(v, -2), EINVAL);
	t_eq(gev_service_free(v), 0);
}

int main(void)
{
	T_RUN(ports_of_their_own);
	T_RUN(one_listener_for_all);
	T_RUN(handed_out);
	T_RUN(handed_out_evenly);
	T_RUN(limited);
	T_RUN(stopped_from_afar);
	T_RUN(freed_at_once);
	T_RUN(stopped_by_a_signal);
	T_RUN(serve_until_sigterm);
	T_RUN(bad_options);
	return t_done();
}
