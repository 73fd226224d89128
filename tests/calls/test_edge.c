/* SPDX-License-Identifier: MIT */
/* What edge-triggered epoll gets wrong if one lets it. */
#include <signal.h>
#include <sys/syscall.h>
#include "backend.h"
#include "base/inject.h"
#include "pair.h"

struct reader {
	int fd;
	char text[256];
	int error;
};

/* Reads to the end, a "|" between what each read gives. */
static intptr_t read_all(void *arg)
{
	struct reader *r = arg;
	char *at = r->text;
	long n;

	while ((n = gev_recv(r->fd, at, 64, 0)) > 0) {
		at += n;
		*at++ = '|';
	}
	r->error = n < 0 ? errno : 0;
	return 0;
}

/* One whose descriptor is registered, and parked. */
static gev_greenlet *start(struct reader *r, int fd)
{
	gev_greenlet *g;

	*r = (struct reader){ .fd = fd };
	g = gev_spawn(read_all, r);
	gev_yield();
	gev_yield();
	t_ok(!gev_dead(g));
	return g;
}

static void drop_bars(char *to, const char *from)
{
	for (; *from; from++)
		if (*from != '|')
			*to++ = *from;
	*to = '\0';
}

/* Requests may read sooner, and then less at a time. */
static void reads(const struct reader *r, const char *text)
{
	char actual[sizeof(r->text)], expected[sizeof(r->text)];

	if (calls_are_requests()) {
		drop_bars(actual, r->text);
		drop_bars(expected, text);
		t_str(actual, expected);
	} else {
		t_str(r->text, text);
	}
}

static void ended_with(gev_greenlet *g, const struct reader *r,
	const char *text)
{
	t_eq(gev_join(g, GEV_SEC(5)), 0);
	reads(r, text);
	t_eq(r->error, 0);
	gev_unref(g);
}

static void data_and_end_in_one_edge(void)
{
	for (int sort = TCP4; sort <= UNIX_SEQPACKET; sort++) {
		int fds[2];
		struct reader r;
		gev_greenlet *g;

		make_pair(&gev_world, sort, fds);
		g = start(&r, fds[0]);
		t_eq(send(fds[1], "data", 4, 0), 4);
		t_eq(gev_close(fds[1]), 0);
		ended_with(g, &r, "data|");
		t_eq(gev_close(fds[0]), 0);
	}
}

static void the_end_after_the_edge(void)
{
	for (int sort = TCP4; sort <= UNIX_SEQPACKET; sort++) {
		int fds[2];
		struct reader r;
		gev_greenlet *g;

		make_pair(&gev_world, sort, fds);
		g = start(&r, fds[0]);
		t_eq(send(fds[1], "data", 4, 0), 4);
		gev_yield();
		gev_yield();
		t_str(r.text, "data|");
		t_eq(shutdown(fds[1], SHUT_WR), 0);
		ended_with(g, &r, "data|");
		close_pair(&gev_world, fds);
	}
}

/* The end comes between the edge and the read that it woke somebody for. */
static intptr_t end_it(void *arg)
{
	int *fds = arg;
	char c;

	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	t_eq(send(fds[1], "more", 4, 0), 4);
	t_eq(shutdown(fds[1], SHUT_WR), 0);
	return 0;
}

static void the_end_before_the_read(void)
{
	for (int sort = TCP4; sort <= UNIX_STREAM; sort++) {
		int a[2], b[2], other[2];
		struct reader r;
		gev_greenlet *g;

		make_pair(&gev_world, sort, a);
		make_pair(&gev_world, sort, b);
		other[0] = b[0];
		other[1] = a[1];
		t_eq(gev_go(end_it, other), 0);
		g = start(&r, a[0]);
		t_eq(send(b[1], "x", 1, 0), 1); /* this edge is the first */
		t_eq(send(a[1], "some", 4, 0), 4);
		ended_with(g, &r, "somemore|");
		close_pair(&gev_world, a);
		close_pair(&gev_world, b);
	}
}

