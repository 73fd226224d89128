/* SPDX-License-Identifier: MIT */
/* No descriptors, no memory, no epoll, no RWF_NOWAIT; numbers that are none. */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "backend.h"
#include "base/inject.h"
#include <gev/hub.h>
#include <gev/timeout.h>
#include "pair.h"

static void inject(long nr, long error, int after, int times)
{
	gev__inject = (struct gev__inject){ .nr = nr, .error = error,
		.after = after, .times = times };
}

static void inject_nothing(void)
{
	gev__inject.nr = -1;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static const int numbers[] = { -1, INT_MIN, INT_MAX, 987, 1 << 22,
	(1 << 22) - 1 };

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static void numbers_that_are_none(void)
{
	char c = 0;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sockaddr_storage addr;
	socklen_t size = loopback(AF_INET, &addr);
	struct timeval tv = { 1, 0 };

	for (size_t i = 0; i < NUMBERS; i++) {
		int fd = numbers[i];

		t_fails(gev_read(fd, &c, 1), EBADF);
		t_fails(gev_read(fd, &c, 0), EBADF);
		t_fails(gev_write(fd, &c, 1), EBADF);
		t_fails(gev_readv(fd, &iov, 1), EBADF);
		t_fails(gev_writev(fd, &iov, 1), EBADF);
		t_fails(gev_recv(fd, &c, 1, 0), EBADF);
		t_fails(gev_recvfrom(fd, &c, 1, MSG_OOB, NULL, NULL), EBADF);
		t_fails(gev_recvmsg(fd, &msg, 0), EBADF);
		t_fails(gev_send(fd, &c, 1, 0), EBADF);
		t_fails(gev_sendto(fd, &c, 1, 0, (void *)&addr, size), EBADF);
		t_fails(gev_sendmsg(fd, &msg, 0), EBADF);
		t_fails(gev_sendall(fd, &c, 1, 0, 0, NULL), EBADF);
		t_fails(gev_accept(fd, NULL, NULL), EBADF);
		t_fails(gev_connect(fd, (void *)&addr, size), EBADF);
		t_fails(gev_shutdown(fd, SHUT_RDWR), EBADF);
		t_fails(gev_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
			sizeof(tv)), EBADF);
		t_fails(gev_close(fd), EBADF);
		t_fails(gev_dup(fd), EBADF);
		t_fails(gev_dup2(fd, 50), EBADF);
		t_fails(gev_dup3(fd, 50, 0), EBADF);
		t_fails(gev_fcntl(fd, F_GETFL), EBADF);
		t_fails(gev_fcntl(fd, F_SETFL, 0), EBADF);
		t_fails(gev_wait_fd(fd, GEV_READ, 0), EBADF);
		gev_forget(fd);
	}
}

static void wrong_sorts_of_sockets(void)
{
	int fds[2];

	if (t_under("qemu")) {
		t_skip("qemu has errors of its own");
		return;
	}
	t_fails(gev_socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	t_fails(gev_socket(AF_INET, 12345, 0), EINVAL);
	t_fails(gev_socket(AF_UNIX, SOCK_STREAM, 99), EPROTONOSUPPORT);
	t_fails(gev_socketpair(AF_INET, SOCK_STREAM, 0, fds), EOPNOTSUPP);
	t_fails(gev_pipe2(fds, 1 << 30), EINVAL);
}

static void no_room_for_the_numbers(void)
{
	if (t_under("valgrind")) {
		t_skip("valgrind takes the faults for mistakes");
		return;
	}
	t_fails(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, NULL), EFAULT);
	t_fails(gev_pipe(NULL), EFAULT);
}

