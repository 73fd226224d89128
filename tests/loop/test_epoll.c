/* SPDX-License-Identifier: MIT */
/* Edges, and what epoll is known to do to those who trust it. */
#include "base/inject.h"
#include "loop/loop.h"
#include "t.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gev_loop *loop;

static void set_up(void)
{
	loop = gev_loop_new();
	t_ok(loop);
	t_eq(gev_loop_set_virtual(loop, true), 0);
}

static void turn(void)
{
	t_ok(gev_loop_run(loop, GEV_RUN_NOWAIT) >= 0);
}

static void log_edge(struct gev__edge *edge, int events)
{
	(void)edge;
	t_log("%s%s%s ", events & GEV_READ ? "r" : "",
		events & GEV_WRITE ? "w" : "", events & GEV__HUP ? "h" : "");
}

static struct gev__edge edge = { .fn = log_edge };

static void unix_pair(int fds[2])
{
	t_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
}

static int listener(struct sockaddr_in *addr)
{
	socklen_t size = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	t_eq(bind(fd, (struct sockaddr *)addr, size), 0);
	t_eq(listen(fd, 64), 0);
	t_eq(getsockname(fd, (struct sockaddr *)addr, &size), 0);
	return fd;
}

static int connected(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	t_eq(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)), 0);
	return fd;
}

static void tcp_pair(int fds[2])
{
	struct sockaddr_in addr;
	int l = listener(&addr);

	fds[1] = connected(&addr);
	fds[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	t_ok(fds[0] >= 0);
	close(l);
}

static void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void an_edge_is_told_once(void)
{
	int fds[2];

	set_up();
	tcp_pair(fds);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ | GEV_WRITE), 0);
	turn();
	t_log_is("w ");
	turn();
	t_log_is("");
	t_eq(send(fds[1], "x", 1, 0), 1);
	turn();
	turn();
	t_log_is("rw ");
	gev_loop_free(loop);
	close_pair(fds);
}

static void data_and_end_of_file_come_in_one_edge(void)
{
	int fds[2];

	set_up();
	tcp_pair(fds);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	t_eq(send(fds[1], "hello", 5, 0), 5);
	t_eq(shutdown(fds[1], SHUT_WR), 0);
	turn();
	t_log_is("rwh ");
	turn();
	t_log_is("");
	gev_loop_free(loop);
	close_pair(fds);
}

static void unix_sockets_make_no_write_edges_unasked(void)
{
	char c;
	int fds[2];

	set_up();
	unix_pair(fds);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	for (int i = 0; i < 10; i++) {
		t_eq(write(fds[0], "x", 1), 1);
		t_eq(read(fds[1], &c, 1), 1);
		turn();
	}
	t_log_is("");
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ | GEV_WRITE), 0);
	turn();
	t_log_is("w ");
	gev_loop_free(loop);
	close_pair(fds);
}

