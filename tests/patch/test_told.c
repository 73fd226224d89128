/* SPDX-License-Identifier: MIT */
/*
 * What foreign code is told: by each call that waits, in mid-call, if its
 * greenlet is killed, something is thrown at it or a timeout fires.  And
 * nothing is lost by that.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <gev/timeout.h>
#include <time.h>
#include <unistd.h>
#include "patch/patch.h"

/* One end for the call, the other for us; a full one; a listener. */
static int ends[2], filled[2], in[2], out[2], listener, poller;
static pid_t child;
static char byte[64 << 10];
static struct iovec iov = { byte, 1 }, much = { byte, sizeof(byte) };
static uint32_t word;

static ssize_t do_read(void)
{
	return read(ends[0], byte, 1);
}

static ssize_t do_readv(void)
{
	return readv(ends[0], &iov, 1);
}

static ssize_t do_recv(void)
{
	return recv(ends[0], byte, 1, 0);
}

static ssize_t do_recvmsg(void)
{
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	return recvmsg(ends[0], &m, 0);
}

static ssize_t do_recvmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return recvmmsg(ends[0], &m, 1, 0, NULL);
}

static ssize_t do_splice(void)
{
	return splice(in[0], NULL, filled[1], NULL, 1, 0);
}

static ssize_t do_tee(void)
{
	return tee(in[0], out[1], 1, 0);
}

static ssize_t do_pipe_read(void)
{
	return read(in[0], byte, 1);
}

static ssize_t do_write(void)
{
	return write(filled[1], byte, sizeof(byte));
}

static ssize_t do_writev(void)
{
	return writev(filled[1], &much, 1);
}

static ssize_t do_send(void)
{
	return send(filled[1], byte, sizeof(byte), 0);
}

static ssize_t do_sendmsg(void)
{
	struct msghdr m = { .msg_iov = &much, .msg_iovlen = 1 };

	return sendmsg(filled[1], &m, 0);
}

static ssize_t do_sendmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &much,
				     .msg_iovlen = 1 } };

	return sendmmsg(filled[1], &m, 1, 0);
}

static ssize_t do_sendfile(void)
{
	off_t at = 0;
	int fd = open("/proc/self/exe", O_RDONLY);
	ssize_t n = sendfile(filled[1], fd, &at, 4096);
	int error = errno;

	close(fd);
	errno = error;
	return n;
}

static ssize_t do_accept(void)
{
	return accept(listener, NULL, NULL);
}

static ssize_t do_accept4(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static ssize_t do_poll(void)
{
	struct pollfd p = { .fd = ends[0], .events = POLLIN };

	return poll(&p, 1, -1);
}

static ssize_t do_ppoll(void)
{
	struct pollfd p = { .fd = ends[0], .events = POLLIN };

	return ppoll(&p, 1, NULL, NULL);
}

static ssize_t do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return select(ends[0] + 1, &set, NULL, NULL, NULL);
}

static ssize_t do_pselect(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return pselect(ends[0] + 1, &set, NULL, NULL, NULL, NULL);
}

static ssize_t do_epoll_wait(void)
{
	struct epoll_event e;

	return epoll_wait(poller, &e, 1, -1);
}

static ssize_t do_epoll_pwait(void)
{
	struct epoll_event e;
	sigset_t none;

	sigemptyset(&none);
	return epoll_pwait(poller, &e, 1, -1, &none);
}

static ssize_t do_nanosleep(void)
{
	struct timespec t = { .tv_sec = 100 };

	return nanosleep(&t, NULL);
}

static ssize_t do_clock_nanosleep(void)
{
	struct timespec t = { .tv_sec = 100 };

	errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	return errno ? -1 : 0;
}

static ssize_t do_wait4(void)
{
	return wait4(child, NULL, 0, NULL);
}

static ssize_t do_waitid(void)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)child, &info, WEXITED);
}

static int file;

static ssize_t do_flock(void)
{
	return flock(file, LOCK_EX);
}

static ssize_t do_setlkw(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(file, F_OFD_SETLKW, &l);
}

static ssize_t do_futex(void)
{
	return syscall(SYS_futex, &word,
		FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, word, NULL, NULL, 1);
}

enum what { KILL, THROW, TIMEOUT, WHATS };

