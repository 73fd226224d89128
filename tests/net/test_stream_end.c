/* SPDX-License-Identifier: MIT */
/* Streams whose calls are ended: by timeouts, kills, close, errors. */
#include <fcntl.h>
#include <sys/syscall.h>
#include "base/inject.h"
#include "stream.h"

#define LARGE 300000

static char large[LARGE], got[2 * LARGE];

/* Ways to read the text "0123456789\n" that is there but for its end. */
static ssize_t by_line(gev_stream *s)
{
	char buf[16];

	return gev_stream_read_line(s, buf, sizeof(buf));
}

static ssize_t by_delimiter(gev_stream *s)
{
	char buf[16];

	return gev_stream_read_until(s, buf, sizeof(buf), "9\n", 2);
}

static ssize_t by_count(gev_stream *s)
{
	char buf[16];

	return gev_stream_read_all(s, buf, 11);
}

static ssize_t by_looking(gev_stream *s)
{
	const void *data;
	ssize_t n = gev_stream_peek(s, 11, &data);

	if (n > 0)
		t_eq(gev_stream_skip(s, (size_t)n), 0);
	return n;
}

static ssize_t (*const ways[])(gev_stream *s) = { by_line, by_delimiter,
	by_count, by_looking };

#define EACH_WAY(i) (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)

static void c71_settimeout(void)
{
	gev_time start;
	gev_stream *s;
	int fds[2];

	t_virtual();
	s = stream_of_pair(fds);
	t_eq(gev_stream_set_timeout(s, DELAY), 0);
	for EACH_WAY (i) {
		send_text(fds[1], "01234");
		start = now();
		t_fails(ways[i](s), ETIMEDOUT);
		t_eq(now() - start, DELAY);
		send_text(fds[1], "56789\n");
		t_eq(ways[i](s), 11);
	}
	t_eq(gev_stream_set_timeout(s, 0), 0);
	t_fails(gev_stream_read(s, got, 1), ETIMEDOUT);
	send_text(fds[1], "x");
	t_eq(gev_stream_read(s, got, 1), 1);
	t_fails(gev_stream_set_timeout(s, -2), EINVAL);
	t_fails(gev_stream_set_timeout(NULL, 0), EINVAL);
	close_both(s, fds[1]);
}

/* It bounds a call as a whole, however often there is some news. */
static intptr_t drip(void *fd)
{
	for (int i = 0; i < 8; i++) {
		send_text((int)(intptr_t)fd, "x");
		gev_sleep(TICK);
	}
	return 0;
}

static void a_slow_peer(void)
{
	gev_greenlet *g;
	gev_time start;
	gev_stream *s;
	int fds[2];

	t_virtual();
	s = stream_of_pair(fds);
	g = gev_spawn(drip, num(fds[1]));
	t_eq(gev_stream_set_timeout(s, DELAY), 0);
	start = now();
	t_fails(by_line(s), ETIMEDOUT);
	t_eq(now() - start, DELAY);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	t_eq(gev_stream_read_all(s, got, 8), 8);
	gev_unref(g);
	close_both(s, fds[1]);
}

static void outer_timeout(void)
{
	gev_timeout outer;
	gev_stream *s;
	int fds[2];

	t_virtual();
	s = stream_of_pair(fds);
	t_eq(gev_stream_set_timeout(s, DELAY), 0);
	gev_timeout_start(&outer, TICK);
	t_fails(by_line(s), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&outer));
	gev_timeout_start(&outer, 2 * DELAY);
	t_fails(by_line(s), ETIMEDOUT);
	t_ok(!gev_timeout_cancel(&outer));
	close_both(s, fds[1]);
}

struct reader {
	gev_stream *s;
	ssize_t (*way)(gev_stream *s);
};

static intptr_t read_in_a_way(void *arg)
{
	struct reader *r = arg;

	return r->way(r->s);
}