static void a_listener_makes_an_edge_per_connection(void)
{
	struct sockaddr_in addr;
	int fds[3];

	set_up();
	fds[0] = listener(&addr);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	fds[1] = connected(&addr);
	turn();
	fds[2] = connected(&addr);
	turn();
	turn();
	t_log_is("r r ");
	gev_loop_free(loop);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void files_cannot_be_polled(void)
{
	FILE *f = tmpfile();

	set_up();
	t_eq(gev__edge_add(loop, fileno(f), &edge, GEV_READ), -EPERM);
	t_eq(gev__edge_add(loop, -1, &edge, GEV_READ), -EBADF);
	t_eq(gev__edge_add(loop, 900, &edge, GEV_READ), -EBADF);
	t_ok(!loop->fds[fileno(f)].edge);
	fclose(f);
	gev_loop_free(loop);
}

static void a_failing_epoll_ctl_keeps_the_old_edge(void)
{
	struct gev__edge second = { .fn = log_edge };
	int fds[2];

	set_up();
	unix_pair(fds);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	gev__inject = (struct gev__inject){ .nr = SYS_epoll_ctl,
		.error = -ENOMEM, .times = 1 };
	t_eq(gev__edge_add(loop, fds[0], &second, GEV_READ), -ENOMEM);
	t_ok(loop->fds[fds[0]].edge == &edge);
	t_eq(write(fds[1], "x", 1), 1);
	turn();
	t_log_is("r ");
	gev_loop_free(loop);
	close_pair(fds);
}

/* Closed and opened anew behind our back: the kernel knows it no longer. */
static void a_reused_number_is_added_anew(void)
{
	int fds[2], number;

	set_up();
	unix_pair(fds);
	number = fds[0];
	t_eq(gev__edge_add(loop, number, &edge, GEV_READ), 0);
	close_pair(fds);
	unix_pair(fds);
	t_eq(fds[0], number);
	t_eq(gev__edge_add(loop, number, &edge, GEV_READ), 0);
	t_eq(write(fds[1], "x", 1), 1);
	turn();
	t_log_is("r ");
	gev_loop_free(loop);
	close_pair(fds);
}

/* Dropped but not closed: the kernel still knows it. */
static void a_known_descriptor_is_modified(void)
{
	int fds[2];

	set_up();
	unix_pair(fds);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	gev__edge_drop(loop, fds[0]);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	t_eq(write(fds[1], "x", 1), 1);
	turn();
	t_log_is("r ");
	gev_loop_free(loop);
	close_pair(fds);
}

/* The kernel goes on to report the old file under the number of the new. */
static void events_of_a_closed_duplicate_are_dropped(void)
{
	int old[2], new[2], dup_of_old, number;

	set_up();
	unix_pair(old);
	number = old[0];
	t_eq(gev__edge_add(loop, number, &edge, GEV_READ), 0);
	dup_of_old = dup(number);
	gev__edge_drop(loop, number);
	close(number);
	t_eq(write(old[1], "x", 1), 1);
	turn();
	t_eq(loop->strays, 1);
	unix_pair(new);
	t_eq(new[0], number);
	t_eq(gev__edge_add(loop, number, &edge, GEV_READ), 0);
	t_eq(write(old[1], "x", 1), 1);
	turn();
	t_log_is("");
	t_eq(loop->strays, 2);
	t_eq(write(new[1], "x", 1), 1);
	turn();
	t_log_is("r ");
	gev_loop_free(loop);
	close_pair(new);
	close(old[1]);
	close(dup_of_old);
}

static int never(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	t_log("never ");
	return 0;
}

/* Level-triggered, and out of reach: only a new epoll descriptor helps. */
static void a_stray_that_repeats_is_got_rid_of(void)
{
	gev_io_watcher w;
	int fds[2], copy, kept[2];

	set_up();
	unix_pair(fds);
	unix_pair(kept);
	t_eq(gev__edge_add(loop, kept[0], &edge, GEV_READ), 0);
	gev_io_init(&w, loop, fds[0], GEV_READ);
	t_eq(gev_io_start(&w, never, NULL), 0);
	copy = dup(fds[0]);
	close(fds[0]);
	gev_watcher_stop(&w.w);
	t_eq(write(fds[1], "x", 1), 1);
	turn();
	t_eq(loop->strays, 1);
	for (int i = 0; i < 100; i++)
		turn();
	t_eq(loop->strays, 0);
	t_eq(write(kept[1], "x", 1), 1);
	turn();
	t_log_is("r ");
	gev_loop_free(loop);
	close(fds[1]);
	close(copy);
	close_pair(kept);
}

static void c43_a_closed_epoll_descriptor_is_reported_once(void)
{
	int fds[2];

	set_up();
	unix_pair(fds);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	close(gev_loop_fd(loop));
	t_fails(gev_loop_run(loop, GEV_RUN_NOWAIT), EBADF);
	t_ok(gev_loop_fd(loop) >= 0);
	t_eq(write(fds[1], "x", 1), 1);
	turn();
	t_log_is("r ");
	gev_loop_free(loop);
	close_pair(fds);
}

static void c43_whoever_got_its_number_keeps_it(void)
{
	int fds[2], number;

	set_up();
	number = gev_loop_fd(loop);
	close(number);
	unix_pair(fds);
	t_eq(fds[0], number);
	t_fails(gev_loop_run(loop, GEV_RUN_NOWAIT), EINVAL);
	t_eq(write(fds[0], "x", 1), 1);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	gev_loop_free(loop);
	close_pair(fds);
}

/* As a daemon does that closes all it did not open itself. */
static void c43_the_eventfd_is_remade_too(void)
{
	gev_async_watcher a;

	set_up();
	close(gev_loop_fd(loop));
	close(loop->wake_fd);
	t_fails(gev_loop_run(loop, GEV_RUN_NOWAIT), EBADF);
	gev_async_init(&a, loop);
	gev_async_start(&a, never, NULL);
	gev_async_send(&a);
	turn();
	t_log_is("never ");
	gev_loop_free(loop);
}

static void c43_no_descriptor_for_a_new_one(void)
{
	set_up();
	close(gev_loop_fd(loop));
	gev__inject = (struct gev__inject){ .nr = SYS_epoll_create1,
		.error = -EMFILE, .times = 2 };
	t_fails(gev_loop_run(loop, GEV_RUN_NOWAIT), EBADF);
	t_fails(gev_loop_fd(loop), EINVAL);
	t_fails(gev_loop_run(loop, GEV_RUN_NOWAIT), EMFILE);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	t_ok(gev_loop_fd(loop) >= 0);
	gev_loop_free(loop);
}

static void new_fails_cleanly(void)
{
	static const struct {
		long nr;
		int error;
	} cases[] = { { SYS_epoll_create1, EMFILE }, { SYS_eventfd2, ENFILE },
		{ SYS_epoll_ctl, ENOSPC }, { SYS_mmap, ENOMEM } };
	int before = dup(0);

	close(before);
	for (int i = 0; i < 4; i++) {
		gev__inject = (struct gev__inject){ .nr = cases[i].nr,
			.error = -cases[i].error, .times = -1 };
		t_fails(gev_loop_new(), cases[i].error);
		gev__inject.nr = -1;
	}
	t_eq(dup(0), before);
	close(before);
}

static void the_descriptor_is_closed_on_exec(void)
{
	set_up();
	t_ok(fcntl(gev_loop_fd(loop), F_GETFD) & FD_CLOEXEC);
	t_ok(fcntl(loop->wake_fd, F_GETFD) & FD_CLOEXEC);
	gev_loop_free(loop);
}

static int status_of(pid_t pid)
{
	int status = -1;

	t_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* The child's changes to its epoll descriptor are none to the parent's. */
static void remade_after_fork(void)
{
	gev_io_watcher w;
	int fds[2], other[2];
	pid_t pid;

	set_up();
	unix_pair(fds);
	unix_pair(other);
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	gev_io_init(&w, loop, other[0], GEV_READ);
	t_eq(gev_io_start(&w, never, NULL), 0);
	pid = fork();
	if (pid == 0) {
		t_eq(gev_loop_forked(loop), 0);
		t_eq(write(fds[1], "x", 1), 1);
		t_eq(write(other[1], "x", 1), 1);
		turn();
		t_ok(!strcmp(t_log_text, "r never ") ||
			!strcmp(t_log_text, "never r "));
		gev_watcher_stop(&w.w);
		_exit(t_failures != 0);
	}
	t_eq(status_of(pid), 0);
	turn();
	t_ok(strlen(t_log_text) == strlen("r never "));
	t_log_text[0] = '\0';
	gev_loop_free(loop);
	close_pair(fds);
	close_pair(other);
}

/* Without epoll_pwait2 waits are rounded up to milliseconds. */
static void without_pwait2_timers_are_not_early(void)
{
	gev_timer_watcher t;
	gev_time start;

	loop = gev_loop_new();
	gev__inject = (struct gev__inject){ .nr = SYS_epoll_pwait2,
		.error = -ENOSYS, .times = -1 };
	start = gev_loop_update(loop);
	gev_timer_init(&t, loop, GEV_US(20500), 0);
	gev_timer_start(&t, never, NULL);
	t_eq(gev_loop_run(loop, 0), 0);
	t_ok(gev_loop_now(loop) - start >= GEV_US(20500));
	t_eq(gev__inject.calls, 1);
	gev__inject = (struct gev__inject){ .nr = SYS_epoll_pwait };
	gev_timer_start(&t, never, NULL);
	t_eq(gev_loop_run(loop, 0), 0);
	t_eq(gev__inject.calls, 1);
	gev__inject.nr = -1;
	t_log_is("never never ");
	gev_loop_free(loop);
}

static void an_interrupted_wait_is_no_error(void)
{
	gev_timer_watcher t;

	loop = gev_loop_new();
	gev__inject = (struct gev__inject){ .nr = SYS_epoll_pwait2,
		.error = -EINTR, .times = 3 };
	gev_timer_init(&t, loop, GEV_MS(1), 0);
	gev_timer_start(&t, never, NULL);
	t_eq(gev_loop_run(loop, 0), 0);
	gev__inject.nr = -1;
	t_log_is("never ");
	gev_loop_free(loop);
}

int main(void)
{
	t_ok(gev_loop_set_default("epoll") == 0);
	T_RUN(an_edge_is_told_once);
	T_RUN(data_and_end_of_file_come_in_one_edge);
	T_RUN(unix_sockets_make_no_write_edges_unasked);
	T_RUN(a_listener_makes_an_edge_per_connection);
	T_RUN(files_cannot_be_polled);
	T_RUN(a_failing_epoll_ctl_keeps_the_old_edge);
	T_RUN(a_reused_number_is_added_anew);
	T_RUN(a_known_descriptor_is_modified);
	T_RUN(events_of_a_closed_duplicate_are_dropped);
	T_RUN(a_stray_that_repeats_is_got_rid_of);
	T_RUN(c43_a_closed_epoll_descriptor_is_reported_once);
	T_RUN(c43_whoever_got_its_number_keeps_it);
	T_RUN(c43_the_eventfd_is_remade_too);
	T_RUN(c43_no_descriptor_for_a_new_one);
	T_RUN(new_fails_cleanly);
	T_RUN(the_descriptor_is_closed_on_exec);
	T_RUN(remade_after_fork);
	T_RUN(without_pwait2_timers_are_not_early);
	T_RUN(an_interrupted_wait_is_no_error);
	return t_done();
}
