/* SPDX-License-Identifier: MIT */
/* What ends a wait but the event waited for: the same for every call. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/poll.h>
#include <gev/timeout.h>
#include <sys/file.h>
#include <sys/mman.h>
#include "pair.h"

#define BIG (8 << 20)

static char big[BIG];
static struct sockaddr_storage stuck;
static socklen_t stuck_size;
static int fillers[2];

static long call_read(int fd)
{
	char c;

	return gev_read(fd, &c, 1);
}

static long call_readv(int fd)
{
	char c;

	return gev_readv(fd, &(struct iovec){ &c, 1 }, 1);
}

static long call_recv(int fd)
{
	char c;

	return gev_recv(fd, &c, 1, 0);
}

static long call_recvfrom(int fd)
{
	char c;

	return gev_recvfrom(fd, &c, 1, MSG_WAITALL, NULL, NULL);
}

static long call_recvmsg(int fd)
{
	char c;
	struct iovec iov = { &c, 1 };

	return gev_recvmsg(fd, &(struct msghdr){ .msg_iov = &iov,
		.msg_iovlen = 1 }, 0);
}

static long call_write(int fd)
{
	return gev_write(fd, big, 100);
}

static long call_writev(int fd)
{
	return gev_writev(fd, &(struct iovec){ big, 100 }, 1);
}

static long call_send(int fd)
{
	return gev_send(fd, big, 100, 0);
}

static long call_sendto(int fd)
{
	return gev_sendto(fd, big, 100, 0, NULL, 0);
}

static long call_sendmsg(int fd)
{
	struct iovec iov = { big, 100 };

	return gev_sendmsg(fd, &(struct msghdr){ .msg_iov = &iov,
		.msg_iovlen = 1 }, 0);
}

static long call_sendall(int fd)
{
	return gev_sendall(fd, big, 100, 0, GEV_FOREVER, NULL);
}

static long call_accept(int fd)
{
	return gev_accept(fd, NULL, NULL);
}

static long call_connect(int fd)
{
	return gev_connect(fd, (void *)&stuck, stuck_size);
}

static long call_wait_read(int fd)
{
	return gev_wait_fd(fd, GEV_READ, GEV_FOREVER);
}

static long call_wait_write(int fd)
{
	return gev_wait_fd(fd, GEV_WRITE, GEV_FOREVER);
}

static long poll_for(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };
	int r = gev_poll(&p, 1, -1);

	if (r <= 0 || p.revents != POLLNVAL)
		return r;
	errno = EBADF;
	return -1;
}

static long call_poll_read(int fd)
{
	return poll_for(fd, POLLIN);
}

static long call_poll_write(int fd)
{
	return poll_for(fd, POLLOUT);
}

static long call_select(int fd)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	return gev_select(fd + 1, &in, NULL, NULL, NULL);
}

static long call_pselect(int fd)
{
	fd_set out;
	sigset_t mask;

	sigemptyset(&mask);
	FD_ZERO(&out);
	FD_SET(fd, &out);
	return gev_pselect(fd + 1, NULL, &out, NULL, NULL, &mask);
}

static long call_epoll_wait(int fd)
{
	struct epoll_event ev;

	return gev_epoll_wait(fd, &ev, 1, -1);
}

static long call_recvmmsg(int fd)
{
	char c;
	struct iovec iov = { &c, 1 };
	struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov,
		.msg_iovlen = 1 } };

	return gev_recvmmsg(fd, &msg, 1, 0, NULL);
}

static long call_sendmmsg(int fd)
{
	struct iovec iov = { big, 100 };
	struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov,
		.msg_iovlen = 1 } };

	return gev_sendmmsg(fd, &msg, 1, 0);
}

static int file;         /* that has some bytes */
static int empty[2];     /* a pipe */
static int has_data[2];  /* one in which some is left */

static long call_sendfile(int fd)
{
	off_t offset = 0;

	return gev_sendfile(fd, file, &offset, 100);
}

static long call_splice_from(int fd)
{
	return gev_splice(fd, NULL, empty[1], NULL, 1, 0);
}

