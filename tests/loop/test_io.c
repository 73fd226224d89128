/* SPDX-License-Identifier: MIT */
/* io watchers: level-triggered, any number to a descriptor. */
#include "backend.h"
#include "base/inject.h"
#include "loop/loop.h"
#include "t.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static gev_loop *loop;
static int fds[2];

static void set_up(void)
{
	loop = gev_loop_new();
	t_eq(gev_loop_set_virtual(loop, true), 0);
	t_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
}

static void tear_down(void)
{
	t_eq(gev_loop_free(loop), 0);
	close(fds[0]);
	close(fds[1]);
}

static void poke(void)
{
	t_eq(write(fds[1], "x", 1), 1);
}

static void take(void)
{
	char c;

	t_eq(read(fds[0], &c, 1), 1);
}

static void turn(void)
{
	t_ok(gev_loop_run(loop, GEV_RUN_NOWAIT) >= 0);
}

static int log_events(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	t_log("%s%s%s ", (const char *)arg, revents & GEV_READ ? "r" : "",
		revents & GEV_WRITE ? "w" : "");
	return 0;
}

static void start(gev_io_watcher *w, int fd, int events, const char *name)
{
	t_eq(gev_io_init(w, loop, fd, events), 0);
	t_eq(gev_io_start(w, log_events, (void *)name), 0);
}

static void called_as_long_as_it_is_ready(void)
{
	gev_io_watcher w;

	set_up();
	start(&w, fds[0], GEV_READ, "io:");
	turn();
	t_log_is("");
	poke();
	turn();
	turn();
	t_log_is("io:r io:r ");
	take();
	turn();
	t_log_is("");
	poke();
	gev_watcher_stop(&w.w);
	turn();
	t_log_is("");
	tear_down();
}

static void several_watchers_share_a_descriptor(void)
{
	gev_io_watcher reader, writer, both;

	set_up();
	start(&reader, fds[0], GEV_READ, "R:");
	start(&writer, fds[0], GEV_WRITE, "W:");
	start(&both, fds[0], GEV_READ | GEV_WRITE, "B:");
	turn();
	t_log_is("B:w W:w ");
	poke();
	gev_watcher_stop(&writer.w);
	turn();
	t_log_is("B:rw R:r ");
	gev_watcher_stop(&both.w);
	turn();
	t_log_is("R:r ");
	gev_watcher_stop(&reader.w);
	turn();
	t_log_is("");
	t_ok(!loop->fds[fds[0]].registered);
	tear_down();
}

static void hang_up_is_both(void)
{
	gev_io_watcher w;

	set_up();
	close(fds[1]);
	fds[1] = -1;
	start(&w, fds[0], GEV_READ, "R:");
	turn();
	gev_watcher_stop(&w.w);
	start(&w, fds[0], GEV_WRITE, "W:");
	turn();
	t_log_is("R:r W:w ");
	tear_down();
}

static void c41_bad_descriptors_are_an_error(void)
{
	gev_io_watcher w;

	set_up();
	t_fails(gev_io_init(&w, loop, -1, GEV_READ), EBADF);
	t_fails(gev_io_start(&w, log_events, ""), EINVAL);
	t_fails(gev_io_init(&w, loop, 0, 0), EINVAL);
	t_fails(gev_io_init(&w, loop, 0, 8), EINVAL);
	t_fails(gev_io_init(NULL, loop, 0, GEV_READ), EINVAL);
	t_eq(gev_io_init(&w, loop, fds[1], GEV_READ), 0);
	close(fds[1]);
	t_fails(gev_io_start(&w, log_events, ""), EBADF);
	t_ok(!gev_watcher_active(&w.w));
	t_eq(gev_io_init(&w, loop, 1 << 28, GEV_READ), 0);
	t_fails(gev_io_start(&w, log_events, ""), EBADF);
	t_ok(loop->fds_room < 1 << 20);
	turn();
	t_log_is("");
	tear_down();
}

/* The first watcher was left to itself when its descriptor was closed. */
static void c41_a_reused_number_is_independent(void)
{
	gev_io_watcher old, new;
	int number;

	set_up();
	number = fds[0];
	start(&old, number, GEV_READ, "old:");
	gev_watcher_stop(&old.w);
	close(fds[0]);
	close(fds[1]);
	t_eq(pipe2(fds, O_NONBLOCK), 0);
	t_eq(fds[0], number);
	start(&new, number, GEV_READ, "new:");
	poke();
	turn();
	t_log_is("new:r ");
	t_eq(gev_watcher_stop(&old.w), 0);
	turn();
	t_log_is("new:r ");
	tear_down();
}

