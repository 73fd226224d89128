/* SPDX-License-Identifier: MIT */
/* gev_sendfile(), gev_splice(), gev_tee(): slow peers, ends and errors. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include "base/inject.h"
#include "pair.h"

#define SIZE (3 << 20)

static int file;
static char text[SIZE];

static ssize_t sendfile_in(const struct world *w, int out, int in, off_t *at,
	size_t size)
{
	return w == &gev_world ? gev_sendfile(out, in, at, size) :
				 sendfile(out, in, at, size);
}

static ssize_t splice_in(const struct world *w, int in, int out, size_t size,
	unsigned flags)
{
	return w == &gev_world ? gev_splice(in, NULL, out, NULL, size, flags) :
				 splice(in, NULL, out, NULL, size, flags);
}

static ssize_t tee_in(const struct world *w, int in, int out, size_t size,
	unsigned flags)
{
	return w == &gev_world ? gev_tee(in, out, size, flags) :
				 tee(in, out, size, flags);
}

/* Reads to the end, and compares. */
static void read_all(struct actor *self)
{
	char buf[8192];
	ssize_t n;

	while ((n = self->w->read(self->fd, buf, sizeof(buf))) > 0) {
		t_ok(memcmp(buf, text + self->result, (size_t)n) == 0);
		self->result += n;
	}
	t_eq(n, 0);
}

static enum sort sort;