static long call_splice_to(int fd)
{
	return gev_splice(has_data[0], NULL, fd, NULL, 1, 0);
}

static long call_tee(int fd)
{
	return gev_tee(fd, empty[1], 1, 0);
}

static long call_flock(int fd)
{
	return gev_flock(fd, LOCK_EX);
}

static long call_setlkw(int fd)
{
	struct flock all = { .l_type = F_WRLCK };

	return gev_fcntl(fd, F_OFD_SETLKW, &all);
}

enum { LISTENER = SORTS, UNCONNECTED, EPOLL, LOCKED };

/* Calls that would wait; the descriptor of a pair is the first one, or 1. */
static const struct waiting {
	const char *name;
	long (*call)(int fd);
	int sort;
	int side;
} calls[] = {
	{ "read", call_read, TCP4, 0 },
	{ "read", call_read, PIPE, 0 },
	{ "read", call_read, FIFO, 0 },
	{ "read", call_read, PTY, 0 },
	{ "readv", call_readv, UNIX_STREAM, 0 },
	{ "readv", call_readv, PIPE, 0 },
	{ "recv", call_recv, TCP6, 0 },
	{ "recv", call_recv, UDP4, 0 },
	{ "recvfrom", call_recvfrom, UNIX_STREAM, 0 },
	{ "recvmsg", call_recvmsg, TCP4, 0 },
	{ "recvmsg", call_recvmsg, UNIX_SEQPACKET, 0 },
	{ "wait_fd", call_wait_read, TCP4, 0 },
	{ "wait_fd", call_wait_read, PIPE, 0 },
	{ "accept", call_accept, LISTENER, 0 },
	{ "write", call_write, TCP4, 1 },
	{ "write", call_write, PIPE, 1 },
	{ "write", call_write, FIFO, 1 },
	{ "writev", call_writev, PIPE, 1 },
	{ "writev", call_writev, UNIX_STREAM, 1 },
	{ "send", call_send, TCP4, 1 },
	{ "send", call_send, UNIX_DGRAM, 1 },
	{ "sendto", call_sendto, TCP6, 1 },
	{ "sendmsg", call_sendmsg, TCP4, 1 },
	{ "sendall", call_sendall, TCP4, 1 },
	{ "wait_fd", call_wait_write, PIPE, 1 },
	{ "connect", call_connect, UNCONNECTED, 1 },
	{ "poll", call_poll_read, TCP4, 0 },
	{ "poll", call_poll_read, PTY, 0 },
	{ "poll", call_poll_read, LISTENER, 0 },
	{ "poll", call_poll_write, PIPE, 1 },
	{ "select", call_select, UDP4, 0 },
	{ "pselect", call_pselect, UNIX_STREAM, 1 },
	{ "epoll_wait", call_epoll_wait, EPOLL, 0 },
	{ "recvmmsg", call_recvmmsg, UDP4, 0 },
	{ "recvmmsg", call_recvmmsg, TCP4, 0 },
	{ "sendmmsg", call_sendmmsg, UNIX_DGRAM, 1 },
	{ "send", call_sendmmsg, UNIX_STREAM, 1 },
	{ "sendfile", call_sendfile, TCP4, 1 },
	{ "sendfile", call_sendfile, UNIX_STREAM, 1 },
	{ "sendfile", call_sendfile, PIPE, 1 },
	{ "splice", call_splice_from, PIPE, 0 },
	{ "splice", call_splice_from, FIFO, 0 },
	{ "splice", call_splice_from, TCP4, 0 },
	{ "splice", call_splice_from, UNIX_STREAM, 0 },
	{ "splice", call_splice_to, PIPE, 1 },
	{ "splice", call_splice_to, TCP4, 1 },
	{ "splice", call_splice_to, UNIX_STREAM, 1 },
	{ "tee", call_tee, PIPE, 0 },
	{ "flock", call_flock, LOCKED, 0 },
	{ "fcntl", call_setlkw, LOCKED, 0 },
};

