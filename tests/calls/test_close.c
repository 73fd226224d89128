/* SPDX-License-Identifier: MIT */
/* Descriptors that go away, and numbers that are used again. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include "backend.h"
#include "pair.h"

struct reader {
	int fd;
	char buf[8];
	long result;
	int error;
};

static intptr_t read_some(void *arg)
{
	struct reader *r = arg;

	errno = 0;
	r->result = gev_read(r->fd, r->buf, sizeof(r->buf));
	r->error = errno;
	return 0;
}

static gev_greenlet *start(struct reader *r, int fd)
{
	gev_greenlet *g;

	*r = (struct reader){ .fd = fd };
	g = gev_spawn(read_some, r);
	gev_yield();
	gev_yield();
	t_ok(!gev_dead(g));
	return g;
}

static void finish(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_SEC(1)), 0);
	gev_unref(g);
}

static void got(gev_greenlet *g, struct reader *r, const char *text)
{
	finish(g);
	t_eq(r->result, (long)strlen(text));
	t_ok(!memcmp(r->buf, text, strlen(text)));
}

static void was_told(gev_greenlet *g, struct reader *r)
{
	finish(g);
	t_eq(r->result, -1);
	t_eq(r->error, EBADF);
}

/* Whichever life of a number it is, its waiters are told. */
static void close_tells_each_time(void)
{
	int fds[2], first = -1;
	struct reader r;

	for (int life = 0; life < 8; life++) {
		gev_greenlet *g;

		make_pair(&gev_world, life < 4 || life % 2 ? PIPE : TCP4, fds);
		if (life == 0)
			first = fds[0];
		g = start(&r, fds[0]);
		t_eq(gev_close(fds[0]), 0);
		was_told(g, &r);
		t_eq(gev_close(fds[1]), 0);
	}
	t_fails(gev_close(first), EBADF);
	t_fails(gev_read(first, &r.buf, 1), EBADF);
	t_fails(gev_wait_fd(first, GEV_READ, 0), EBADF);
}

struct thief {
	int fd;
	int new[2];
};

/*
 * Wakes up together with the reader, but before it.  The reader's data has
 * come, and the number is somebody else's: it must not read there.
 */
static intptr_t close_and_reuse(void *arg)
{
	struct thief *t = arg;

	t_eq(gev_wait_fd(t->new[0], GEV_READ, GEV_FOREVER), GEV_READ);
	gev_close(t->new[0]);
	gev_close(t->new[1]);
	gev_close(t->fd);
	make_pair(&gev_world, UNIX_STREAM, t->new);
	t_eq(gev_write(t->new[0], "new", 3), 3);
	t_eq(gev_write(t->new[1], "new", 3), 3);
	return 0;
}

static void woken_in_one_batch(void)
{
	int fds[2];
	struct thief t;
	struct reader r;
	gev_greenlet *first, *g;

	make_pair(&gev_world, UNIX_STREAM, fds);
	make_pair(&gev_world, UNIX_STREAM, t.new);
	t.fd = fds[0];
	first = gev_spawn(close_and_reuse, &t);
	g = start(&r, fds[0]);
	t_eq(write(t.new[1], "x", 1), 1);
	t_eq(write(fds[1], "old", 3), 3);
	if (calls_are_requests()) /* it was read while it was there */
		got(g, &r, "old");
	else
		was_told(g, &r);
	finish(first);
	close_pair(&gev_world, t.new);
	t_eq(gev_close(fds[1]), 0);
}

/* Closed behind our back; gev_accept() and gev_socket() know better. */
static void a_number_reused_by_gev(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET, &addr, &size);
	struct reader r;

	for (int i = 0; i < 3; i++) {
		int old[2], c, s;
		gev_greenlet *g;

		make_pair(&gev_world, TCP4, old);
		g = start(&r, old[0]);
		close(old[0]);
		close(old[1]);
		c = gev_socket(AF_INET, SOCK_STREAM, 0);
		t_eq(gev_connect(c, (void *)&addr, size), 0);
		s = gev_accept(l, NULL, NULL);
		t_ok(c == old[0] || s == old[0]);
		if (calls_are_requests()) /* the peer was closed, it learnt */
			got(g, &r, "");
		else
			was_told(g, &r);
		g = start(&r, s);
		t_eq(gev_send(c, "new", 3, 0), 3);
		got(g, &r, "new");
		g = start(&r, c);
		t_eq(gev_send(s, "back", 4, 0), 4);
		got(g, &r, "back");
		gev_close(c);
		gev_close(s);
	}
	gev_close(l);
}