static void killed_readers_lose_nothing(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);

	for EACH_WAY (i) {
		struct reader r = { s, ways[i] };
		gev_greenlet *g = gev_spawn(read_in_a_way, &r);

		send_text(fds[1], "01234");
		settle();
		t_eq(gev_kill(g, GEV_FOREVER), 0);
		gev_unref(g);
		g = gev_spawn(read_in_a_way, &r);
		settle();
		t_eq(gev_throw(g, EPROTO), 0);
		t_fails(gev_get(g, GEV_FOREVER), EPROTO);
		gev_unref(g);
		send_text(fds[1], "56789\n");
		t_eq(ways[i](s), 11);
	}
	close_both(s, fds[1]);
}

/* Writes until it fails; how much was accepted. */
static intptr_t write_all_of_it(void *s)
{
	size_t at = 0;
	ssize_t n = 1;

	while (at < LARGE && n > 0) {
		size_t piece = LARGE - at < 5000 ? LARGE - at : 5000;

		n = gev_stream_write(s, large + at, piece);
		at += n > 0 ? (size_t)n : 0;
	}
	return (intptr_t)at;
}

static intptr_t flush(void *s)
{
	return gev_stream_flush(s);
}

static void fill_large(void)
{
	for (int i = 0; i < LARGE; i++)
		large[i] = (char)(i * 7 >> 2);
}

/* What was accepted, and no more, arrives in the end. */
static void nothing_was_lost(gev_stream *s, int fd, size_t accepted)
{
	gev_greenlet *g = gev_spawn(flush, s);
	gev_stream *r = gev_stream_open(fd, GEV_STREAM_KEEP);

	t_eq(gev_stream_read_all(r, got, accepted), (long long)accepted);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_fails(gev_recv(fd, got + accepted, 1, MSG_DONTWAIT), EAGAIN);
	t_ok(!memcmp(large, got, accepted));
	t_eq(gev_stream_close(r), 0);
}

static void a_writer_that_times_out(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	intptr_t n;

	t_virtual();
	fill_large();
	t_eq(gev_stream_set_timeout(s, DELAY), 0);
	n = write_all_of_it(s);
	t_eq(errno, ETIMEDOUT);
	t_ok(n > 0 && n < LARGE);
	t_fails(gev_stream_flush(s), ETIMEDOUT);
	t_eq(gev_stream_set_timeout(s, GEV_FOREVER), 0);
	nothing_was_lost(s, fds[1], (size_t)n);
	close_both(s, fds[1]);
}