/* Others may do the same meanwhile. */
static bool shares(const struct waiting *w)
{
	return w->call == call_poll_read || w->call == call_poll_write ||
	       w->call == call_select || w->call == call_pselect ||
	       w->call == call_epoll_wait || w->call == call_splice_from ||
	       w->call == call_splice_to || w->call == call_tee ||
	       w->call == call_flock || w->call == call_setlkw;
}

#define CALLS (sizeof(calls) / sizeof(*calls))

struct setting {
	const struct waiting *call;
	int fds[2];
	int fd;
	long result;
	int error;
};

static void fill(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	for (int size = 65536; size; size /= 2)
		while (write(fd, big, (size_t)size) > 0)
			;
	fcntl(fd, F_SETFL, flags);
}

/* The file twice; the second one has locked it. */
static void open_locked(int fds[2])
{
	struct flock all = { .l_type = F_WRLCK };
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	for (int i = 0; i < 2; i++) {
		fds[i] = open(path, O_RDWR);
		gev_forget(fds[i]);
	}
	t_eq(flock(fds[1], LOCK_EX), 0);
	t_eq(fcntl(fds[1], F_OFD_SETLK, &all), 0);
}

static void set_up(struct setting *s, const struct waiting *call)
{
	struct sockaddr_storage addr;
	socklen_t size;

	*s = (struct setting){ .call = call, .fds = { -1, -1 } };
	if (call->sort == LISTENER) {
		s->fds[0] = listener(&gev_world, AF_INET, &addr, &size);
	} else if (call->sort == EPOLL) {
		s->fds[0] = epoll_create1(EPOLL_CLOEXEC);
		gev_forget(s->fds[0]);
	} else if (call->sort == LOCKED) {
		open_locked(s->fds);
	} else if (call->sort == UNCONNECTED) {
		s->fds[1] = gev_socket(AF_INET, SOCK_STREAM, 0);
	} else {
		make_pair(&gev_world, call->sort, s->fds);
		if (call->side == 1)
			fill(s->fds[1]);
	}
	s->fd = s->fds[call->side];
}

static void tear_down(struct setting *s)
{
	for (int i = 0; i < 2; i++)
		if (s->fds[i] >= 0)
			t_eq(gev_close(s->fds[i]), 0);
}

static intptr_t run(void *arg)
{
	struct setting *s = arg;

	errno = 0;
	s->result = s->call->call(s->fd);
	s->error = errno;
	return 0;
}

static gev_greenlet *start(struct setting *s)
{
	struct gev_spawn_options options = { .name = s->call->name };
	gev_greenlet *g = gev_spawn_opt(run, s, &options);

	for (int i = 0; i < 4; i++)
		gev_yield();
	t_ok(!gev_dead(g));
	return g;
}

static void for_each_call(void (*fn)(struct setting *s))
{
	for (size_t i = 0; i < CALLS; i++) {
		struct setting s;
		int before = t_failures;

		set_up(&s, &calls[i]);
		fn(&s);
		tear_down(&s);
		if (t_failures > before)
			printf("# in %s, %zu\n", s.call->name, i);
	}
}

static void ended_with(struct setting *s, gev_greenlet *g, int error)
{
	t_eq(gev_join(g, GEV_SEC(1)), 0);
	gev_unref(g);
	t_eq(s->result, -1);
	t_eq(s->error, error);
}

static void killed(struct setting *s)
{
	gev_greenlet *g = start(s);

	t_eq(gev_kill(g, 0), 0);
	ended_with(s, g, ECANCELED);
}

static void kill_ends_it(void)
{
	for_each_call(killed);
}

static void thrown_at(struct setting *s)
{
	gev_greenlet *g = start(s);

	t_eq(gev_throw(g, EPROTO), 0);
	ended_with(s, g, EPROTO);
}

static void throw_ends_it(void)
{
	for_each_call(thrown_at);
}

static void timed_out(struct setting *s)
{
	gev_timeout t;
	gev_time before = gev_loop_now(gev_hub_loop(gev_hub_get()));

	t_eq(gev_timeout_start(&t, GEV_SEC(10)), 0);
	t_fails(s->call->call(s->fd), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&t));
	t_ok(gev_loop_now(gev_hub_loop(gev_hub_get())) - before >= GEV_SEC(10));
}

