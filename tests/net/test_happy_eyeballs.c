/* SPDX-License-Identifier: MIT */
/* Which of a host's addresses is connected to, and when. */
#include <netdb.h>
#include <sys/syscall.h>
#include "base/inject.h"
#include "net.h"
#include "net/tcp.h"

/* A port where nobody listens. */
static int closed_port;

/* Somebody who answers on all addresses, and two who never do. */
static int open_port, listener;
static struct hole hole, hole6;

static int fds_before;

static void begin(void)
{
	warm_up();
	listener = gev_tcp_listen(NULL, 0, -1);
	open_port = gev_socket_port(listener);
	hole_open(&hole, "127.0.0.1");
	hole_open(&hole6, "::1");
	t_virtual();
	fds_before = open_descriptors();
}

static void finish(void)
{
	t_eq(open_descriptors(), fds_before);
	hole_close(&hole);
	hole_close(&hole6);
	gev_close(listener);
}

/* A port that is bound, but that nobody listens on. */
static int refusing(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	t_eq(bind(fd, (void *)&addr, sizeof(addr)), 0);
	closed_port = gev_socket_port(fd);
	return fd;
}

#define MAX 24

/* A list of addresses, as gev_getaddrinfo() would give it. */
struct list {
	struct addrinfo ai[MAX];
	struct sockaddr_storage addr[MAX];
	int count;
};

static void add(struct list *l, const char *host, int port)
{
	int i = l->count++;
	gev_address a = { .port = port };
	socklen_t size;

	a.family = strchr(host, ':') ? AF_INET6 : AF_INET;
	strcpy(a.host, host);
	t_eq(gev_address_sockaddr(&a, &l->addr[i], &size), 0);
	l->ai[i] = (struct addrinfo){ .ai_family = a.family,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = (struct sockaddr *)&l->addr[i],
		.ai_addrlen = size };
	if (i > 0)
		l->ai[i - 1].ai_next = &l->ai[i];
}

/* Of a family that does not exist: there is no way to it. */
static void add_foreign(struct list *l)
{
	add(l, "127.0.0.1", 1);
	l->ai[l->count - 1].ai_family = AF_MAX + 1;
}

/* Connects, notes to whom, and closes. */
static void connects_to(struct list *l, const char *host)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char text[64] = "";
	int fd = gev__connect_any(l->ai, NULL);

	if (!t_ok(fd >= 0))
		return;
	t_eq(getpeername(fd, (void *)&peer, &size), 0);
	gev_address_format((void *)&peer, size, text, sizeof(text));
	*strrchr(text, ':') = '\0';
	t_str(text, host);
	t_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	t_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	gev_close(fd);
	gev_close(gev_accept(listener, NULL, NULL));
}

static void the_first_if_it_answers(void)
{
	struct list l = { .count = 0 };

	begin();
	add(&l, "127.0.0.1", open_port);
	add(&l, "::1", open_port);
	connects_to(&l, "127.0.0.1");
	finish();
}

static void the_next_at_once_if_it_is_refused(void)
{
	struct list l = { .count = 0 };
	gev_time start;
	int fd;

	begin();
	fd = refusing();
	add(&l, "127.0.0.1", closed_port);
	add(&l, "127.0.0.2", open_port);
	start = now();
	connects_to(&l, "127.0.0.2");
	t_eq(now() - start, 0);
	close(fd);
	finish();
}

static void the_next_after_a_while(void)
{
	struct list l = { .count = 0 };
	gev_time start;

	begin();
	add(&l, "127.0.0.1", hole.port);
	add(&l, "::1", hole6.port);
	add(&l, "127.0.0.2", open_port);
	start = now();
	connects_to(&l, "127.0.0.2");
	t_eq(now() - start, 2 * GEV_MS(250));
	finish();
}

