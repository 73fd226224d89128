/* SPDX-License-Identifier: MIT */
/* io_uring in epoll's place: edges, levels, what it keeps open, a fork. */
#include "base/inject.h"
#include "base/uring.h"
#include "loop/loop.h"
#include "loop/request.h"
#include "t.h"
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gev_loop *loop;
static int fds[2];

static void set_up(void)
{
	loop = gev_loop_new();
	t_ok(loop);
	t_eq(gev_loop_set_virtual(loop, true), 0);
	t_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
}

static void tear_down(void)
{
	t_eq(gev_loop_free(loop), 0);
	close(fds[0]);
	close(fds[1]);
}

static void turn(void)
{
	t_ok(gev_loop_run(loop, GEV_RUN_NOWAIT) >= 0);
}

static void poke(void)
{
	t_eq(write(fds[1], "x", 1), 1);
}

static void log_edge(struct gev__edge *edge, int events)
{
	(void)edge;
	t_log("%s%s%s ", events & GEV_READ ? "r" : "",
		events & GEV_WRITE ? "w" : "", events & GEV__HUP ? "h" : "");
}

static struct gev__edge edge = { .fn = log_edge };

static int log_name(gev_watcher *w, int revents, void *name)
{
	(void)w;
	(void)revents;
	t_log("%s ", (char *)name);
	return 0;
}

static void an_edge_is_told_once(void)
{
	set_up();
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ | GEV_WRITE), 0);
	turn();
	t_log_is("w ");
	turn();
	t_log_is("");
	poke();
	turn();
	turn();
	t_log_is("r ");
	poke();
	turn();
	t_log_is("r ");
	tear_down();
}

static void data_and_end_of_file_are_both_told(void)
{
	set_up();
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	poke();
	t_eq(shutdown(fds[1], SHUT_WR), 0);
	turn();
	t_ok(strchr(t_log_text, 'h'));
	t_log_text[0] = '\0';
	for (int i = 0; i < 10; i++)
		turn();
	t_log_is("");
	t_eq(loop->strays, 0);
	tear_down();
}

static void files_cannot_be_polled(void)
{
	FILE *f = tmpfile(), *null = fopen("/dev/null", "r");

	set_up();
	t_eq(gev__edge_add(loop, fileno(f), &edge, GEV_READ), -EPERM);
	t_eq(gev__edge_add(loop, fileno(null), &edge, GEV_READ), -EPERM);
	t_eq(gev__edge_add(loop, -1, &edge, GEV_READ), -EBADF);
	t_eq(gev__edge_add(loop, 90, &edge, GEV_READ), -EBADF);
	t_eq(gev__edge_add(loop, 900, &edge, GEV_READ), -EBADF);
	t_ok(!loop->fds[fileno(f)].edge);
	fclose(f);
	fclose(null);
	tear_down();
}

/* Closed and opened anew behind our back. */
static void a_reused_number_is_polled_anew(void)
{
	int number;

	set_up();
	number = fds[0];
	t_eq(gev__edge_add(loop, number, &edge, GEV_READ), 0);
	turn();
	close(fds[0]);
	close(fds[1]);
	t_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	t_eq(fds[0], number);
	t_eq(gev__edge_add(loop, number, &edge, GEV_READ), 0);
	turn();
	t_log_is("");
	poke();
	turn();
	t_log_is("r ");
	tear_down();
}

/* What is dropped is let go of at the next wait, or when that is asked for. */
static void a_dropped_descriptor_is_closed(void)
{
	char c;

	set_up();
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	turn();
	gev__edge_drop(loop, fds[0]);
	close(fds[0]);
	t_fails(read(fds[1], &c, 1), EAGAIN);
	gev__io_flush(loop, true);
	t_eq(read(fds[1], &c, 1), 0);
	turn();
	t_log_is("");
	tear_down();
}

static void a_stopped_watchers_descriptor_is_closed(void)
{
	gev_io_watcher w;
	char c;

	set_up();
	gev_io_init(&w, loop, fds[0], GEV_READ);
	t_eq(gev_io_start(&w, log_name, "w"), 0);
	turn();
	gev_watcher_stop(&w.w);
	close(fds[0]);
	t_eq(read(fds[1], &c, 1), 0);
	tear_down();
}

