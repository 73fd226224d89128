/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait by request, where the loop takes them: however a wait ends,
 * nothing is lost, kept open or written to afterwards.  Without requests the
 * same must hold.
 */
#include <gev/hub.h>
#include <gev/timeout.h>
#include <signal.h>
#include <sys/wait.h>
#include "pair.h"

struct reader {
	int fd;
	char buf[64];
	long result;
	int error;
};

static intptr_t receive(void *arg)
{
	struct reader *r = arg;

	r->result = gev_recv(r->fd, r->buf, sizeof(r->buf), 0);
	r->error = errno;
	return 0;
}

static gev_greenlet *start(struct reader *r, int fd)
{
	gev_greenlet *g;

	*r = (struct reader){ .fd = fd };
	g = gev_spawn(receive, r);
	gev_yield();
	gev_yield();
	return g;
}

static void finish(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_SEC(5)), 0);
	gev_unref(g);
}

/* Data and the end of the wait come at the same time, in either order. */
static void what_came_is_received_or_left(void)
{
	for (int i = 0; i < 8; i++) {
		struct reader r;
		int fds[2];
		char buf[8];
		gev_greenlet *g;

		make_pair(&gev_world, i & 1 ? TCP4 : UNIX_STREAM, fds);
		g = start(&r, fds[0]);
		if (i & 2)
			gev_throw(g, EINTR);
		t_eq(send(fds[1], "data", 4, 0), 4);
		if (i & 4)
			gev_kill(g, 0);
		finish(g);
		if (r.result == 4)
			t_ok(!memcmp(r.buf, "data", 4));
		else
			t_eq(gev_recv(fds[0], buf, sizeof(buf), 0), 4);
		close_pair(&gev_world, fds);
	}
}

/* Neither before the kernel knows of the wait nor after is it the kernel's. */
static void a_killed_readers_buffer_is_left_alone(void)
{
	for (int yields = 0; yields < 3; yields++) {
		struct reader r = { 0 };
		int fds[2];
		char c;
		gev_greenlet *g;

		make_pair(&gev_world, TCP4, fds);
		r.fd = fds[0];
		g = gev_spawn(receive, &r);
		for (int i = 0; i < yields; i++)
			gev_yield();
		t_eq(gev_kill(g, GEV_FOREVER), 0);
		gev_unref(g);
		t_eq(send(fds[1], "x", 1, 0), 1);
		gev_sleep(GEV_MS(1));
		t_eq(r.buf[0], 0);
		t_eq(gev_recv(fds[0], &c, 1, 0), 1);
		close_pair(&gev_world, fds);
	}
}

static void a_timeout_loses_nothing(void)
{
	int fds[2];
	char buf[8];

	make_pair(&gev_world, TCP4, fds);
	for (int i = 0; i < 20; i++) {
		gev_timeout t;

		gev_timeout_start(&t, GEV_US(10));
		t_fails(gev_recv(fds[0], buf, sizeof(buf), 0), ETIMEDOUT);
		gev_timeout_cancel(&t);
		t_eq(send(fds[1], "x", 1, 0), 1);
		t_eq(gev_recv(fds[0], buf, sizeof(buf), 0), 1);
	}
	close_pair(&gev_world, fds);
}

/* The peer knows at once, though nobody has been in the loop since. */
static void closing_is_not_put_off(void)
{
	for (int sort = TCP4; sort <= UNIX_STREAM; sort++) {
		struct reader r;
		int fds[2];
		char c;
		gev_greenlet *g;

		make_pair(&gev_world, sort, fds);
		g = start(&r, fds[0]);
		t_eq(gev_close(fds[0]), 0);
		t_eq(recv(fds[1], &c, 1, 0), 0);
		finish(g);
		t_eq(r.result, -1);
		t_eq(r.error, EBADF);
		gev_close(fds[1]);
	}
}

static intptr_t accept_one(void *arg)
{
	return gev_accept(*(int *)arg, NULL, NULL);
}

static void a_listeners_port_is_free_at_once(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET, &addr, &size), second;
	gev_greenlet *g = gev_spawn(accept_one, &l);

	gev_yield();
	gev_yield();
	gev_close(l);
	second = socket(AF_INET, SOCK_STREAM, 0);
	t_eq(bind(second, (void *)&addr, size), 0);
	close(second);
	t_fails(gev_get(g, GEV_FOREVER), EBADF);
	gev_unref(g);
}

