/* SPDX-License-Identifier: MIT */
/* gev_wait_fd(); one reader, one writer; fairness. */
#include <gev/coro.h>
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include <signal.h>
#include "loop/state.h"
#include "pair.h"

#define BOTH (GEV_READ | GEV_WRITE)

static void what_is_ready(void)
{
	int fds[2];

	for (int sort = TCP4; sort <= UDP6; sort++) {
		make_pair(&gev_world, sort, fds);
		t_eq(gev_wait_fd(fds[0], BOTH, GEV_FOREVER), GEV_WRITE);
		t_eq(gev_wait_fd(fds[0], GEV_WRITE, 0), GEV_WRITE);
		t_fails(gev_wait_fd(fds[0], GEV_READ, 0), ETIMEDOUT);
		t_fails(gev_wait_fd(fds[0], GEV_READ, GEV_SEC(1)), ETIMEDOUT);
		t_eq(gev_send(fds[1], "x", 1, 0), 1);
		t_eq(gev_wait_fd(fds[0], BOTH, GEV_FOREVER), BOTH);
		t_eq(gev_wait_fd(fds[0], GEV_READ, GEV_FOREVER), GEV_READ);
		close_pair(&gev_world, fds);
	}
	for (int sort = PIPE; sort <= PTY; sort++) {
		make_pair(&gev_world, sort, fds);
		t_fails(gev_wait_fd(fds[0], GEV_READ, GEV_MS(1)), ETIMEDOUT);
		t_eq(gev_wait_fd(fds[1], GEV_WRITE, GEV_FOREVER), GEV_WRITE);
		t_eq(gev_write(fds[1], "x", 1), 1);
		t_eq(gev_wait_fd(fds[0], GEV_READ, GEV_FOREVER), GEV_READ);
		close_pair(&gev_world, fds);
	}
}

static void a_hang_up_is_both(void)
{
	int fds[2];

	make_pair(&gev_world, PIPE, fds);
	gev_close(fds[1]);
	t_eq(gev_wait_fd(fds[0], GEV_READ, GEV_FOREVER), GEV_READ);
	gev_close(fds[0]);
	make_pair(&gev_world, UNIX_STREAM, fds);
	gev_close(fds[1]);
	t_eq(gev_wait_fd(fds[0], BOTH, GEV_FOREVER), BOTH);
	gev_close(fds[0]);
}

/* It looks, it does not remember: levels, not edges. */
static void again_and_again(void)
{
	int fds[2];
	char c;

	make_pair(&gev_world, TCP4, fds);
	for (int i = 0; i < 3; i++) {
		t_eq(gev_send(fds[1], "ab", 2, 0), 2);
		t_eq(gev_wait_fd(fds[0], GEV_READ, GEV_FOREVER), GEV_READ);
		t_eq(gev_recv(fds[0], &c, 1, 0), 1);
		t_eq(gev_wait_fd(fds[0], GEV_READ, GEV_FOREVER), GEV_READ);
		t_eq(gev_recv(fds[0], &c, 1, 0), 1);
		t_fails(gev_wait_fd(fds[0], GEV_READ, GEV_MS(1)), ETIMEDOUT);
	}
	close_pair(&gev_world, fds);
}

static void what_it_does_not_take(void)
{
	int fds[2], file = open("/", O_RDONLY);

	make_pair(&gev_world, PIPE, fds);
	t_fails(gev_wait_fd(fds[0], 0, GEV_FOREVER), EINVAL);
	t_fails(gev_wait_fd(fds[0], 4, GEV_FOREVER), EINVAL);
	t_fails(gev_wait_fd(fds[0], GEV_READ, -2), EINVAL);
	t_fails(gev_wait_fd(-1, GEV_READ, GEV_FOREVER), EBADF);
	t_fails(gev_wait_fd(987, GEV_READ, 0), EBADF);
	t_fails(gev_wait_fd(INT32_MAX, GEV_READ, 0), EBADF);
	gev_forget(file);
	t_eq(gev_wait_fd(file, GEV_READ, 0), GEV_READ);
	t_eq(gev_wait_fd(file, BOTH, GEV_FOREVER), BOTH);
	t_eq(gev_wait_fd(fds[1], GEV_WRITE, INT64_MAX), GEV_WRITE);
	gev_close(file);
	close_pair(&gev_world, fds);
}