/* More of them than the queue has room for, all ready all the time. */
static void many_levels(void)
{
	enum { MANY = 700 };
	static gev_io_watcher w[MANY];

	set_up();
	for (int i = 0; i < MANY; i++) {
		int fd = dup(fds[0]);

		gev_io_init(&w[i], loop, fd, GEV_WRITE);
		t_eq(gev_io_start(&w[i], log_name, "w"), 0);
	}
	for (int round = 0; round < 3; round++) {
		turn();
		t_eq(strlen(t_log_text), 2 * MANY);
		t_log_text[0] = '\0';
	}
	for (int i = 0; i < MANY; i++) {
		gev_watcher_stop(&w[i].w);
		close(w[i].fd);
	}
	turn();
	t_log_is("");
	tear_down();
}

static void fill(int fd)
{
	char much[4096] = { 0 };

	while (write(fd, much, sizeof(much)) > 0)
		;
}

static void drain(int fd)
{
	char much[4096];

	while (read(fd, much, sizeof(much)) > 0)
		;
}

/* That the peer says no more is not what a writer waits for. */
static void a_half_closed_socket_is_not_writable_for_that(void)
{
	gev_io_watcher w;

	set_up();
	fill(fds[0]);
	t_eq(shutdown(fds[1], SHUT_WR), 0);
	gev_io_init(&w, loop, fds[0], GEV_WRITE);
	t_eq(gev_io_start(&w, log_name, "w"), 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5; i++)
			turn();
		t_log_is("");
		t_ok(!gev__uring_due(loop->poller));
		drain(fds[1]);
		turn();
		turn();
		turn();
		t_log_is("w w w ");
		fill(fds[0]);
		turn(); /* it may have been polled before it was full */
		t_log_text[0] = '\0';
	}
	tear_down();
}

static bool is_readable(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout) == 1;
}

static void hosted_by_poll(void)
{
	gev_io_watcher w;

	set_up();
	gev_io_init(&w, loop, fds[0], GEV_READ);
	t_eq(gev_io_start(&w, log_name, "w"), 0);
	t_ok(!is_readable(gev_loop_fd(loop), 0));
	for (int i = 0; i < 3; i++) {
		poke();
		t_ok(is_readable(gev_loop_fd(loop), 1000));
		t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
		t_log_is("w ");
		t_eq(read(fds[0], &(char){ 0 }, 1), 1);
		t_eq(gev_loop_next(loop), GEV_FOREVER);
		t_ok(!is_readable(gev_loop_fd(loop), 0));
	}
	tear_down();
}

/* Unlike poll, epoll does not look again by itself. */
static void hosted_by_epoll(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	gev_io_watcher w;
	int host;

	set_up();
	gev_io_init(&w, loop, fds[0], GEV_READ);
	t_eq(gev_io_start(&w, log_name, "w"), 0);
	host = epoll_create1(0);
	t_eq(epoll_ctl(host, EPOLL_CTL_ADD, gev_loop_fd(loop), &ev), 0);
	for (int i = 0; i < 3; i++) {
		t_eq(epoll_wait(host, &ev, 1, 0), 0);
		poke();
		t_eq(epoll_wait(host, &ev, 1, 1000), 1);
		t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
		t_log_is("w ");
		t_eq(read(fds[0], &(char){ 0 }, 1), 1);
		t_eq(gev_loop_next(loop), GEV_FOREVER);
	}
	close(host);
	tear_down();
}

static void a_closed_ring_is_made_anew(void)
{
	gev_timer_watcher t;

	set_up();
	t_eq(gev_loop_set_virtual(loop, false), 0);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	gev_timer_init(&t, loop, GEV_SEC(100), 0);
	gev_timer_start(&t, log_name, "t");
	close(loop->poll_fd);
	t_fails(gev_loop_run(loop, GEV_RUN_ONCE), EBADF);
	t_ok(gev_loop_fd(loop) >= 0);
	poke();
	turn();
	t_log_is("r ");
	tear_down();
}

static void on_done(struct gev__request *q)
{
	(void)q;
	t_log("done ");
}

static char got[8];

static void receive(struct gev__request *q)
{
	struct io_uring_sqe *sqe = gev__request_begin(loop, q);

	q->done = on_done;
	sqe->opcode = IORING_OP_RECV;
	sqe->fd = fds[0];
	sqe->addr = (uintptr_t)got;
	sqe->len = sizeof(got);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
}