/* As many as are open already, and @more. */
static void limit_descriptors(rlim_t more, struct rlimit *saved)
{
	struct rlimit limit;
	int next = dup(0);

	close(next);
	getrlimit(RLIMIT_NOFILE, saved);
	limit = *saved;
	limit.rlim_cur = (rlim_t)next + more;
	t_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void descriptors_run_out(void)
{
	struct rlimit saved;
	struct sockaddr_storage addr;
	socklen_t size;
	int l, c, s, fds[2], before;

	if (t_under("valgrind")) {
		t_skip("valgrind has limits of its own");
		return;
	}
	l = listener(&gev_world, AF_INET, &addr, &size);
	c = gev_socket(AF_INET, SOCK_STREAM, 0);
	t_eq(gev_connect(c, (void *)&addr, size), 0);
	before = open_descriptors();
	limit_descriptors(0, &saved);
	for (int i = 0; i < 3; i++) {
		t_fails(gev_accept(l, NULL, NULL), EMFILE);
		t_fails(gev_socket(AF_INET, SOCK_STREAM, 0), EMFILE);
		t_fails(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), EMFILE);
		t_fails(gev_pipe(fds), EMFILE);
		t_fails(gev_dup(l), EMFILE);
		t_fails(gev_fcntl(l, F_DUPFD, 0), EMFILE);
	}
	setrlimit(RLIMIT_NOFILE, &saved);
	limit_descriptors(1, &saved);
	t_fails(gev_pipe(fds), EMFILE);
	t_fails(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), EMFILE);
	setrlimit(RLIMIT_NOFILE, &saved);
	t_eq(open_descriptors(), before);
	s = gev_accept(l, NULL, NULL); /* it waited */
	t_ok(s >= 0);
	gev_close(s);
	gev_close(c);
	gev_close(l);
}

/* Whichever of them fails, it is said, and goes on afterwards. */
static void epoll_ctl_fails(void)
{
	static const int errors[] = { ENOMEM, ENOSPC };
	int fds[2];
	char c;

	if (without_epoll())
		return;
	for (int sort = TCP4; sort <= PTY; sort++) {
		for (int i = 0; i < 2; i++) {
			gev_timeout t;

			make_pair(&gev_world, sort, fds);
			inject(SYS_epoll_ctl, -errors[i], 0, 1);
			t_fails(gev_read(fds[0], &c, 1), errors[i]);
			t_eq(gev__inject.calls, 1);
			inject_nothing();
			t_eq(gev_timeout_start(&t, GEV_MS(1)), 0);
			t_fails(gev_read(fds[0], &c, 1), ETIMEDOUT);
			gev_timeout_cancel(&t);
			t_eq(gev_write(fds[1], "x", 1), 1);
			t_eq(gev_read(fds[0], &c, 1), 1);
			close_pair(&gev_world, fds);
		}
	}
}

/* What epoll won't have is read like a file. */
static void epoll_refuses(void)
{
	int fd = open("/dev/zero", O_RDONLY);
	char c = 'x';

	gev_forget(fd);
	inject(SYS_preadv2, -EAGAIN, 0, 1);
	t_eq(gev_read(fd, &c, 1), 1);
	t_eq(c, 0);
	inject_nothing();
	t_eq(gev_close(fd), 0);
}

/* A hub of its own, whose tables are not there yet. */
static void *without_memory(void *arg)
{
	int *fds = arg;
	char c;
	bool failed = false;

	t_ok(gev_hub_get());
	for (int after = 0; after < 3; after++) {
		long r;

		inject(SYS_mmap, -ENOMEM, after, 1);
		errno = 0;
		r = gev_recv(fds[0], &c, 1, MSG_DONTWAIT);
		inject_nothing();
		t_eq(r, -1);
		t_ok(errno == ENOMEM || errno == EAGAIN);
		failed |= errno == ENOMEM;
	}
	t_ok(failed);
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	return NULL;
}

static void memory_runs_out(void)
{
	int fds[2];
	pthread_t thread;

	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	t_eq(pthread_create(&thread, NULL, without_memory, fds), 0);
	pthread_join(thread, NULL);
	gev_close(fds[0]);
	gev_close(fds[1]);
}

/* Making descriptors does not depend on what we can keep of them. */
static void *new_ones_without_memory(void *arg)
{
	int fds[2];
	char c;

	(void)arg;
	t_ok(gev_hub_get());
	inject(SYS_mmap, -ENOMEM, 0, -1);
	t_eq(gev_pipe2(fds, O_NONBLOCK), 0);
	inject_nothing();
	t_fails(gev_read(fds[0], &c, 1), EAGAIN);
	t_eq(gev_write(fds[1], "x", 1), 1);
	t_eq(gev_read(fds[0], &c, 1), 1);
	close_pair(&gev_world, fds);
	return NULL;
}

static void new_ones_need_no_memory(void)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, new_ones_without_memory, NULL), 0);
	pthread_join(thread, NULL);
}

static intptr_t write_all(void *arg)
{
	static char much[300000];
	struct iovec iov[3] = { { much, 1000 }, { much, 199000 },
		{ much, 100000 } };

	return gev_writev(*(int *)arg, iov, 3);
}