/* No connection that was accepted gets lost with who accepted it. */
static void a_killed_acceptor_leaves_the_connection(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET, &addr, &size);
	int c = socket(AF_INET, SOCK_STREAM, 0), s;
	gev_greenlet *g = gev_spawn(accept_one, &l);

	gev_yield();
	gev_yield();
	gev_kill(g, 0);
	t_eq(connect(c, (void *)&addr, size), 0);
	t_fails(gev_get(g, GEV_FOREVER), ECANCELED);
	gev_unref(g);
	s = gev_accept(l, NULL, NULL);
	t_ok(s >= 0);
	gev_close(s);
	close(c);
	gev_close(l);
}

struct rival {
	int listener;
	int accepted;
	atomic_int tid;
};

static void *accept_elsewhere(void *arg)
{
	struct rival *r = arg;
	gev_timeout t;

	gev_timeout_start(&t, GEV_SEC(5));
	r->tid = (int)syscall(SYS_gettid);
	r->accepted = gev_accept(r->listener, NULL, NULL);
	gev_timeout_cancel(&t);
	return NULL;
}

/* The first to be told does not live to accept: the other is told as well. */
static void a_killed_acceptor_keeps_it_from_nobody(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	struct rival r = { .accepted = -1 };
	int l = listener(&gev_world, AF_INET, &addr, &size);
	int c = socket(AF_INET, SOCK_STREAM, 0);
	gev_greenlet *g = gev_spawn(accept_one, &l);
	pthread_t thread;

	gev_yield();
	gev_yield();
	r.listener = l;
	t_eq(pthread_create(&thread, NULL, accept_elsewhere, &r), 0);
	while (!r.tid || !thread_sleeps(r.tid))
		usleep(1000);
	t_eq(connect(c, (void *)&addr, size), 0);
	gev_kill(g, 0);
	t_fails(gev_get(g, GEV_FOREVER), ECANCELED);
	gev_unref(g);
	pthread_join(thread, NULL);
	t_ok(r.accepted >= 0);
	gev_close(r.accepted);
	close(c);
	gev_close(l);
}

/* A child's death is not its parent's: what waits here goes on. */
static void a_fork_in_the_middle(void)
{
	struct reader r;
	int fds[2], status = -1;
	gev_greenlet *g;
	pid_t pid;

	make_pair(&gev_world, UNIX_STREAM, fds);
	g = start(&r, fds[0]);
	pid = gev_fork();
	if (pid == 0) {
		struct reader own;
		int pair[2];

		make_pair(&gev_world, TCP4, pair);
		g = start(&own, pair[0]);
		t_eq(gev_send(pair[1], "own", 3, 0), 3);
		finish(g);
		t_eq(own.result, 3);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_eq(gev_send(fds[1], "parent's", 8, 0), 8);
	finish(g);
	t_eq(r.result, 8);
	close_pair(&gev_world, fds);
}

static void *with_a_hub_of_its_own(void *arg)
{
	int *fds = arg;
	static struct reader r;

	gev_unref(start(&r, fds[0]));
	t_eq(gev_hub_destroy(0), 0);
	t_eq(send(fds[1], "x", 1, 0), 1);
	t_ok(gev_hub_get() != NULL); /* of the same loop */
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_eq(r.buf[0], 0);
	return NULL;
}

static void a_hubs_end_takes_its_requests_along(void)
{
	int fds[2];
	pthread_t thread;
	char c;

	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	t_eq(pthread_create(&thread, NULL, with_a_hub_of_its_own, fds), 0);
	pthread_join(thread, NULL);
	t_eq(recv(fds[0], &c, 1, MSG_DONTWAIT), 1);
	close(fds[0]);
	close(fds[1]);
}

static void a_broken_pipe_signals_when_it_breaks_in_the_wait(void)
{
	static char much[1 << 20];
	int fds[2];

	make_pair(&gev_world, UNIX_STREAM, fds);
	while (send(fds[0], much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	t_eq(shutdown(fds[1], SHUT_RD), 0);
	t_fails(gev_send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	close_pair(&gev_world, fds);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	t_virtual();
	T_RUN(what_came_is_received_or_left);
	T_RUN(a_killed_readers_buffer_is_left_alone);
	T_RUN(a_timeout_loses_nothing);
	T_RUN(closing_is_not_put_off);
	T_RUN(a_listeners_port_is_free_at_once);
	T_RUN(a_killed_acceptor_leaves_the_connection);
	T_RUN(a_killed_acceptor_keeps_it_from_nobody);
	T_RUN(a_fork_in_the_middle);
	T_RUN(a_hubs_end_takes_its_requests_along);
	T_RUN(a_broken_pipe_signals_when_it_breaks_in_the_wait);
	return t_done();
}