/* A read stops at the mark: short, but there is more. */
static void an_urgent_mark_splits_reads(void)
{
	for (int sort = TCP4; sort <= TCP6; sort++) {
		int fds[2];
		struct reader r;
		gev_greenlet *g;

		make_pair(&gev_world, sort, fds);
		g = start(&r, fds[0]);
		for (int i = 0; i < 3; i++) {
			t_eq(send(fds[1], "ab", 2, 0), 2);
			t_eq(send(fds[1], "!", 1, MSG_OOB), 1);
			t_eq(send(fds[1], "cd", 2, 0), 2);
			gev_yield();
			gev_yield();
		}
		if (!calls_are_requests())
			t_str(r.text, "ab|cd|ab|cd|ab|cd|");
		gev_close(fds[1]);
		ended_with(g, &r, "ab|cd|ab|cd|ab|cd|");
		gev_close(fds[0]);
	}
}

static void send_with_fd(int to, const char *text)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &to, sizeof(int));
	t_eq(sendmsg(to, &msg, 0), (long)iov.iov_len);
}

/* So does one at bytes that a descriptor came with. */
static void a_passed_descriptor_splits_reads(void)
{
	int fds[2];
	struct reader r;
	gev_greenlet *g;

	make_pair(&gev_world, UNIX_STREAM, fds);
	g = start(&r, fds[0]);
	send_with_fd(fds[1], "one");
	send_with_fd(fds[1], "two");
	t_eq(send(fds[1], "three", 5, 0), 5);
	gev_yield();
	gev_yield();
	t_str(r.text, "one|two|three|");
	gev_close(fds[1]);
	ended_with(g, &r, "one|two|three|");
	gev_close(fds[0]);
}

static void a_closed_pipe_ends_the_wait(void)
{
	for (int sort = PIPE; sort <= FIFO; sort++) {
		int fds[2];
		char c;

		make_pair(&gev_world, sort, fds);
		t_eq(gev_write(fds[1], "x", 1), 1);
		t_eq(gev_read(fds[0], &c, 1), 1);
		t_eq(gev_close(fds[1]), 0);
		t_eq(gev_read(fds[0], &c, 1), 0);
		t_eq(gev_close(fds[0]), 0);
	}
}

static intptr_t fill_up(void *arg)
{
	static char much[8 << 20];
	struct reader *w = arg;

	while (gev_write(w->fd, much, sizeof(much)) == sizeof(much))
		;
	gev_write(w->fd, much, 1);
	w->error = errno;
	return 0;
}

static void the_reader_leaves(void)
{
	static const int sorts[] = { TCP4, UNIX_STREAM, PIPE, FIFO };

	for (int i = 0; i < 4; i++) {
		int fds[2];
		struct reader w = { 0 };
		gev_greenlet *g;

		make_pair(&gev_world, sorts[i], fds);
		w.fd = fds[1];
		g = gev_spawn(fill_up, &w);
		gev_yield();
		gev_yield();
		t_ok(!gev_dead(g));
		t_eq(gev_close(fds[0]), 0);
		t_eq(gev_join(g, GEV_SEC(5)), 0);
		t_ok(w.error == EPIPE || w.error == ECONNRESET);
		gev_unref(g);
		t_eq(gev_close(fds[1]), 0);
	}
}

/* Once the peer has shut down its side, ours still waits when it is full. */
static void writing_after_the_peers_end(void)
{
	int fds[2];
	struct reader w = { 0 };
	static char sink[1 << 20];
	gev_greenlet *g;
	char c;
	long n = 0;

	make_pair(&gev_world, TCP4, fds);
	t_eq(gev_shutdown(fds[0], SHUT_WR), 0);
	t_eq(gev_read(fds[1], &c, 1), 0);
	w.fd = fds[1];
	g = gev_spawn(fill_up, &w);
	while (n < 20 << 20) { /* more than one write */
		long r = gev_read(fds[0], sink, sizeof(sink));

		if (!t_ok(r > 0))
			break;
		n += r;
	}
	t_ok(!gev_dead(g));
	gev_kill(g, GEV_FOREVER);
	gev_unref(g);
	close_pair(&gev_world, fds);
}