static void c72_closed_with_timeout_0(void)
{
	int fds[2];

	make_pair(&gev_world, TCP4, fds);
	close_pair(&gev_world, fds);
	t_fails(gev_wait_fd(fds[0], GEV_READ, 0), EBADF);
	t_fails(gev_wait_fd(fds[0], BOTH, GEV_SEC(1)), EBADF);
}

static void c41_closed_or_no_descriptor(void)
{
	int fds[2], again[2];

	make_pair(&gev_world, PIPE, fds);
	t_fails(gev_wait_fd(fds[0], GEV_READ, GEV_MS(1)), ETIMEDOUT);
	close_pair(&gev_world, fds);
	t_fails(gev_wait_fd(fds[0], GEV_READ, GEV_MS(1)), EBADF);
	t_fails(gev_wait_fd(-1, GEV_READ, GEV_MS(1)), EBADF);
	make_pair(&gev_world, PIPE, again);
	t_eq(again[0], fds[0]);
	t_fails(gev_wait_fd(again[0], GEV_READ, GEV_MS(1)), ETIMEDOUT);
	t_eq(gev_write(again[1], "x", 1), 1);
	t_eq(gev_wait_fd(again[0], GEV_READ, GEV_FOREVER), GEV_READ);
	close_pair(&gev_world, again);
}

static intptr_t close_later(void *arg)
{
	gev_sleep(GEV_MS(1));
	return gev_close(*(int *)arg);
}

static void c72_closed_meanwhile(void)
{
	int fds[2];

	for (int events = 1; events <= BOTH; events++) {
		make_pair(&gev_world, PIPE, fds);
		t_eq(gev_go(close_later, &fds[0]), 0);
		t_fails(gev_wait_fd(fds[0], events & GEV_READ ? events : BOTH,
			GEV_FOREVER), EBADF);
		t_eq(gev_close(fds[1]), 0);
	}
}

/* Somebody closes epoll's own descriptor: the loop gets another one. */
static void c43_backend_closed(void)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	int fds[2];
	char c;
	gev_timeout t;

	make_pair(&gev_world, TCP4, fds);
	gev_timeout_start(&t, GEV_MS(5));
	t_fails(gev_recv(fds[0], &c, 1, 0), ETIMEDOUT);
	gev_timeout_cancel(&t);
	close(loop->poll_fd);
	gev_timeout_start(&t, GEV_MS(5)); /* requests go on with a new one */
	t_eq(gev_recv(fds[0], &c, 1, 0), -1);
	gev_timeout_cancel(&t);
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	close_pair(&gev_world, fds);
}

struct side {
	int fd;
	long n;
};

#define MUCH (4 << 20)

static intptr_t pump_out(void *arg)
{
	static char buf[MUCH];
	struct side *s = arg;

	s->n = gev_send(s->fd, buf, sizeof(buf), 0);
	return 0;
}

static intptr_t pump_in(void *arg)
{
	static char buf[65536];
	struct side *s = arg;

	while (s->n < MUCH) {
		long r = gev_recv(s->fd, buf, sizeof(buf), 0);

		if (r <= 0)
			break;
		s->n += r;
	}
	return 0;
}

/* Both ends read and write at the same time. */
static void one_reader_and_one_writer(void)
{
	for (int sort = TCP4; sort <= UNIX_STREAM; sort++) {
		int fds[2];
		struct side s[4];
		gev_greenlet *g[4];

		make_pair(&gev_world, sort, fds);
		for (int i = 0; i < 4; i++) {
			s[i] = (struct side){ fds[i % 2], 0 };
			g[i] = gev_spawn(i < 2 ? pump_out : pump_in, &s[i]);
		}
		t_eq(gev_joinall(g, 4, GEV_FOREVER), 4);
		for (int i = 0; i < 4; i++) {
			t_eq(s[i].n, MUCH);
			gev_unref(g[i]);
		}
		close_pair(&gev_world, fds);
	}
}

static intptr_t pinger(void *arg)
{
	return gev_write(*(int *)arg, "x", 1);
}

static void main_reads(void)
{
	int fds[2];
	char c;

	make_pair(&gev_world, PIPE, fds);
	for (int i = 0; i < 10; i++) {
		t_eq(gev_go(pinger, &fds[1]), 0);
		t_eq(gev_read(fds[0], &c, 1), 1);
	}
	close_pair(&gev_world, fds);
}