static void a_number_that_is_forgotten(void)
{
	int fds[2], again[2];
	struct reader r;
	gev_greenlet *g;

	for (int i = 0; i < 3; i++) {
		make_pair(&gev_world, UNIX_STREAM, fds);
		g = start(&r, fds[0]);
		t_eq(gev_write(fds[1], "1", 1), 1);
		got(g, &r, "1");
		close(fds[0]);
		close(fds[1]);
		gev_forget(fds[0]);
		gev_forget(fds[1]);
		t_eq(pipe(again), 0);
		t_eq(again[0], fds[0]);
		g = start(&r, again[0]);
		t_eq(gev_write(again[1], "2", 1), 1);
		got(g, &r, "2");
		close_pair(&gev_world, again);
	}
	gev_forget(-1);
	gev_forget(1 << 30);
}

/* The kernel still watches the number while a copy of the file lives on. */
static void a_copy_keeps_the_file(void)
{
	int fds[2], p[2], copy;
	struct reader r;
	gev_greenlet *g;

	make_pair(&gev_world, UNIX_STREAM, fds);
	g = start(&r, fds[0]);
	copy = gev_dup(fds[0]);
	t_eq(gev_close(fds[0]), 0);
	was_told(g, &r);
	t_eq(gev_pipe(p), 0);
	t_eq(p[0], fds[0]);
	g = start(&r, p[0]);
	for (int i = 0; i < 100; i++) { /* events of the old one */
		char c;

		t_eq(gev_write(fds[1], "x", 1), 1);
		gev_yield();
		t_eq(gev_read(copy, &c, 1), 1);
	}
	t_ok(!gev_dead(g));
	t_eq(gev_write(p[1], "pipe", 4), 4);
	got(g, &r, "pipe");
	t_eq(gev_dup2(copy, p[0]), p[0]);
	g = start(&r, p[0]);
	t_eq(gev_write(fds[1], "back", 4), 4);
	got(g, &r, "back");
	close_pair(&gev_world, p);
	t_eq(gev_close(copy), 0);
	t_eq(gev_close(fds[1]), 0);
}

static void replacing_tells_who_waits(void)
{
	int a[2], b[2];
	struct reader r;
	gev_greenlet *g;

	make_pair(&gev_world, TCP4, a);
	make_pair(&gev_world, PIPE, b);
	g = start(&r, a[0]);
	t_fails(gev_dup2(987, a[0]), EBADF);
	t_fails(gev_dup3(b[0], a[0], O_APPEND), EINVAL);
	gev_yield();
	t_ok(!gev_dead(g)); /* nothing has happened to it */
	t_eq(gev_dup2(b[0], a[0]), a[0]);
	was_told(g, &r);
	g = start(&r, a[0]);
	t_eq(gev_write(b[1], "b", 1), 1);
	got(g, &r, "b");
	g = start(&r, a[0]);
	t_eq(gev_dup3(a[1], a[0], O_CLOEXEC), a[0]);
	was_told(g, &r);
	close_pair(&gev_world, a);
	close_pair(&gev_world, b);
}

static intptr_t write_much(void *arg)
{
	static char much[4 << 20];
	struct reader *r = arg;
	struct iovec iov[2] = { { much, 3 << 20 }, { much, 1 << 20 } };

	errno = 0;
	r->result = gev_writev(r->fd, iov, 2);
	r->error = errno;
	return 0;
}

/* Reader and writer of one descriptor are both told. */
static void both_sides_are_told(void)
{
	int fds[2];
	struct reader r, w;
	gev_greenlet *reader, *writer;

	make_pair(&gev_world, TCP4, fds);
	reader = start(&r, fds[0]);
	w.fd = fds[0];
	writer = gev_spawn(write_much, &w);
	gev_yield();
	gev_yield();
	t_eq(gev_close(fds[0]), 0);
	was_told(reader, &r);
	finish(writer);
	t_ok(w.result > 0 && w.result < 4 << 20);
	t_eq(gev_close(fds[1]), 0);
}

static intptr_t close_it(void *arg)
{
	return gev_close(*(int *)arg);
}

static void main_is_told_as_well(void)
{
	int fds[2];
	char c;

	make_pair(&gev_world, PIPE, fds);
	t_eq(gev_go(close_it, &fds[0]), 0);
	t_fails(gev_read(fds[0], &c, 1), EBADF);
	t_eq(gev_close(fds[1]), 0);
}

static int close_in_callback(void *arg)
{
	return gev_close(*(int *)arg);
}

static void closed_by_a_callback(void)
{
	int fds[2];
	char c;

	make_pair(&gev_world, UNIX_STREAM, fds);
	t_eq(gev_hub_post(gev_hub_get(), close_in_callback, &fds[0]), 0);
	t_fails(gev_recv(fds[0], &c, 1, 0), EBADF);
	t_eq(gev_close(fds[1]), 0);
}

int main(void)
{
	T_RUN(close_tells_each_time);
	T_RUN(woken_in_one_batch);
	T_RUN(a_number_reused_by_gev);
	T_RUN(a_number_that_is_forgotten);
	T_RUN(a_copy_keeps_the_file);
	T_RUN(replacing_tells_who_waits);
	T_RUN(both_sides_are_told);
	T_RUN(main_is_told_as_well);
	T_RUN(closed_by_a_callback);
	return t_done();
}