static void a_writer_that_is_killed(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	gev_greenlet *g = gev_spawn(write_all_of_it, s);

	fill_large();
	settle();
	t_ok(!gev_dead(g));
	t_eq(gev_throw(g, EPROTO), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	nothing_was_lost(s, fds[1], (size_t)gev_value(g));
	gev_unref(g);
	close_both(s, fds[1]);
}

/* A write past the buffer says how much went. */
static intptr_t write_past(void *s)
{
	return gev_stream_write(s, large, LARGE);
}

static void part_of_a_large_write(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	intptr_t n;

	t_virtual();
	t_eq(gev_stream_set_timeout(s, DELAY), 0);
	n = write_past(s);
	t_ok(n > 0 && n < LARGE);
	t_fails(write_past(s), ETIMEDOUT);
	nothing_was_lost(s, fds[1], (size_t)n);
	close_both(s, fds[1]);
}

static void one_reader_and_one_writer(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	struct reader r = { s, by_line };
	gev_greenlet *reader = gev_spawn(read_in_a_way, &r);
	gev_greenlet *writer = gev_spawn(write_past, s);
	const void *data;
	char buf[16];

	settle();
	t_fails(gev_stream_read(s, buf, 1), EBUSY);
	t_fails(gev_stream_read_all(s, buf, 1), EBUSY);
	t_fails(by_line(s), EBUSY);
	t_fails(gev_stream_peek(s, 1, &data), EBUSY);
	t_fails(gev_stream_skip(s, 0), EBUSY);
	t_fails(gev_stream_write(s, buf, 1), EBUSY);
	t_fails(gev_stream_puts(s, "x"), EBUSY);
	t_fails(gev_stream_printf(s, "x"), EBUSY);
	t_fails(gev_stream_flush(s), EBUSY);
	send_text(fds[1], "0123456789\n");
	t_eq(gev_get(reader, GEV_FOREVER), 11);
	while (!gev_dead(writer))
		t_ok(gev_recv(fds[1], got, sizeof(got), 0) > 0);
	t_eq(gev_get(writer, GEV_FOREVER), LARGE);
	gev_unref(reader);
	gev_unref(writer);
	close_both(s, fds[1]);
}

static void closed_while_in_use(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	struct reader r = { s, by_line };
	gev_greenlet *reader = gev_spawn(read_in_a_way, &r);
	gev_greenlet *writer = gev_spawn(write_past, s);

	settle();
	t_fails(gev_stream_close(s), EBUSY);
	t_fails(gev_get(reader, GEV_FOREVER), EBADF);
	t_fails(gev_get(writer, GEV_FOREVER), EBADF);
	gev_unref(reader);
	gev_unref(writer);
	t_fails(fcntl(fds[0], F_GETFD), EBADF);
	gev_close(fds[1]);
}

static void c71_makefile_keeps_the_descriptor(void)
{
	gev_stream *s;
	int fds[2];
	char c;

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s = gev_stream_open(fds[0], GEV_STREAM_DUP);
	t_ok(gev_stream_fd(s) != fds[0]);
	t_ok(fcntl(gev_stream_fd(s), F_GETFD) & FD_CLOEXEC);
	t_eq(gev_close(fds[0]), 0);
	t_fails(gev_recv(fds[1], &c, 1, MSG_DONTWAIT), EAGAIN);
	t_eq(gev_stream_puts(s, "x"), 1);
	t_eq(gev_stream_close(s), 0);
	t_eq(gev_recv(fds[1], &c, 1, 0), 1);
	t_eq(gev_recv(fds[1], &c, 1, 0), 0);
	gev_close(fds[1]);
}

static void kept_open(void)
{
	gev_stream *s;
	int fds[2];

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s = gev_stream_open(fds[0], GEV_STREAM_KEEP);
	t_eq(gev_stream_fd(s), fds[0]);
	t_eq(gev_stream_close(s), 0);
	t_eq(gev_close(fds[0]), 0);
	gev_close(fds[1]);
}

static void a_peer_that_went_away(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);

	t_eq(gev_close(fds[1]), 0);
	t_eq(gev_stream_puts(s, "x"), 1);
	t_fails(gev_stream_flush(s), EPIPE);
	t_fails(gev_stream_write(s, large, LARGE), EPIPE);
	t_fails(gev_stream_close(s), EPIPE);
	t_fails(fcntl(fds[0], F_GETFD), EBADF);
}

/* Something of our own to stand on. */
struct thing {
	int read_error;
	int write_error;
	size_t takes;      /* bytes that a write takes before it fails */
	int close_error;
	int closed;
};

static int failed(int error)
{
	errno = error;
	return -1;
}

static ssize_t thing_read(void *object, void *buf, size_t size)
{
	struct thing *t = object;

	t_ok(size > 0);
	if (t->read_error)
		return failed(t->read_error);
	*(char *)buf = 'r';
	return 1;
}

static ssize_t thing_write(void *object, const void *buf, size_t size)
{
	struct thing *t = object;

	t_log("%.*s ", (int)size, (const char *)buf);
	if (!t->write_error)
		return (ssize_t)size;
	errno = t->write_error;
	return t->takes ? (ssize_t)t->takes : -1;
}

static int thing_close(void *object)
{
	struct thing *t = object;

	t->closed++;
	return t->close_error ? failed(t->close_error) : 0;
}

static const struct gev_stream_ops ops = { thing_read, thing_write,
	thing_close };

static void on_something_else(void)
{
	struct thing t = { 0 };
	gev_stream *s = gev_stream_open_ops(&ops, &t, 0);
	char buf[4];

	t_eq(gev_stream_fd(s), -1);
	t_eq(gev_stream_read_all(s, buf, 3), 3);
	t.read_error = EPROTO;
	t_fails(gev_stream_read(s, buf, 3), EPROTO);
	t_eq(gev_stream_puts(s, "abcd"), 4);
	t.write_error = EPROTO;
	t.takes = 3;
	t_fails(gev_stream_flush(s), EPROTO);
	t.takes = 0;
	t.close_error = EIO;
	t_fails(gev_stream_close(s), EPROTO);
	t_eq(t.closed, 1);
	t_log_is("abcd d ");

	s = gev_stream_open_ops(&ops, &t, 0);
	t_fails(gev_stream_close(s), EIO);
	s = gev_stream_open_ops(&ops, &t, GEV_STREAM_KEEP);
	t_eq(gev_stream_close(s), 0);
	t_eq(t.closed, 2);
}