static void c70_timeout_ends_it(void)
{
	for_each_call(timed_out);
}

static void closed(struct setting *s)
{
	gev_greenlet *g = start(s);
	int side = s->call->side;

	t_eq(gev_close(s->fds[side]), 0);
	s->fds[side] = -1;
	gev_yield(); /* it is told within one iteration */
	t_ok(gev_dead(g));
	ended_with(s, g, EBADF);
}

static void c70_close_ends_it(void)
{
	for_each_call(closed);
}

static intptr_t second(void *arg)
{
	struct setting *s = arg;

	return s->call->call(s->fd);
}

static void at_the_same_time(struct setting *s)
{
	gev_greenlet *g, *other;
	char number[32];

	if (shares(s->call))
		return;
	g = start(s);
	other = gev_spawn(second, s);
	t_eq(gev_get(other, GEV_SEC(1)), -1);
	t_eq(gev_exception(other), EBUSY);
	snprintf(number, sizeof(number), "descriptor %d ", s->fd);
	t_ok(strstr(gev_exception_message(other), number));
	t_ok(strstr(gev_exception_message(other), s->call->name));
	gev_unref(other);
	t_ok(!gev_dead(g));
	gev_kill(g, 0);
	ended_with(s, g, ECANCELED);
}

static void two_of_a_kind_are_busy(void)
{
	for_each_call(at_the_same_time);
}

static intptr_t fails_otherwise(void *arg)
{
	t_eq(second(arg), -1);
	return -EIO;
}

/* What was said of EBUSY says nothing of another error. */
static void a_message_of_another_error(void)
{
	struct setting s;
	gev_greenlet *g, *other;

	set_up(&s, &calls[0]);
	g = start(&s);
	other = gev_spawn(fails_otherwise, &s);
	t_eq(gev_get(other, GEV_SEC(1)), -1);
	t_eq(gev_exception(other), EIO);
	t_str(gev_exception_message(other), "");
	gev_unref(other);
	gev_kill(g, 0);
	ended_with(&s, g, ECANCELED);
	tear_down(&s);
}

static int call_in_callback(void *arg)
{
	struct setting *s = arg;

	run(s);
	return 0;
}

static void in_the_hub(struct setting *s)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	t_eq(gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		     call_in_callback, s), 0);
	gev_yield();
	gev_yield();
	t_eq(s->result, -1);
	t_eq(s->error, EDEADLK);
}

static void callbacks_do_not_wait(void)
{
	for_each_call(in_the_hub);
}

/* Whatever ended the wait, the next one is not worse off for it. */
static void again(struct setting *s)
{
	gev_greenlet *g = start(s);

	gev_kill(g, 0);
	ended_with(s, g, ECANCELED);
	g = start(s);
	gev_throw(g, EPROTO);
	ended_with(s, g, EPROTO);
	timed_out(s);
}

static void the_next_wait_is_a_wait(void)
{
	for_each_call(again);
}

static intptr_t shielded(void *arg)
{
	gev_shield_begin();
	run(arg);
	gev_shield_end();
	return 0;
}

static void a_shield_lets_it_wait(void)
{
	struct setting s;
	gev_greenlet *g;

	set_up(&s, &calls[0]);
	g = gev_spawn(shielded, &s);
	gev_yield();
	gev_yield();
	gev_kill(g, 0);
	gev_yield();
	gev_yield();
	t_ok(!gev_dead(g));
	t_eq(gev_write(s.fds[1], "x", 1), 1);
	t_eq(gev_join(g, GEV_SEC(1)), 0);
	t_eq(s.result, 1);
	gev_unref(g);
	tear_down(&s);
}

static intptr_t send_big(void *arg)
{
	struct setting *s = arg;

	s->result = gev_send(s->fd, big, BIG, 0);
	s->error = s->result < 0 ? errno : 0;
	return 0;
}

