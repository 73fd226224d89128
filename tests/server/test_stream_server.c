/* SPDX-License-Identifier: MIT */
/* Servers of connections: gevent's StreamServer. */
#include "server.h"

static void echoes(void)
{
	gev_server *s;
	int a, b, before;
	char text[64];

	warm_up();
	before = open_descriptors();
	s = serve(echo);
	gev_server_address(s, text, sizeof(text));
	t_ok(strncmp(text, "127.0.0.1:", 10) == 0);
	t_eq(atoi(text + 10), gev_server_port(s));
	a = connect_to(s);
	b = connect_to(s);
	t_ok(answers(b) && answers(a) && answers(b));
	t_eq(stats_of(s).accepted, 2);
	t_eq(stats_of(s).handlers, 2);
	gev_close(a);
	gev_close(b);
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_eq(stats_of(s).handlers, 0);
	t_eq(stats_of(s).peak, 2);
	t_eq(gev_server_listener(s), -1);
	t_fails(gev_server_port(s), EBADF);
	t_eq(gev_server_address(s, text, sizeof(text)), 0);
	t_eq(gev_server_free(s), 0);
	t_eq(open_descriptors(), before);
}

static void note_peer(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	struct sockaddr_storage self;
	socklen_t self_size = sizeof(self);

	t_eq(getpeername(fd, (void *)&self, &self_size), 0);
	t_ok(self_size == size && !memcmp(&self, peer, size));
	t_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	t_log("%s ", (char *)arg);
}

static void what_handlers_get(void)
{
	struct gev_server_options o = { .address = "localhost:0",
		.handle = note_peer, .arg = "arg" };
	gev_server *s = gev_server_new(&o);
	int fd;

	t_eq(gev_server_start(s), 0);
	fd = gev_tcp_connect("localhost", gev_server_port(s), GEV_SEC(5));
	t_ok(is_closed(fd));
	t_log_is("arg ");
	gev_close(fd);
	gev_server_free(s);
}

/* A stream closes its descriptor; the number may be another's by then. */
static int other_fd;

static void closes_by_itself(int fd, const struct sockaddr *peer,
	socklen_t size, void *arg)
{
	(void)peer;
	(void)size;
	(void)arg;
	t_eq(gev_stream_close(gev_stream_open(fd, 0)), 0);
	other_fd = gev_socket(AF_INET, SOCK_STREAM, 0);
	t_eq(other_fd, fd);
}

static void a_handler_that_closes(void)
{
	gev_server *s = serve(closes_by_itself);
	int fd = connect_to(s);

	t_ok(is_closed(fd));
	gev_close(fd);
	t_eq(gev_server_stop(s, GEV_FOREVER), 0);
	t_ok(fcntl(other_fd, F_GETFD) >= 0);
	t_eq(gev_close(other_fd), 0);
	gev_server_free(s);
}

static void bad_options(void)
{
	struct gev_server_options none = { .address = ":0" };
	struct gev_server_options o = { .address = "1:2:3", .handle = echo };
	gev_pool pool = GEV_POOL_INIT(1);

	t_fails(gev_server_new(NULL), EINVAL);
	t_fails(gev_server_new(&none), EINVAL);
	none.address = NULL; /* standard input is no listener */
	none.handle = echo;
	t_fails(gev_server_new(&none), EINVAL);
	t_fails(gev_server_new(&o), EINVAL);
	o.address = ":70000";
	t_fails(gev_server_new(&o), ERANGE);
	o.address = ":0";
	o.flags = 8;
	t_fails(gev_server_new(&o), EINVAL);
	o.flags = 0;
	o.max_accept = -1;
	t_fails(gev_server_new(&o), EINVAL);
	o.max_accept = 0;
	o.max = 1;
	o.pool = &pool;
	t_fails(gev_server_new(&o), EINVAL);
	o.max = 0;
	o.pool = NULL;
	o.address = NULL;
	o.listener = -1;
	t_fails(gev_server_new(&o), EINVAL);
	t_fails(gev_server_start(NULL), EINVAL);
	t_fails(gev_server_stop(NULL, 0), EINVAL);
	t_eq(gev_server_free(NULL), 0);
}