static void *coroutine_reads(void *fds)
{
	char c = 0;

	t_eq(gev_read(*(int *)fds, &c, 1), 1);
	t_eq(c, 'x');
	return NULL;
}

/* A raw coroutine may wait; what it waits for goes on with it. */
static void a_coroutine_reads(void)
{
	int fds[2];
	gev_coro *c;

	make_pair(&gev_world, PIPE, fds);
	c = gev_coro_new(coroutine_reads, NULL);
	t_eq(gev_go(pinger, &fds[1]), 0);
	gev_coro_switch(c, fds);
	t_ok(gev_coro_dead(c));
	t_eq(gev_coro_free(c), 0);
	close_pair(&gev_world, fds);
}

static int counter;

static intptr_t flood(void *arg)
{
	int *fds = arg;
	char buf[64] = "";

	for (;;) {
		if (gev_send(fds[0], buf, sizeof(buf), 0) < 0 ||
			gev_recv(fds[1], buf, sizeof(buf), 0) < 0)
			return 0;
		counter++;
	}
}

/* What it would do if everybody else had to wait for it: never end. */
static void a_flood_starves_nobody(void)
{
	for (int sort = TCP4; sort <= PIPE; sort++) {
		int fds[2], quiet[2];
		gev_greenlet *g;
		char c;

		if (sort == UNIX_DGRAM || sort == PIPE)
			continue;
		make_pair(&gev_world, sort, fds);
		make_pair(&gev_world, sort, quiet);
		counter = 0;
		g = gev_spawn(flood, fds);
		for (int i = 0; i < 20; i++) {
			t_eq(gev_send(quiet[1], "x", 1, 0), 1);
			t_eq(gev_recv(quiet[0], &c, 1, 0), 1);
			t_eq(gev_yield(), 0);
		}
		t_ok(counter >= 10 && counter <= 20 * 64);
		gev_kill(g, 0);
		for (int i = 0; i < 100 && !gev_dead(g); i++)
			gev_yield();
		shutdown(fds[1], SHUT_RDWR);
		gev_close(fds[0]);
		gev_join(g, GEV_SEC(1));
		t_ok(gev_dead(g));
		gev_unref(g);
		gev_close(fds[1]);
		close_pair(&gev_world, quiet);
	}
}

static void timers_come_through_a_flood(void)
{
	int fds[2];
	gev_greenlet *g;

	make_pair(&gev_world, UNIX_STREAM, fds);
	g = gev_spawn(flood, fds);
	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
	t_eq(gev_sleep(GEV_MS(2)), 0);
	t_virtual();
	gev_close(fds[0]);
	gev_close(fds[1]);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static intptr_t accept_flood(void *arg)
{
	for (;;) {
		int fd = gev_accept(*(int *)arg, NULL, NULL);

		if (fd < 0)
			return 0;
		counter++;
		gev_close(fd);
	}
}

/* Connections that wait in the queue are accepted, but not all at once. */
static void accepting_is_fair(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET, &addr, &size), fds[120];
	gev_greenlet *g;

	for (int i = 0; i < 120; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		t_eq(connect(fds[i], (void *)&addr, size), 0);
	}
	counter = 0;
	g = gev_spawn(accept_flood, &l);
	gev_yield();
	t_ok(counter > 0 && counter <= 64);
	for (int i = 0; i < 10; i++)
		gev_yield();
	t_eq(counter, 120);
	gev_close(l);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	for (int i = 0; i < 120; i++)
		close(fds[i]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	t_virtual();
	T_RUN(what_is_ready);
	T_RUN(a_hang_up_is_both);
	T_RUN(again_and_again);
	T_RUN(what_it_does_not_take);
	T_RUN(c72_closed_with_timeout_0);
	T_RUN(c41_closed_or_no_descriptor);
	T_RUN(c72_closed_meanwhile);
	T_RUN(c43_backend_closed);
	T_RUN(one_reader_and_one_writer);
	T_RUN(main_reads);
	T_RUN(a_coroutine_reads);
	T_RUN(a_flood_starves_nobody);
	T_RUN(timers_come_through_a_flood);
	T_RUN(accepting_is_fair);
	return t_done();
}