static ssize_t read_nothing(void *object, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	t_ok(object == NULL);
	return 0;
}

static void on_nothing(void)
{
	const struct gev_stream_ops end = { read_nothing, thing_write, NULL };
	gev_stream *s = gev_stream_open_ops(&end, NULL, 0);
	char c;

	t_eq(gev_stream_read(s, &c, 1), 0);
	t_eq(gev_stream_close(s), 0);
}

static int in_callback(void *s)
{
	char c;

	t_fails(gev_stream_read(s, &c, 1), EDEADLK);
	t_eq(gev_stream_puts(s, "x"), 1);
	t_eq(gev_stream_flush(s), 0);
	t_log("called ");
	return 0;
}

static void in_a_loop_callback(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;
	int fds[2];
	gev_stream *s = stream_of_pair(fds);

	gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb, in_callback, s);
	settle();
	t_log_is("called ");
	close_both(s, fds[1]);
}

static void without_memory(void)
{
	int fds[2];
	gev_stream *s = stream_of_pair(fds);

	send_text(fds[1], "0123456789\n");
	t_eq(gev_stream_peek(s, 1, &(const void *){ NULL }), 11);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap, .error = -ENOMEM,
		.times = -1 };
	t_fails(gev_stream_read_all(s, large, LARGE), ENOMEM);
	t_fails(gev_stream_printf(s, "%20000d", 1), ENOMEM);
	gev__inject.nr = -1;
	t_fails(gev_stream_read_all(s, large, SIZE_MAX), ENOMEM);
	t_eq(by_line(s), 11);
	close_both(s, fds[1]);
}

static void bad_arguments(void)
{
	static const struct gev_stream_ops none;
	int fds[2];
	gev_stream *s = stream_of_pair(fds);
	char c;

	t_fails(gev_stream_open(-1, 0), EBADF);
	t_fails(gev_stream_open(fds[0], 4), EINVAL);
	t_fails(gev_stream_open(fds[0], GEV_STREAM_KEEP | GEV_STREAM_DUP),
		EINVAL);
	t_fails(gev_stream_open_ops(NULL, s, 0), EINVAL);
	t_fails(gev_stream_open_ops(&none, s, 0), EINVAL);
	t_fails(gev_stream_open_ops(&ops, s, GEV_STREAM_DUP), EINVAL);
	t_fails(gev_stream_read(NULL, &c, 1), EINVAL);
	t_fails(gev_stream_read_line(s, &c, 0), EINVAL);
	t_fails(gev_stream_read_until(s, &c, 1, "", 0), EINVAL);
	t_fails(gev_stream_peek(s, 1, NULL), EINVAL);
	t_fails(gev_stream_skip(NULL, 0), EINVAL);
	t_fails(gev_stream_write(NULL, &c, 1), EINVAL);
	t_fails(gev_stream_puts(s, NULL), EINVAL);
	t_fails(gev_stream_printf(s, NULL), EINVAL);
	t_fails(gev_stream_flush(NULL), EINVAL);
	t_eq(gev_stream_fd(NULL), -1);
	t_eq(gev_stream_close(NULL), 0);
	close_both(s, fds[1]);
}

int main(void)
{
	T_RUN(killed_readers_lose_nothing);
	T_RUN(a_writer_that_is_killed);
	T_RUN(one_reader_and_one_writer);
	T_RUN(closed_while_in_use);
	T_RUN(c71_makefile_keeps_the_descriptor);
	T_RUN(kept_open);
	T_RUN(a_peer_that_went_away);
	T_RUN(on_something_else);
	T_RUN(on_nothing);
	T_RUN(in_a_loop_callback);
	T_RUN(without_memory);
	T_RUN(bad_arguments);
	T_RUN(c71_settimeout);
	T_RUN(a_slow_peer);
	T_RUN(outer_timeout);
	T_RUN(a_writer_that_times_out);
	T_RUN(part_of_a_large_write);
	return t_done();
}