static const struct {
	const char *name;
	ssize_t (*call)(void);
	bool locks;
} calls[] = {
	{ "read", do_read, false },
	{ "read of a pipe", do_pipe_read, false },
	{ "readv", do_readv, false },
	{ "recv", do_recv, false },
	{ "recvmsg", do_recvmsg, false },
	{ "recvmmsg", do_recvmmsg, false },
	{ "splice", do_splice, false },
	{ "tee", do_tee, false },
	{ "write", do_write, false },
	{ "writev", do_writev, false },
	{ "send", do_send, false },
	{ "sendmsg", do_sendmsg, false },
	{ "sendmmsg", do_sendmmsg, false },
	{ "sendfile", do_sendfile, false },
	{ "accept", do_accept, false },
	{ "accept4", do_accept4, false },
	{ "poll", do_poll, false },
	{ "ppoll", do_ppoll, false },
	{ "select", do_select, false },
	{ "pselect", do_pselect, false },
	{ "epoll_wait", do_epoll_wait, false },
	{ "epoll_pwait", do_epoll_pwait, false },
	{ "nanosleep", do_nanosleep, false },
	{ "clock_nanosleep", do_clock_nanosleep, false },
	{ "wait4", do_wait4, false },
	{ "waitid", do_waitid, false },
	{ "flock", do_flock, false },
	{ "fcntl", do_setlkw, false },
	{ "futex", do_futex, true },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static int expected(size_t call, enum what what)
{
	if (what == TIMEOUT)
		return ETIMEDOUT;
	if (calls[call].locks)
		return EINTR;
	return what == KILL ? ECANCELED : EPROTO;
}

static enum what what_now;

static intptr_t make_call(void *arg)
{
	size_t call = (size_t)(intptr_t)arg;
	gev_timeout t;
	ssize_t r;
	int error;

	if (what_now == TIMEOUT)
		gev_timeout_start(&t, GEV_MS(1));
	enter();
	errno = 0;
	r = calls[call].call();
	error = errno;
	leave();
	if (what_now == TIMEOUT)
		t_ok(gev_timeout_cancel(&t));
	if (r != -1 || error != expected(call, what_now))
		printf("# %s: %zd, errno %d\n", calls[call].name, r, error);
	t_eq(r, -1);
	t_eq(error, expected(call, what_now));
	return 0;
}

static void interrupt_all(enum what what)
{
	what_now = what;
	for (size_t i = 0; i < CALLS; i++) {
		gev_greenlet *g = start(make_call, (intptr_t)i);

		gev_yield();
		if (!t_eq(inside, 1))
			printf("# %s did not wait\n", calls[i].name);
		if (what == KILL)
			t_eq(gev_kill(g, 0), 0);
		else if (what == THROW)
			t_eq(gev_throw(g, EPROTO), 0);
		t_eq(gev_join(g, GEV_SEC(10)), 0);
		gev_unref(g);
	}
}

static int locked;

static void fill(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, byte, sizeof(byte)) > 0)
		;
	while (write(fd, byte, 1) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static int open_locked(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char name[] = "/tmp/gev-told-XXXXXX", path[64];
	int fd;

	locked = mkstemp(name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", locked);
	fd = open(path, O_RDWR);
	unlink(name);
	t_eq(flock(locked, LOCK_EX), 0);
	t_eq(fcntl(locked, F_OFD_SETLK, &l), 0);
	return fd;
}

static void make_listener(void)
{
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	t_eq(bind(listener, &(struct sockaddr){ AF_UNIX, "" },
		     sizeof(sa_family_t)), 0);
	t_eq(listen(listener, 4), 0);
}

static bool set_up(void)
{
	struct epoll_event e = { .events = EPOLLIN };

	if (!patch(GEV_PATCH_ALL))
		return false;
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, filled), 0);
	t_eq(pipe(in), 0);
	t_eq(pipe(out), 0);
	make_listener();
	poller = epoll_create1(0);
	t_eq(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &e), 0);
	fill(filled[1]);
	file = open_locked();
	child = fork();
	if (child == 0) {
		for (;;)
			gev_patch_original(SYS_ppoll, NULL, 0, NULL, NULL);
	}
	return true;
}