static void drains(int fds[2])
{
	static char buf[300000];
	gev_greenlet *g = gev_spawn(write_all, &fds[1]);
	long n = 0;

	while (n < 300000) {
		long r = gev_read(fds[0], buf, 30000);

		if (!t_ok(r > 0))
			break;
		n += r;
	}
	t_eq(gev_get(g, GEV_SEC(1)), 300000);
	gev_unref(g);
}

/* An older kernel: RWF_NOWAIT is not for pipes, or there is none. */
static void without_rwf_nowait(void)
{
	static const int errors[] = { EOPNOTSUPP, ENOSYS };
	static const long calls[] = { SYS_preadv2, SYS_pwritev2 };
	gev_timeout t;
	char c;

	for (int i = 0; i < 4; i++) {
		for (int sort = PIPE; sort <= PTY; sort++) {
			int fds[2];

			make_pair(&gev_world, sort, fds);
			inject(calls[i / 2], -errors[i % 2], 0, -1);
			gev_timeout_start(&t, GEV_MS(1));
			t_fails(gev_read(fds[0], &c, 1), ETIMEDOUT);
			gev_timeout_cancel(&t);
			drains(fds);
			t_ok(gev__inject.calls > 0);
			inject_nothing();
			for (int j = 0; j < 2; j++)
				t_eq(fcntl(fds[j], F_GETFL) & O_NONBLOCK, 0);
			close_pair(&gev_world, fds);
		}
	}
}

static void the_wrong_side_without_it(void)
{
	int fds[2];
	char c = 0;

	for (int sort = PIPE; sort <= FIFO; sort++) {
		make_pair(&gev_world, sort, fds);
		inject(SYS_preadv2, -ENOSYS, 0, -1);
		t_fails(gev_read(fds[1], &c, 1), EBADF);
		inject(SYS_pwritev2, -ENOSYS, 0, -1);
		t_fails(gev_write(fds[0], &c, 1), EBADF);
		inject_nothing();
		close_pair(&gev_world, fds);
	}
}

/* At most PIPE_BUF bytes are in one piece, whoever else writes. */
static void small_writes_are_atomic(void)
{
	int fds[2], n = 0;
	char a[3000], b[1000], got[4000];
	struct iovec iov[2] = { { a, 3000 }, { b, 1000 } };

	make_pair(&gev_world, PIPE, fds);
	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	inject(SYS_pwritev2, -EOPNOTSUPP, 0, -1);
	for (int i = 0; i < 8; i++) {
		t_eq(gev_writev(fds[1], iov, 2), 4000);
		n += 4000;
	}
	inject_nothing();
	for (; n > 0; n -= 4000) {
		t_eq(gev_read(fds[0], got, 4000), 4000);
		t_ok(!memcmp(got, a, 3000) && !memcmp(got + 3000, b, 1000));
	}
	close_pair(&gev_world, fds);
}

static void a_full_eventfd_without_it(void)
{
	int fd = eventfd(0, 0);
	uint64_t most = UINT64_MAX - 1;
	gev_timeout t;

	gev_forget(fd);
	t_eq(gev_write(fd, &most, 8), 8);
	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_write(fd, &most, 8), ETIMEDOUT);
	gev_timeout_cancel(&t);
	t_eq(gev_close(fd), 0);
}

static void files_have_their_limits(void)
{
	struct rlimit limit = { 10, RLIM_INFINITY }, saved;
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	fclose(f);
	gev_forget(fd);
	getrlimit(RLIMIT_FSIZE, &saved);
	signal(SIGXFSZ, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &limit);
	t_eq(gev_write(fd, "0123456789abcdef", 16), 10); /* no signal yet */
	signal(SIGXFSZ, SIG_IGN);
	t_fails(gev_write(fd, "x", 1), EFBIG);
	setrlimit(RLIMIT_FSIZE, &saved);
	t_eq(gev_close(fd), 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	T_RUN(numbers_that_are_none);
	T_RUN(wrong_sorts_of_sockets);
	T_RUN(no_room_for_the_numbers);
	T_RUN(descriptors_run_out);
	T_RUN(epoll_ctl_fails);
	T_RUN(epoll_refuses);
	T_RUN(memory_runs_out);
	T_RUN(new_ones_need_no_memory);
	T_RUN(without_rwf_nowait);
	T_RUN(the_wrong_side_without_it);
	T_RUN(small_writes_are_atomic);
	T_RUN(a_full_eventfd_without_it);
	T_RUN(files_have_their_limits);
	return t_done();
}