static void what_is_no_listener(void)
{
	struct gev_server_options o = { .handle = echo };
	gev_server *s;
	int fds[2];

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	o.listener = fds[0];
	s = gev_server_new(&o);
	t_fails(gev_server_start(s), EINVAL);
	gev_server_free(s);
	t_fails(fcntl(fds[0], F_GETFD), EBADF);
	gev_close(fds[1]);
	t_eq(gev_pipe(fds), 0);
	o.listener = fds[0];
	s = gev_server_new(&o);
	t_fails(gev_server_serve_forever(s), ENOTSOCK);
	gev_server_free(s);
	gev_close(fds[1]);
}

static void a_taken_port(void)
{
	gev_server *s = serve(echo), *t;
	char address[64];
	struct gev_server_options o = { .address = address, .handle = echo };

	gev_server_address(s, address, sizeof(address));
	t = gev_server_new(&o);
	t_fails(gev_server_start(t), EADDRINUSE);
	t_fails(gev_server_serve_forever(t), EADDRINUSE);
	t_fails(gev_server_start(s), EALREADY);
	t_eq(gev_server_stop(s, 0), 0);
	t_eq(gev_server_start(t), 0);
	gev_server_free(t);
	gev_server_free(s);
}

/* Others may be accepting from it: in the kernel it must not block. */
static void a_listener_that_was_given(void)
{
	struct gev_server_options o = { .handle = echo };
	gev_server *s;
	int fd, port, c;

	o.listener = gev_tcp_listen("127.0.0.1", 0, 5);
	port = gev_socket_port(o.listener);
	fcntl(o.listener, F_SETFL, O_NONBLOCK);
	gev_forget(o.listener);
	s = gev_server_new(&o);
	t_eq(gev_server_start(s), 0);
	t_ok(fcntl(o.listener, F_GETFL) & O_NONBLOCK);
	t_eq(gev_server_port(s), port);
	fd = connect_to(s);
	t_ok(answers(fd));
	c = connect_to(s);
	t_ok(answers(c));
	gev_close(fd);
	gev_close(c);
	t_eq(stats_of(s).failed, 0);
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_fails(fcntl(o.listener, F_GETFD), EBADF);
	t_fails(gev_server_start(s), EINVAL);
	gev_server_free(s);
}

static void unix_paths(void)
{
	char path[64];
	struct gev_server_options o = { .address = path, .handle = echo };
	gev_server *s;
	int fd;

	snprintf(path, sizeof(path), "unix:@gev-server-%d", getpid());
	s = gev_server_new(&o);
	t_eq(gev_server_start(s), 0);
	fd = gev_unix_connect(path + 5, GEV_SEC(5));
	t_ok(answers(fd));
	gev_close(fd);
	gev_server_free(s);
}

static void stopped_and_started_again(void)
{
	gev_server *s = serve(echo);
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = connect_to(s);
		t_ok(answers(fd));
		gev_close(fd);
		t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
		t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
		t_eq(gev_server_start(s), 0);
	}
	gev_server_free(s);
}

static void accepting_stopped_for_a_while(void)
{
	gev_server *s = serve(echo);
	int a, b;

	a = connect_to(s);
	t_ok(answers(a));
	t_eq(gev_server_stop_accepting(s), 0);
	t_eq(gev_server_stop_accepting(s), 0);
	b = connect_to(s);
	t_ok(answers(a));
	t_ok(!answers_in(b, GEV_MS(20)));
	t_eq(gev_server_start_accepting(s), 0);
	t_eq(gev_server_start_accepting(s), 0);
	t_ok(answers(b));
	gev_close(a);
	gev_close(b);
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_fails(gev_server_start_accepting(s), EBADF);
	t_fails(gev_server_stop_accepting(s), EBADF);
	gev_server_free(s);
}

