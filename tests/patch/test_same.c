/* SPDX-License-Identifier: MIT */
/* Patched or not, the same results and errors. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "patch/patch.h"

/* Appends a result, and the error if it is one. */
static void note(const char *what, long r)
{
	if (r < 0)
		t_log("%s:%s ", what, strerrorname_np(errno));
	else
		t_log("%s:%ld ", what, r);
}

static void bad_descriptors(void)
{
	struct pollfd p = { .fd = 999, .events = POLLIN };
	char c = 0;

	note("read", read(-1, &c, 1));
	note("write", write(999, &c, 1));
	note("recv", recv(999, &c, 1, 0));
	note("close", close(999));
	note("poll", poll(&p, 1, 0));
	note("revents", p.revents);
	note("dup2", dup2(999, 998));
}

static void nonblocking_sockets(void)
{
	struct timeval tv = { .tv_usec = 10000 };
	int fds[2], one = 1;
	char buf[8];

	note("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	note("getfl", (fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
	note("recv", recv(fds[0], buf, 8, 0));
	fcntl(fds[0], F_SETFL, 0);
	note("fionbio", ioctl(fds[0], FIONBIO, &one));
	note("read", read(fds[0], buf, 8));
	fcntl(fds[0], F_SETFL, 0);
	note("getfl", (fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
	note("dontwait", recv(fds[0], buf, 8, MSG_DONTWAIT));
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	note("timeo", recv(fds[0], buf, 8, 0));
	note("send", send(fds[1], "abcde", 5, 0));
	note("short", recv(fds[0], buf, 8, 0));
	close(fds[1]);
	note("end", recv(fds[0], buf, 8, 0));
	note("epipe", send(fds[0], buf, 8, MSG_NOSIGNAL));
	close(fds[0]);
}

static void listeners(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	note("bind", bind(listener, (void *)&a, size));
	note("accept", accept(listener, NULL, NULL));
	note("listen", listen(listener, 1));
	getsockname(listener, (void *)&a, &size);
	note("connect", connect(fd, (void *)&a, size));
	peer = accept(listener, NULL, NULL);
	note("accepted", peer >= 0);
	note("getfl", fcntl(listener, F_GETFL));
	note("again", connect(fd, (void *)&a, size));
	close(peer);
	close(fd);
	close(listener);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	note("refused", connect(fd, (void *)&a, size));
	close(fd);
}

static void files_and_pipes(void)
{
	int fds[2], file = open("/dev/null", O_RDWR);
	char c = 0;

	note("pipe", pipe(fds));
	note("null", read(file, &c, 1));
	note("null", write(file, &c, 1));
	note("wrong", read(fds[1], &c, 1));
	note("wrong", write(fds[0], &c, 1));
	note("dup2", dup2(fds[0], file) == file);
	note("write", write(fds[1], "xy", 2));
	note("read", read(file, &c, 1));
	note("recv", recv(fds[0], &c, 1, 0));
	close(fds[1]);
	note("read", read(fds[0], &c, 1));
	note("end", read(fds[0], &c, 1));
	close(fds[0]);
	close(file);
}

static void times_and_children(void)
{
	struct timespec bad = { .tv_nsec = -1 }, little = { .tv_nsec = 1000 };
	int status = 0;
	pid_t pid;

	note("nanosleep", nanosleep(&bad, NULL));
	note("nanosleep", nanosleep(&little, NULL));
	note("usleep", usleep(10));
	note("wait", waitpid(-1, NULL, 0));
	pid = fork();
	if (pid == 0)
		_exit(7);
	note("wait", waitpid(pid, &status, 0) == pid);
	note("status", WEXITSTATUS(status));
	note("system", WEXITSTATUS(system("exit 3")));
	note("poll", poll(NULL, 0, 1));
}

static intptr_t call(void *scenario)
{
	((void (*)(void))scenario)();
	return 0;
}

static void same(void (*scenario)(void))
{
	char expected[sizeof(t_log_text)];

	scenario();
	strcpy(expected, t_log_text);
	t_log_text[0] = '\0';
	if (!patch_any_way(GEV_PATCH_ALL))
		return;
	join(start(call, (intptr_t)scenario));
	t_eq(gev_unpatch_all(), 0);
	t_ok(strlen(expected) > 20);
	t_log_is(expected);
}

static void bad_descriptors_are(void)
{
	same(bad_descriptors);
}

static void nonblocking_sockets_are(void)
{
	same(nonblocking_sockets);
}

static void listeners_are(void)
{
	same(listeners);
}

static void files_and_pipes_are(void)
{
	same(files_and_pipes);
}

static void times_and_children_are(void)
{
	same(times_and_children);
}

int main(void)
{
	T_RUN(bad_descriptors_are);
	T_RUN(nonblocking_sockets_are);
	T_RUN(listeners_are);
	T_RUN(files_and_pipes_are);
	T_RUN(times_and_children_are);
	return t_done();
}