static intptr_t sendall_big(void *arg)
{
	struct setting *s = arg;
	size_t sent = 12345;

	s->result = gev_sendall(s->fd, big, BIG, 0, GEV_FOREVER, &sent);
	s->error = errno;
	t_ok(sent > 0 && sent < BIG);
	return 0;
}

static intptr_t write_big(void *arg)
{
	struct setting *s = arg;

	s->result = gev_write(s->fd, big, BIG);
	s->error = s->result < 0 ? errno : 0;
	return 0;
}

static void killed_half_way(gev_fn *fn, enum sort sort)
{
	struct setting s = { 0 };
	gev_greenlet *g;

	make_pair(&gev_world, sort, s.fds);
	s.fd = s.fds[1];
	g = gev_spawn(fn, &s);
	for (int i = 0; i < 4; i++)
		gev_yield();
	t_ok(!gev_dead(g));
	gev_kill(g, 0);
	t_eq(gev_join(g, GEV_SEC(1)), 0);
	gev_unref(g);
	if (fn == sendall_big)
		t_ok(s.result == -1 && s.error == ECANCELED);
	else
		t_ok(s.result > 0 && s.result < BIG);
	tear_down(&s);
}

static void what_was_sent_is_counted(void)
{
	killed_half_way(send_big, TCP4);
	killed_half_way(send_big, UNIX_STREAM);
	killed_half_way(write_big, PIPE);
	killed_half_way(write_big, FIFO);
	killed_half_way(write_big, TCP4);
	killed_half_way(sendall_big, TCP4);
}

static void c70_sendall(void)
{
	int fds[2];
	size_t sent = 12345;
	struct gev_hub_stats before, after;

	make_pair(&gev_world, TCP4, fds);
	gev_hub_get_stats(gev_hub_get(), &before);
	t_eq(gev_sendall(fds[1], "", 0, 0, GEV_FOREVER, &sent), 0);
	t_eq(sent, 0);
	gev_hub_get_stats(gev_hub_get(), &after);
	t_eq(before.switches, after.switches);
	t_eq(before.iterations, after.iterations);
	t_fails(gev_recv(fds[0], &sent, 1, MSG_DONTWAIT), EAGAIN);
	t_fails(gev_sendall(fds[1], big, BIG, 0, GEV_MS(100), &sent),
		ETIMEDOUT);
	t_ok(sent > 0 && sent < BIG);
	t_fails(gev_sendall(fds[1], big, 1, 0, 0, &sent), ETIMEDOUT);
	t_eq(sent, 0);
	t_fails(gev_sendall(fds[1], big, 1, 0, -2, NULL), EINVAL);
	t_fails(gev_sendall(-1, big, 1, 0, GEV_FOREVER, NULL), EBADF);
	t_fails(gev_sendall(fds[1], big, 1, MSG_DONTWAIT, GEV_FOREVER, NULL),
		EAGAIN);
	close_pair(&gev_world, fds);
	make_pair(&gev_world, UDP4, fds);
	t_eq(gev_sendall(fds[1], "abc", 3, 0, INT64_MAX, &sent), 0);
	t_eq(sent, 3);
	close_pair(&gev_world, fds);
}

int main(void)
{
	int l = bound(&posix_world, AF_INET, SOCK_STREAM, &stuck, &stuck_size);

	t_virtual();
	listen(l, 0);
	for (int i = 0; i < 2; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (void *)&stuck, stuck_size);
	}
	file = memfd_create("file", 0);
	t_eq(write(file, big, 1000), 1000);
	t_eq(pipe(empty) | pipe(has_data), 0);
	t_eq(write(has_data[1], big, 1000), 1000);
	T_RUN(kill_ends_it);
	T_RUN(throw_ends_it);
	T_RUN(c70_timeout_ends_it);
	T_RUN(c70_close_ends_it);
	T_RUN(two_of_a_kind_are_busy);
	T_RUN(a_message_of_another_error);
	T_RUN(callbacks_do_not_wait);
	T_RUN(the_next_wait_is_a_wait);
	T_RUN(a_shield_lets_it_wait);
	T_RUN(what_was_sent_is_counted);
	T_RUN(c70_sendall);
	return t_done();
}