static void a_request_is_done(void)
{
	struct gev__request q = { 0 };

	set_up();
	receive(&q);
	turn();
	t_ok(!q.over);
	poke();
	turn();
	t_log_is("done ");
	t_ok(q.over);
	t_eq(q.result, 1);
	gev__request_finish(loop, &q);
	tear_down();
}

/* Before the kernel knows of it, and after. */
static void a_cancelled_request_takes_nothing(void)
{
	struct gev__request q = { 0 };

	set_up();
	for (int turns = 0; turns < 2; turns++) {
		receive(&q);
		for (int i = 0; i < turns; i++)
			turn();
		poke();
		gev__request_cancel(loop, &q);
		t_eq(q.over, !turns);
		gev__request_finish(loop, &q);
		t_ok(q.over);
		t_eq(q.result, -ECANCELED);
		t_eq(read(fds[0], got, 8), 1);
	}
	t_log_is("");
	tear_down();
}

static void requests_outlive_a_ring(void)
{
	struct gev__request q = { 0 };

	set_up();
	receive(&q);
	turn();
	t_eq(gev_loop_forked(loop), 0);
	t_log_is("done ");
	t_eq(q.result, -EAGAIN);
	tear_down();
}

/* The child's polls are none of the parent's. */
static void remade_after_fork(void)
{
	struct gev__request q = { 0 };
	int status = -1;

	set_up();
	t_eq(gev__edge_add(loop, fds[1], &edge, GEV_READ), 0);
	receive(&q);
	turn();
	if (fork() == 0) {
		gev__requests_forked(loop);
		t_ok(q.over);
		t_eq(gev_loop_forked(loop), 0);
		gev__edge_drop(loop, fds[1]);
		turn();
		t_log_is("");
		_exit(t_failures != 0);
	}
	t_ok(wait(&status) > 0);
	t_eq(status, 0);
	t_ok(!q.over);
	poke();
	t_eq(write(fds[0], "x", 1), 1);
	turn();
	t_ok(q.over);
	t_eq(q.result, 1);
	t_ok(strstr(t_log_text, "r "));
	t_log_text[0] = '\0';
	tear_down();
}

static void new_fails_cleanly(void)
{
	static const struct {
		long nr;
		int error, answer;
	} cases[] = { { SYS_io_uring_setup, EMFILE, EMFILE },
		{ SYS_io_uring_setup, EPERM, EPERM },
		{ SYS_io_uring_setup, EINVAL, ENOSYS }, /* too old */
		{ SYS_eventfd2, ENFILE, ENFILE },
		{ SYS_mmap, ENOMEM, ENOMEM } };
	int before = dup(0);

	close(before);
	for (int i = 0; i < 5; i++) {
		gev__inject = (struct gev__inject){ .nr = cases[i].nr,
			.error = -cases[i].error, .times = -1 };
		t_fails(gev_loop_new(), cases[i].answer);
		gev__inject.nr = -1;
	}
	t_eq(dup(0), before);
	close(before);
}

int main(void)
{
	t_ok(gev_loop_set_default("io_uring") == 0);
	loop = gev_loop_new();
	if (!loop && (errno == ENOSYS || errno == EPERM)) {
		printf("1..0 # SKIP the kernel refuses an io_uring\n");
		return 0;
	}
	gev_loop_free(loop);
	T_RUN(an_edge_is_told_once);
	T_RUN(data_and_end_of_file_are_both_told);
	T_RUN(files_cannot_be_polled);
	T_RUN(a_reused_number_is_polled_anew);
	T_RUN(a_dropped_descriptor_is_closed);
	T_RUN(a_stopped_watchers_descriptor_is_closed);
	T_RUN(many_levels);
	T_RUN(a_half_closed_socket_is_not_writable_for_that);
	T_RUN(hosted_by_poll);
	T_RUN(hosted_by_epoll);
	T_RUN(a_closed_ring_is_made_anew);
	T_RUN(a_request_is_done);
	T_RUN(a_cancelled_request_takes_nothing);
	T_RUN(requests_outlive_a_ring);
	T_RUN(remade_after_fork);
	T_RUN(new_fails_cleanly);
	return t_done();
}