static void a_number_reused_under_a_watcher_is_watched_anew(void)
{
	gev_io_watcher old, new;

	set_up();
	start(&old, fds[0], GEV_READ, "old:");
	close(fds[0]);
	close(fds[1]);
	t_eq(pipe2(fds, O_NONBLOCK), 0);
	poke();
	start(&new, fds[0], GEV_READ, "new:");
	gev_watcher_stop(&old.w);
	turn();
	t_log_is("new:r ");
	tear_down();
}

static void regular_files_are_refused(void)
{
	gev_io_watcher w;
	FILE *f = tmpfile();

	set_up();
	t_eq(gev_io_init(&w, loop, fileno(f), GEV_READ), 0);
	t_fails(gev_io_start(&w, log_events, ""), EPERM);
	t_ok(!gev_watcher_active(&w.w));
	fclose(f);
	tear_down();
}

static void fail_once(long nr, int error)
{
	gev__inject = (struct gev__inject){ .nr = nr, .error = -error,
		.times = 1 };
}

static void a_failing_epoll_ctl_starts_nothing(void)
{
	gev_io_watcher first, second;

	if (without_epoll())
		return;
	set_up();
	start(&first, fds[0], GEV_READ, "first:");
	t_eq(gev_io_init(&second, loop, fds[0], GEV_WRITE), 0);
	fail_once(SYS_epoll_ctl, ENOSPC);
	t_fails(gev_io_start(&second, log_events, ""), ENOSPC);
	t_ok(!gev_watcher_active(&second.w));
	fail_once(SYS_epoll_ctl, ENOMEM);
	t_fails(gev_io_start(&second, log_events, ""), ENOMEM);
	poke();
	turn();
	t_log_is("first:r ");
	t_eq(gev_io_start(&second, log_events, "second:"), 0);
	turn();
	t_log_is("second:w first:r ");
	tear_down();
}

static void a_large_table_may_not_fit(void)
{
	gev_io_watcher w;
	int fd;

	set_up();
	fd = fcntl(fds[0], F_DUPFD, 900);
	t_eq(gev_io_init(&w, loop, fd, GEV_READ), 0);
	fail_once(SYS_mremap, ENOMEM);
	t_fails(gev_io_start(&w, log_events, ""), ENOMEM);
	t_eq(gev_io_start(&w, log_events, "io:"), 0);
	poke();
	turn();
	t_log_is("io:r ");
	gev_watcher_stop(&w.w);
	close(fd);
	tear_down();
}

static gev_io_watcher other;

static int stop_other(gev_watcher *w, int revents, void *arg)
{
	gev_watcher_stop(&other.w);
	return log_events(w, revents, arg);
}

static void a_stopped_watcher_is_not_called_though_it_was_ready(void)
{
	gev_io_watcher w;

	set_up();
	start(&other, fds[0], GEV_READ, "other:");
	t_eq(gev_io_init(&w, loop, fds[0], GEV_READ), 0);
	t_eq(gev_watcher_set_priority(&w.w, 1), 0);
	t_eq(gev_io_start(&w, stop_other, "first:"), 0);
	poke();
	turn();
	t_log_is("first:r ");
	tear_down();
}

static void log_edge(struct gev__edge *edge, int events)
{
	(void)edge;
	t_log("edge:%s%s%s ", events & GEV_READ ? "r" : "",
		events & GEV_WRITE ? "w" : "", events & GEV__HUP ? "h" : "");
}

static void an_edge_and_a_watcher_share_a_descriptor(void)
{
	struct gev__edge edge = { .fn = log_edge };
	gev_io_watcher w;

	set_up();
	t_eq(gev__edge_add(loop, fds[0], &edge, GEV_READ), 0);
	start(&w, fds[0], GEV_READ, "io:");
	poke();
	turn();
	turn();
	turn();
	t_log_is("edge:r io:r edge:r io:r edge:r io:r ");
	gev_watcher_stop(&w.w);
	turn();
	t_log_is("edge:r ");
	turn();
	t_log_is("");
	gev__edge_drop(loop, fds[0]);
	tear_down();
}

int main(void)
{
	T_RUN(called_as_long_as_it_is_ready);
	T_RUN(several_watchers_share_a_descriptor);
	T_RUN(hang_up_is_both);
	T_RUN(c41_bad_descriptors_are_an_error);
	T_RUN(c41_a_reused_number_is_independent);
	T_RUN(a_number_reused_under_a_watcher_is_watched_anew);
	T_RUN(regular_files_are_refused);
	T_RUN(a_failing_epoll_ctl_starts_nothing);
	T_RUN(a_large_table_may_not_fit);
	T_RUN(a_stopped_watcher_is_not_called_though_it_was_ready);
	T_RUN(an_edge_and_a_watcher_share_a_descriptor);
	return t_done();
}
