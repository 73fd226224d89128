/* SPDX-License-Identifier: MIT */
/* Listeners handed from process to process.  The program starts itself. */
#include "server.h"

static const char *self;

/* In the child: answers one connection on the listener called "b". */
static int child(void)
{
	int fds[4], c;

	if (gev_listen_fds(NULL, fds, 4) != 2 || fds[0] != 3 || fds[1] != 4)
		return 1;
	if (gev_listen_fds("b", fds, 4) != 1 || fds[0] != 4)
		return 2;
	if (gev_listen_fds("x", fds, 4) != 0 || gev_listen_fds("b", fds, 0) != 1)
		return 3;
	if (!(fcntl(4, F_GETFD) & FD_CLOEXEC))
		return 4;
	if (getenv("LISTEN_FDS_TEST") || !getenv("PATH"))
		return 5;
	c = gev_accept(4, NULL, NULL);
	if (c < 0 || gev_send(c, "child", 5, 0) != 5)
		return 6;
	return 0;
}

static int status_of(int pid)
{
	int status = -1;

	t_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void handed_on(void)
{
	char *argv[] = { "child", "child", NULL };
	char buf[8] = "";
	int fds[2], before, pid, c;

	if (t_under("qemu")) {
		t_skip("no program of this CPU can be executed here");
		return;
	}
	warm_up();
	before = open_descriptors();
	fds[0] = gev_tcp_listen("127.0.0.1", 0, -1);
	fds[1] = gev_tcp_listen("127.0.0.1", 0, -1);
	pid = gev_listen_spawn(fds, 2, "a:b", self, argv);
	t_ok(pid > 0);
	c = gev_tcp_connect("127.0.0.1", gev_socket_port(fds[1]), GEV_SEC(5));
	t_eq(gev_recv(c, buf, sizeof(buf), MSG_WAITALL), 5);
	t_str(buf, "child");
	t_eq(status_of(pid), 0);
	gev_close(c);
	gev_close(fds[0]);
	gev_close(fds[1]);
	t_eq(open_descriptors(), before);
}

/* Descriptors that are in each other's place. */
static void crossed(void)
{
	char *argv[] = { "child", "child", NULL };
	int a = gev_tcp_listen("127.0.0.1", 0, -1), c, pid;
	int b = gev_tcp_listen("127.0.0.1", 0, -1);
	int old3 = fcntl(3, F_DUPFD_CLOEXEC, 10);
	int old4 = fcntl(4, F_DUPFD_CLOEXEC, 10);
	int fds[2] = { 4, 3 };

	t_eq(dup2(a, 4), 4);
	t_eq(dup2(b, 3), 3);
	pid = gev_listen_spawn(fds, 2, "a:b", self, argv);
	c = gev_tcp_connect("127.0.0.1", gev_socket_port(3), GEV_SEC(5));
	t_eq(status_of(pid), 0);
	dup2(old3, 3);
	dup2(old4, 4);
	close(old3);
	close(old4);
	gev_close(c);
	gev_close(a);
	gev_close(b);
}

static void what_can_not_be_started(void)
{
	char *argv[] = { "child", NULL };
	int before = open_descriptors(), bad = 1000;

	t_fails(gev_listen_spawn(NULL, 0, NULL, "/nowhere", argv), ENOENT);
	t_fails(gev_listen_spawn(NULL, 0, NULL, "/tmp", argv), EACCES);
	t_fails(gev_listen_spawn(&bad, 1, NULL, self, argv), EBADF);
	t_fails(gev_listen_spawn(NULL, 1, NULL, self, argv), EINVAL);
	t_fails(gev_listen_spawn(NULL, -1, NULL, self, argv), EINVAL);
	t_fails(gev_listen_spawn(NULL, 0, NULL, NULL, argv), EINVAL);
	t_fails(gev_listen_spawn(NULL, 0, NULL, self, NULL), EINVAL);
	t_fails(waitpid(-1, NULL, 0), ECHILD);
	t_eq(open_descriptors(), before);
}

static void say(const char *pid, const char *fds)
{
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", fds, 1);
}

static void variables(void)
{
	char pid[16];
	int fd;

	snprintf(pid, sizeof(pid), "%d", getpid());
	unsetenv("LISTEN_PID");
	t_eq(gev_listen_fds(NULL, &fd, 1), 0);
	say("1", "1");
	t_eq(gev_listen_fds(NULL, &fd, 1), 0);
	say(pid, "x");
	t_fails(gev_listen_fds(NULL, &fd, 1), EINVAL);
	say(pid, "1x");
	t_fails(gev_listen_fds(NULL, &fd, 1), EINVAL);
	say(pid, "-1");
	t_fails(gev_listen_fds(NULL, &fd, 1), EINVAL);
	say(pid, "2147483647");
	t_fails(gev_listen_fds(NULL, &fd, 1), EINVAL);
	say("", "1");
	t_fails(gev_listen_fds(NULL, &fd, 1), EINVAL);
	say(pid, "100000");
	t_fails(gev_listen_fds(NULL, &fd, 1), EBADF);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return child();
	self = argv[0];
	T_RUN(handed_on);
	if (!t_under("qemu"))
		T_RUN(crossed);
	T_RUN(what_can_not_be_started);
	T_RUN(variables);
	return t_done();
}