static void families_in_turn(void)
{
	struct list l = { .count = 0 }, m = { .count = 0 };

	begin();
	add(&l, "127.0.0.1", hole.port);
	add(&l, "127.0.0.2", open_port);
	add(&l, "::1", open_port);
	connects_to(&l, "[::1]");
	add(&m, "::1", hole6.port);
	add(&m, "::1", hole6.port);
	add(&m, "127.0.0.1", hole.port);
	add(&m, "127.0.0.2", open_port);
	add(&m, "::1", open_port);
	connects_to(&m, "127.0.0.2");
	finish();
}

static void the_error_that_tells_most(void)
{
	struct list l = { .count = 0 }, m = { .count = 0 };
	int fd;

	begin();
	fd = refusing();
	add_foreign(&l);
	t_eq(gev__connect_any(l.ai, NULL), -EAFNOSUPPORT);
	add(&l, "127.0.0.1", closed_port);
	t_eq(gev__connect_any(l.ai, NULL), -ECONNREFUSED);
	add(&m, "127.0.0.1", closed_port);
	add_foreign(&m);
	t_eq(gev__connect_any(m.ai, NULL), -ECONNREFUSED);
	t_eq(gev__connect_any(NULL, NULL), -EADDRNOTAVAIL);
	close(fd);
	finish();
}

static void no_descriptor_left(void)
{
	struct list l = { .count = 0 };

	begin();
	add(&l, "127.0.0.1", open_port);
	add(&l, "::1", open_port);
	gev__inject = (struct gev__inject){ .nr = SYS_socket, .error = -EMFILE,
		.times = -1 };
	t_eq(gev__connect_any(l.ai, NULL), -EMFILE);
	t_eq(gev__inject.calls, 2);
	gev__inject.nr = -1;
	finish();
}

static void more_holes_than_are_tried(void)
{
	struct list l = { .count = 0 };
	gev_timeout t;
	gev_time start;

	begin();
	for (int i = 0; i < MAX; i++)
		add(&l, "127.0.0.1", hole.port);
	gev_timeout_start(&t, GEV_SEC(10));
	start = now();
	t_eq(gev__connect_any(l.ai, NULL), -ETIMEDOUT);
	t_eq(now() - start, GEV_SEC(10));
	t_ok(gev_timeout_cancel(&t));
	finish();
}

static intptr_t connect_to(void *l)
{
	return gev__connect_any(((struct list *)l)->ai, NULL);
}

static void killed_with_two_under_way(void)
{
	struct list l = { .count = 0 };
	gev_greenlet *g;

	begin();
	add(&l, "127.0.0.1", hole.port);
	add(&l, "::1", hole6.port);
	g = gev_spawn(connect_to, &l);
	t_eq(gev_sleep(GEV_MS(400)), 0);
	t_eq(open_descriptors(), fds_before + 2);
	t_eq(gev_throw(g, EPROTO), 0);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	gev_unref(g);
	finish();
}

/* Waiting takes no turns of the loop. */
static void no_busy_loop(void)
{
	struct list l = { .count = 0 };
	struct gev_hub_stats before, after;
	gev_timeout t;

	begin();
	add(&l, "127.0.0.1", hole.port);
	add(&l, "::1", hole6.port);
	gev_hub_get_stats(gev_hub_get(), &before);
	gev_timeout_start(&t, GEV_SEC(100));
	t_eq(gev__connect_any(l.ai, NULL), -ETIMEDOUT);
	gev_timeout_cancel(&t);
	gev_hub_get_stats(gev_hub_get(), &after);
	t_ok(after.iterations - before.iterations < 20);
	finish();
}

int main(void)
{
	T_RUN(the_first_if_it_answers);
	T_RUN(the_next_at_once_if_it_is_refused);
	T_RUN(the_next_after_a_while);
	T_RUN(families_in_turn);
	T_RUN(the_error_that_tells_most);
	T_RUN(no_descriptor_left);
	T_RUN(more_holes_than_are_tried);
	T_RUN(killed_with_two_under_way);
	T_RUN(no_busy_loop);
	return t_done();
}