static intptr_t echo(void *arg)
{
	int fd = *(int *)arg;
	char buf[64];
	long n;

	while ((n = gev_recv(fd, buf, sizeof(buf), 0)) > 0)
		t_eq(gev_send(fd, buf, (size_t)n, 0), n);
	return 0;
}

static int count_calls(long nr, int fds[2])
{
	char buf[64];

	gev__inject = (struct gev__inject){ .nr = nr };
	for (int i = 0; i < 100; i++) {
		t_eq(gev_send(fds[0], "ping", 4, 0), 4);
		t_eq(gev_recv(fds[0], buf, sizeof(buf), 0), 4);
	}
	gev__inject.nr = -1;
	return gev__inject.calls;
}

/* A short read says drained: none is tried in vain, and epoll_ctl is done. */
static void no_call_is_in_vain(void)
{
	int fds[2];
	gev_greenlet *g;

	if (without_epoll())
		return;
	make_pair(&gev_world, TCP4, fds);
	g = gev_spawn(echo, &fds[1]);
	count_calls(-1, fds);
	t_eq(count_calls(SYS_recvfrom, fds), 200);
	t_eq(count_calls(SYS_sendto, fds), 200);
	t_eq(count_calls(SYS_epoll_ctl, fds), 0);
	gev_close(fds[0]);
	t_eq(gev_join(g, GEV_SEC(5)), 0);
	gev_unref(g);
	gev_close(fds[1]);
}

/* On AF_UNIX every message read makes the sender writable: nobody cares. */
static void unix_sockets_get_no_edges_for_nothing(void)
{
	int fds[2];
	gev_greenlet *g;

	make_pair(&gev_world, UNIX_STREAM, fds);
	g = gev_spawn(echo, &fds[1]);
	count_calls(-1, fds);
	t_eq(count_calls(SYS_epoll_ctl, fds), 0);
	t_ok(count_calls(SYS_epoll_pwait, fds) <= 201);
	gev_close(fds[0]);
	t_eq(gev_join(g, GEV_SEC(5)), 0);
	gev_unref(g);
	gev_close(fds[1]);
}

struct storm {
	int listener;
	int accepted;
};

static intptr_t accept_all(void *arg)
{
	struct storm *s = arg;
	int fd;

	while ((fd = gev_accept(s->listener, NULL, NULL)) >= 0) {
		s->accepted++;
		gev_close(fd);
	}
	return 0;
}

static void a_storm_of_connections(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	struct storm s = { listener(&gev_world, AF_INET, &addr, &size), 0 };
	gev_greenlet *g = gev_spawn(accept_all, &s);
	int fds[100];

	gev_yield();
	gev_yield();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			fds[i] = socket(AF_INET, SOCK_STREAM, 0);
			t_eq(connect(fds[i], (void *)&addr, size), 0);
		}
		for (int i = 0; i < 20 && s.accepted < 100 * (round + 1); i++)
			gev_yield();
		t_eq(s.accepted, 100 * (round + 1));
		for (int i = 0; i < 100; i++)
			close(fds[i]);
	}
	gev_close(s.listener);
	t_eq(gev_join(g, GEV_SEC(5)), 0);
	gev_unref(g);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	T_RUN(data_and_end_in_one_edge);
	T_RUN(the_end_after_the_edge);
	T_RUN(the_end_before_the_read);
	T_RUN(an_urgent_mark_splits_reads);
	T_RUN(a_passed_descriptor_splits_reads);
	T_RUN(a_closed_pipe_ends_the_wait);
	T_RUN(the_reader_leaves);
	T_RUN(writing_after_the_peers_end);
	T_RUN(no_call_is_in_vain);
	T_RUN(unix_sockets_get_no_edges_for_nothing);
	T_RUN(a_storm_of_connections);
	return t_done();
}