static void send_it(const struct world *w)
{
	struct actor a = { .fn = read_all, .w = w };
	off_t offset = 0;
	int fds[2];

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	NOTE(sendfile_in(w, fds[1], file, &offset, 0));
	NOTE(sendfile_in(w, fds[1], file, &offset, SIZE - 10));
	t_log("%ld ", (long)offset);
	NOTE(lseek(file, offset, SEEK_SET));
	NOTE(sendfile_in(w, fds[1], file, NULL, 100)); /* there are but 10 */
	NOTE(lseek(file, 0, SEEK_CUR));
	NOTE(sendfile_in(w, fds[1], file, NULL, 100));
	t_eq(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	t_eq(w->close(fds[1]), 0);
	w->join(&a);
	t_log("%ld", a.result);
	t_eq(w->close(fds[0]), 0);
}

static void sendfile_sends_all(void)
{
	for (sort = TCP4; sort <= UNIX_STREAM; sort++)
		same(send_it);
}

static void fill_pipe(const struct world *w)
{
	int fds[2];
	off_t offset = 0;

	make_pair(w, PIPE, fds);
	NOTE(sendfile_in(w, fds[1], file, &offset, SIZE));
	t_log("%ld", (long)offset);
	t_eq(w->close(fds[0]), 0);
	t_eq(w->close(fds[1]), 0);
}

static void a_pipe_gets_what_it_takes(void)
{
	same(fill_pipe);
}

/* What was sent is counted, and where the file stands says the same. */
static void half_way(enum sort s)
{
	gev_timeout t;
	off_t offset = 0;
	int fds[2], size = 65536;
	ssize_t n;

	make_pair(&gev_world, s, fds);
	setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	gev_timeout_start(&t, GEV_MS(100));
	n = gev_sendfile(fds[1], file, &offset, SIZE);
	t_ok(gev_timeout_cancel(&t));
	t_ok(n > 0 && n < SIZE);
	t_eq(offset, n);
	t_eq(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	gev_timeout_start(&t, GEV_MS(100));
	t_fails(gev_sendfile(fds[1], file, &offset, SIZE), ETIMEDOUT);
	gev_timeout_cancel(&t);
	t_eq(offset, n);
	t_eq(gev_fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	t_fails(gev_sendfile(fds[1], file, &offset, SIZE), EAGAIN);
	close_pair(&gev_world, fds);
}

static void a_peer_that_does_not_read(void)
{
	half_way(TCP4);
	half_way(UNIX_STREAM);
}

static void mistakes(const struct world *w)
{
	int fds[2];
	off_t offset = -1;

	make_pair(w, UNIX_STREAM, fds);
	NOTE(sendfile_in(w, -1, file, NULL, 1));
	NOTE(sendfile_in(w, fds[1], -1, NULL, 1));
	NOTE(sendfile_in(w, fds[1], fds[0], NULL, 1));
	NOTE(sendfile_in(w, fds[1], file, &offset, 1));
	NOTE(splice_in(w, -1, fds[1], 1, 0));
	NOTE(splice_in(w, fds[1], -1, 1, 0));
	NOTE(splice_in(w, fds[0], fds[1], 1, 0));
	NOTE(tee_in(w, fds[0], fds[1], 1, 0));
	close_pair(w, fds);
	make_pair(w, PIPE, fds);
	NOTE(splice_in(w, fds[1], fds[0], 1, 0));
	NOTE(splice_in(w, fds[0], fds[1], 1, 0));
	NOTE(splice_in(w, fds[0], fds[1], 0, 0));
	NOTE(tee_in(w, fds[0], fds[1], 1, 0));
	close_pair(w, fds);
}

static void errors(void)
{
	same(mistakes);
}

struct pump {
	struct actor a;
	int in, out;
};

static void pump(struct actor *self)
{
	struct pump *p = (struct pump *)self;
	ssize_t n;

	while ((n = splice_in(self->w, p->in, p->out, 65536, 0)) > 0)
		self->result += n;
	t_eq(n, 0);
	t_eq(self->w->close(p->out), 0);
}

/* file -> socket -> pipe -> socket, each one slower than the last. */
static void relay(const struct world *w)
{
	struct actor reader = { .fn = read_all, .w = w };
	int first[2], middle[2], last[2];
	struct pump one, two;
	off_t offset = 0;

	make_pair(w, sort, first);
	make_pair(w, PIPE, middle);
	make_pair(w, sort, last);
	one = (struct pump){ { .fn = pump, .w = w }, first[0], middle[1] };
	two = (struct pump){ { .fn = pump, .w = w }, middle[0], last[1] };
	reader.fd = last[0];
	w->start(&one.a);
	w->start(&two.a);
	w->start(&reader);
	NOTE(sendfile_in(w, first[1], file, &offset, SIZE));
	t_eq(w->close(first[1]), 0);
	w->join(&one.a);
	w->join(&two.a);
	w->join(&reader);
	t_log("%ld %ld %ld", one.a.result, two.a.result, reader.result);
	t_eq(w->close(first[0]), 0);
	t_eq(w->close(middle[0]), 0);
	t_eq(w->close(last[0]), 0);
}

static void splice_relays(void)
{
	sort = TCP4;
	same(relay);
	sort = UNIX_STREAM;
	same(relay);
}

static void nonblocking(const struct world *w)
{
	int from[2], to[2], sock[2];

	make_pair(w, PIPE, from);
	make_pair(w, PIPE, to);
	make_pair(w, UNIX_STREAM, sock);
	NOTE(splice_in(w, from[0], to[1], 10, SPLICE_F_NONBLOCK));
	NOTE(tee_in(w, from[0], to[1], 10, SPLICE_F_NONBLOCK));
	t_eq(w->write(from[1], "hello", 5), 5);
	NOTE(tee_in(w, from[0], to[1], 3, SPLICE_F_NONBLOCK));
	NOTE(splice_in(w, from[0], to[1], 10, SPLICE_F_NONBLOCK));
	NOTE(splice_in(w, to[0], sock[1], 100, SPLICE_F_NONBLOCK));
	NOTE(splice_in(w, sock[0], from[1], 100, SPLICE_F_NONBLOCK));
	w->fcntl(sock[0], F_SETFL, O_NONBLOCK);
	NOTE(splice_in(w, sock[0], from[1], 100, 0));
	w->fcntl(from[0], F_SETFL, O_NONBLOCK);
	NOTE(splice_in(w, from[0], to[1], 100, 0));
	NOTE(splice_in(w, from[0], to[1], 100, 0));
	t_eq(w->close(from[1]), 0);
	NOTE(splice_in(w, from[0], to[1], 100, 0));
	NOTE(tee_in(w, from[0], to[1], 100, 0));
	t_eq(w->close(from[0]), 0);
	close_pair(w, to);
	close_pair(w, sock);
}

static void who_must_not_wait_does_not(void)
{
	same(nonblocking);
}

static intptr_t splice_on(void *arg)
{
	int *fds = arg;

	errno = 0;
	return gev_splice(fds[0], NULL, fds[1], NULL, 10, 0) + 1000 * errno;
}

/* Whichever end it is, and whichever it waits for. */
static void either_end_is_closed(void)
{
	for (int closed = 0; closed < 2; closed++) {
		int from[2], to[2], fds[2];
		gev_greenlet *g;

		make_pair(&gev_world, PIPE, from);
		make_pair(&gev_world, TCP4, to);
		fds[0] = from[0];
		fds[1] = to[1];
		g = gev_spawn(splice_on, fds);
		gev_sleep(GEV_MS(1));
		t_ok(!gev_dead(g));
		gev_close(fds[closed]);
		t_eq(gev_get(g, GEV_SEC(1)), 1000 * EBADF - 1);
		gev_unref(g);
		gev_close(fds[!closed]);
		gev_close(from[1]);
		gev_close(to[0]);
	}
}

static void socket_timeouts(void)
{
	struct timeval tv = { 2, 0 };
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	gev_time start = gev_loop_update(loop);
	int to[2], from[2];

	make_pair(&gev_world, TCP4, from);
	make_pair(&gev_world, PIPE, to);
	gev_setsockopt(from[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	t_fails(gev_splice(from[0], NULL, to[1], NULL, 10, 0), EAGAIN);
	t_eq(gev_loop_update(loop) - start, GEV_SEC(2));
	close_pair(&gev_world, from);
	close_pair(&gev_world, to);
}

static void calls_that_fail(void)
{
	off_t offset = 0;
	int fds[2];

	make_pair(&gev_world, TCP4, fds);
	gev__inject = (struct gev__inject){ .nr = SYS_sendfile,
		.error = -EIO, .after = 1, .times = 1 };
	t_ok(gev_sendfile(fds[1], file, &offset, SIZE) > 0);
	gev__inject = (struct gev__inject){ .nr = SYS_fcntl,
		.error = -ENOMEM, .times = 1 };
	t_fails(gev_sendfile(fds[1], file, &offset, SIZE), ENOMEM);
	gev__inject.nr = -1;
	close_pair(&gev_world, fds);
}

int main(void)
{
	file = memfd_create("file", 0);
	for (int i = 0; i < SIZE; i++)
		text[i] = (char)(i * 31 + i / 4096);
	t_eq(write(file, text, SIZE), SIZE);
	T_RUN(sendfile_sends_all);
	T_RUN(a_pipe_gets_what_it_takes);
	T_RUN(errors);
	T_RUN(splice_relays);
	T_RUN(who_must_not_wait_does_not);
	t_virtual();
	T_RUN(a_peer_that_does_not_read);
	T_RUN(either_end_is_closed);
	T_RUN(socket_timeouts);
	T_RUN(calls_that_fail);
	return t_done();
}
