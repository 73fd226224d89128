/* SPDX-License-Identifier: MIT */
/* Numbers that come and go by other ways than gev knows: no hub goes by what
 * they were. */
#include <fcntl.h>
#include <gev/sleep.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "patch/patch.h"

/* To be the lowest number that is free. */
static int number;

static intptr_t read_some(void *arg)
{
	char buf[sizeof(struct signalfd_siginfo)];

	return read((int)(intptr_t)arg, buf, sizeof(buf)) > 0 ? 0 : errno;
}

/* The hub knows the number as one side of a pipe, and drained. */
static void use_as_pipe(void)
{
	int fds[2];
	char c;

	t_eq(pipe(fds), 0);
	t_eq(write(fds[1], "x", 1), 1);
	t_eq(read(fds[0], &c, 1), 1);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	t_fails(read(fds[0], &c, 1), EAGAIN);
	number = fds[0];
	close(fds[1]);
	close(fds[0]);
}

/* It waits until @let_go: the others run meanwhile. */
static void waits_until(int fd, void (*let_go)(int fd))
{
	gev_greenlet *g;

	t_eq(fd, number);
	g = start(read_some, fd);
	gev_sleep(0);
	gev_sleep(0);
	t_ok(!gev_ready(g));
	let_go(fd);
	gev_join(g, GEV_SEC(5));
	t_eq(gev_value(g), 0);
	gev_unref(g);
	close(fd);
}

static void add_one(int fd)
{
	eventfd_write(fd, 1);
}

static void an_eventfd(void)
{
	use_as_pipe();
	waits_until(eventfd(0, 0), add_one);
}

static void set_timer(int fd)
{
	struct itimerspec t = { .it_value.tv_nsec = 1 };

	timerfd_settime(fd, 0, &t, NULL);
}

static void a_timerfd(void)
{
	use_as_pipe();
	waits_until(timerfd_create(CLOCK_MONOTONIC, 0), set_timer);
}

static void raise_it(int fd)
{
	(void)fd;
	raise(SIGUSR2);
}

static void a_signalfd(void)
{
	sigset_t set, old;

	use_as_pipe();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	waits_until(signalfd(-1, &set, 0), raise_it);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void a_file(void)
{
	char c = 0;

	use_as_pipe();
	t_eq(memfd_create("test", 0), number);
	t_eq(write(number, "abc", 3), 3);
	t_eq(lseek(number, 1, SEEK_SET), 1);
	t_eq(read(number, &c, 1), 1);
	t_eq(c, 'b');
	close(number);
	use_as_pipe();
	t_eq(open("/dev/zero", O_RDONLY), number);
	t_eq(read(number, &c, 1), 1);
	t_eq(c, 0);
	close(number);
}

static int message_fds[2];

/* A descriptor that comes in a message. */
static int receive(int from)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int fd = -1;

	t_eq(recvmsg(from, &msg, 0), 1);
	if (t_ok(CMSG_FIRSTHDR(&msg) != NULL))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void send_fd(int to, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	t_eq(sendmsg(to, &msg, 0), 1);
}

static void write_byte(int fd)
{
	(void)fd;
	t_eq(write(message_fds[1], "y", 1), 1);
}

static void one_that_came_in_a_message(void)
{
	int pair[2];

	t_eq(pipe(message_fds), 0);
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	use_as_pipe();
	send_fd(pair[0], message_fds[0]);
	waits_until(receive(pair[1]), write_byte);
	for (int i = 0; i < 2; i++) {
		close(message_fds[i]);
		close(pair[i]);
	}
}

/* The hub's own descriptors lie below. */
static void a_range_that_is_closed(void)
{
	int fds[2];
	gev_greenlet *g;

	t_eq(pipe(fds), 0);
	number = fcntl(fds[0], F_DUPFD, 200);
	t_ok(number >= 200);
	g = start(read_some, number);
	gev_sleep(0);
	t_ok(!gev_ready(g));
	t_fails(close_range((unsigned)number, 100, 0), EINVAL);
	t_fails(close_range((unsigned)number, ~0u, 1u << 30), EINVAL);
	t_eq(close_range((unsigned)number, ~0u, CLOSE_RANGE_CLOEXEC), 0);
	gev_sleep(0);
	t_ok(!gev_ready(g));
	t_eq(close_range((unsigned)number, ~0u, 0), 0);
	gev_join(g, GEV_SEC(5));
	t_eq(gev_value(g), EBADF);
	gev_unref(g);
	t_fails(fcntl(number, F_GETFD), EBADF);
	close(fds[0]);
	close(fds[1]);
}

static void a_range_that_is_used_again(void)
{
	int fds[2], event;

	t_eq(pipe(fds), 0);
	t_eq(dup2(fds[0], 200), 200);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	t_eq(read_some((void *)(intptr_t)200), EAGAIN);
	close(fds[0]);
	close(fds[1]);
	closefrom(200);
	number = 200;
	event = eventfd(0, 0);
	t_eq(dup2(event, 200), 200);
	waits_until(200, add_one);
	close(event);
}

int main(void)
{
	if (gev_hub_get() && patch_any_way(GEV_PATCH_ALL)) {
		T_RUN(an_eventfd);
		T_RUN(a_timerfd);
		T_RUN(a_signalfd);
		T_RUN(a_file);
		T_RUN(one_that_came_in_a_message);
		T_RUN(a_range_that_is_closed);
		T_RUN(a_range_that_is_used_again);
		gev_unpatch_all();
	}
	if (!t_skipped)
		return t_done();
	printf("1..0 # SKIP %s\n", t_skipped);
	return 0;
}