static void closed_with_connections_open(void)
{
	gev_server *s = serve(echo);
	int fd = connect_to(s), port = gev_server_port(s);

	t_ok(answers(fd));
	t_eq(gev_server_close(s), 0);
	t_ok(answers(fd));
	t_fails(gev_tcp_connect("127.0.0.1", port, GEV_SEC(5)), ECONNREFUSED);
	gev_close(fd);
	gev_server_free(s);
}

static void stop_waits_for_handlers(void)
{
	gev_server *s;
	gev_time start;
	int fd;

	t_virtual();
	s = serve(linger);
	fd = connect_to(s);
	settle();
	start = now();
	t_eq(gev_server_stop(s, DELAY), 0);
	t_eq(now() - start, DELAY);
	t_log_is("ECANCELED ");
	t_ok(is_closed(fd));
	gev_close(fd);
	gev_server_free(s);
}

static intptr_t close_later(void *fd)
{
	gev_sleep(TICK);
	return gev_close((int)(intptr_t)fd);
}

static void stop_lets_handlers_end(void)
{
	gev_server *s;
	gev_time start;

	t_virtual();
	s = serve(linger);
	gev_go(close_later, num(connect_to(s)));
	settle();
	start = now();
	t_eq(gev_server_stop(s, DELAY), 0);
	t_eq(now() - start, TICK);
	t_log_is("end ");
	gev_server_free(s);
}

static void stubborn(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	(void)fd;
	(void)peer;
	(void)size;
	(void)arg;
	gev_shield_begin();
	gev_sleep(GEV_SEC(2));
	gev_shield_end();
	t_log("over ");
}

static void handlers_that_do_not_end(void)
{
	gev_server *s;
	int fd;

	t_virtual();
	s = serve(stubborn);
	fd = connect_to(s);
	settle();
	t_fails(gev_server_stop(s, 0), ETIMEDOUT);
	t_eq(gev_server_free(s), 0);
	gev_sleep(GEV_SEC(2));
	t_log_is("over ");
	t_ok(is_closed(fd));
	gev_close(fd);
}

/* Killed before they have begun: never called, but closed. */
static void connections_just_accepted(void)
{
	gev_server *s = serve(linger);
	int before = open_descriptors(), fds[2];

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	t_eq(gev_server_adopt(s, fds[0], NULL, 0), 0);
	t_eq(gev_server_stop(s, 0), 0);
	t_log_is("");
	t_ok(is_closed(fds[1]));
	gev_close(fds[1]);
	t_eq(open_descriptors(), before - 1);
	gev_server_free(s);
}

static intptr_t forever(void *s)
{
	return gev_server_serve_forever(s);
}

static void serving_forever(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo };
	gev_server *s = gev_server_new(&o);
	gev_greenlet *g = gev_spawn(forever, s);
	int fd;

	settle();
	fd = connect_to(s);
	t_ok(answers(fd));
	t_ok(!gev_dead(g));
	gev_close(fd);
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	gev_server_free(s);
}

static void serving_until_killed(void)
{
	gev_server *s = serve(linger);
	gev_greenlet *g = gev_spawn(forever, s);
	int fd = connect_to(s);

	settle();
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_log_is("ECANCELED ");
	t_ok(is_closed(fd));
	t_eq(gev_server_listener(s), -1);
	gev_close(fd);
	gev_unref(g);
	gev_server_free(s);
}

static void freed_while_serving(void)
{
	gev_server *s = serve(linger);
	gev_greenlet *g = gev_spawn(forever, s);
	int fd = connect_to(s);

	settle();
	t_eq(gev_server_free(s), 0);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	t_log_is("ECANCELED ");
	gev_close(fd);
	gev_unref(g);
}