static void close_all(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

static void tear_down(void)
{
	kill(child, SIGKILL);
	t_eq(waitpid(child, NULL, 0), child);
	close_all(ends, 2);
	close_all(filled, 2);
	close_all(in, 2);
	close_all(out, 2);
	close_all((int[]){ listener, poller, file, locked }, 4);
	t_eq(gev_unpatch_all(), 0);
}

/* What comes afterwards is there for the next; what was there still is. */
static void nothing_is_lost(void)
{
	struct sockaddr_un a;
	socklen_t size = sizeof(a);
	int fd;

	t_eq(write(ends[1], "a", 1), 1);
	t_eq(recv(ends[0], byte, sizeof(byte), 0), 1);
	t_eq(byte[0], 'a');
	t_eq(recv(ends[0], byte, 1, MSG_DONTWAIT), -1);
	t_eq(write(in[1], "b", 1), 1);
	t_eq(read(in[0], byte, sizeof(byte)), 1);
	t_eq(byte[0], 'b');
	t_eq(getsockname(listener, (void *)&a, &size), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	t_eq(connect(fd, (void *)&a, size), 0);
	close(fd);
	fd = accept(listener, NULL, NULL);
	t_ok(fd >= 0);
	close(fd);
	t_eq(flock(locked, LOCK_UN), 0);
	t_eq(flock(file, LOCK_EX | LOCK_NB), 0);
}

static void calls_are_told_of_a_kill(void)
{
	if (!set_up())
		return;
	interrupt_all(KILL);
	nothing_is_lost();
	tear_down();
}

static void calls_are_told_of_a_throw(void)
{
	if (!set_up())
		return;
	interrupt_all(THROW);
	nothing_is_lost();
	tear_down();
}

static void calls_are_told_of_a_timeout(void)
{
	if (!set_up())
		return;
	interrupt_all(TIMEOUT);
	nothing_is_lost();
	tear_down();
}

static void their_own_timeouts_stay_what_they_are(void)
{
	struct timeval tv = { .tv_usec = 1000 };

	if (!set_up())
		return;
	t_eq(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	t_eq(setsockopt(filled[1], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)),
		0);
	t_fails(recv(ends[0], byte, 1, 0), EAGAIN);
	t_fails(send(filled[1], byte, 1, 0), EAGAIN);
	tear_down();
}

/* A library that knows of no error it could not retry. */
static int tries, told;

static intptr_t try_for_ever(void *arg)
{
	ssize_t n;

	(void)arg;
	do
		tries++;
	while ((n = read(ends[0], byte, 1)) < 0);
	return n == 1 ? 0 : 1;
}

static int on_error(gev_hub *hub, const struct gev_error *error, void *arg)
{
	(void)hub;
	(void)arg;
	told++;
	t_eq(error->code, ECANCELED);
	t_str(error->where, "read");
	t_str(gev_name(error->greenlet), "stubborn");
	return 0;
}

static void who_tries_for_ever_waits_in_the_end(void)
{
	gev_greenlet *g;

	if (!set_up())
		return;
	gev_hub_set_error_hook(gev_hub_get(), on_error, NULL);
	tries = told = 0;
	g = start(try_for_ever, 0);
	gev_set_name(g, "stubborn");
	gev_yield();
	gev_kill(g, 0);
	gev_sleep(GEV_MS(5));
	t_eq(tries, 17); /* 16 failed, this one waits */
	t_eq(told, 1);
	gev_kill(g, 0);
	gev_sleep(GEV_MS(1));
	t_eq(tries, 17);
	t_eq(write(ends[1], "x", 1), 1);
	join(g);
	t_eq(told, 1);
	gev_hub_set_error_hook(gev_hub_get(), NULL, NULL);
	tear_down();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool ready;

static intptr_t wait_for_condition(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&mutex);
	while (!ready)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return 0;
}

static int on_futex_error(gev_hub *hub, const struct gev_error *error,
	void *arg)
{
	(void)hub;
	(void)arg;
	told++;
	t_str(error->where, "futex");
	return 0;
}

static void conditions_wait_in_the_end(void)
{
	gev_greenlet *g;

	if (!set_up())
		return;
	gev_hub_set_error_hook(gev_hub_get(), on_futex_error, NULL);
	told = 0;
	g = start(wait_for_condition, 0);
	gev_yield();
	gev_kill(g, 0);
	gev_sleep(GEV_MS(5));
	t_eq(told, 1);
	ready = true;
	pthread_cond_signal(&cond);
	join(g);
	gev_hub_set_error_hook(gev_hub_get(), NULL, NULL);
	tear_down();
}

int main(void)
{
	T_RUN(calls_are_told_of_a_kill);
	T_RUN(calls_are_told_of_a_throw);
	T_RUN(calls_are_told_of_a_timeout);
	T_RUN(their_own_timeouts_stay_what_they_are);
	T_RUN(who_tries_for_ever_waits_in_the_end);
	T_RUN(conditions_wait_in_the_end);
	return t_done();
}