static void stopped_by_a_signal(void)
{
	gev_server *s = serve(linger);
	int fd = connect_to(s);

	t_eq(gev_server_stop_on(s, SIGTERM, GEV_FOREVER), 0);
	t_eq(gev_server_stop_on(s, SIGUSR1, GEV_FOREVER), 0);
	t_fails(gev_server_stop_on(s, -1, 0), EINVAL);
	t_fails(gev_server_stop_on(s, SIGTERM, -2), EINVAL);
	settle();
	raise(SIGTERM);
	gev_sleep(GEV_MS(5));
	t_eq(gev_server_listener(s), -1);
	t_log_is("");
	raise(SIGTERM);
	t_eq(gev_server_serve_forever(s), 0);
	t_log_is("ECANCELED ");
	gev_close(fd);
	gev_server_free(s);
	t_eq(signal(SIGTERM, SIG_DFL) == SIG_DFL, true);
}

static void at_most_so_many(void)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo, .max = 2, .max_accept = 1 };
	gev_server *s = gev_server_new(&o);
	int a, b, c;
	char x;

	t_eq(gev_server_start(s), 0);
	a = connect_to(s);
	b = connect_to(s);
	c = connect_to(s);
	t_ok(answers(a) && answers(b));
	t_ok(!answers_in(c, GEV_MS(20)));
	t_eq(stats_of(s).accepted, 2);
	gev_close(a);
	t_eq(gev_recv(c, &x, 1, 0), 1); /* of the answer that was late */
	t_ok(answers(c));
	t_eq(stats_of(s).peak, 2);
	gev_close(b);
	gev_close(c);
	gev_server_free(s);
}

/* Two servers may share one. */
static void a_pool_of_ones_own(void)
{
	gev_pool pool = GEV_POOL_INIT(1);
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle = echo, .pool = &pool };
	gev_server *s = gev_server_new(&o), *t = gev_server_new(&o);
	int a, b;

	t_eq(gev_server_start(s), 0);
	t_eq(gev_server_start(t), 0);
	a = connect_to(s);
	t_ok(answers(a));
	t_eq(gev_pool_count(&pool), 1);
	b = connect_to(t);
	t_ok(!answers_in(b, GEV_MS(20)));
	gev_close(a);
	gev_close(b);
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_eq(gev_server_stop(t, GEV_SEC(5)), 0);
	t_eq(gev_pool_count(&pool), 0);
	gev_server_free(s);
	gev_server_free(t);
	t_eq(gev_pool_fini(&pool), 0);
}

static intptr_t stop_in_greenlet(void *s)
{
	return gev_server_stop(s, GEV_FOREVER);
}

/* Whoever stops it in vain has killed what there was. */
static void a_stop_that_is_killed(void)
{
	gev_server *s = serve(linger);
	int fd = connect_to(s);
	gev_greenlet *g;

	settle();
	g = gev_spawn(stop_in_greenlet, s);
	settle();
	t_log_is("");
	end(g);
	settle();
	t_log_is("ECANCELED ");
	t_eq(stats_of(s).handlers, 0);
	gev_close(fd);
	gev_server_free(s);
}

int main(void)
{
	T_RUN(echoes);
	T_RUN(what_handlers_get);
	T_RUN(a_handler_that_closes);
	T_RUN(bad_options);
	T_RUN(what_is_no_listener);
	T_RUN(a_taken_port);
	T_RUN(a_listener_that_was_given);
	T_RUN(unix_paths);
	T_RUN(stopped_and_started_again);
	T_RUN(accepting_stopped_for_a_while);
	T_RUN(closed_with_connections_open);
	T_RUN(connections_just_accepted);
	T_RUN(serving_forever);
	T_RUN(serving_until_killed);
	T_RUN(freed_while_serving);
	T_RUN(stopped_by_a_signal);
	T_RUN(at_most_so_many);
	T_RUN(a_pool_of_ones_own);
	T_RUN(a_stop_that_is_killed);
	T_RUN(stop_waits_for_handlers);
	T_RUN(stop_lets_handlers_end);
	T_RUN(handlers_that_do_not_end);
	gev_hub_destroy(GEV_DESTROY_LOOP); /* and its resolver */
	return t_done();
}
