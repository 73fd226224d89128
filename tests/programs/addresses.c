/* SPDX-License-Identifier: MIT */
/*
 * Addresses at which there is nothing, or nothing to be written: the kernel
 * says EFAULT, and so is it said whoever looks at them.
 */
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "waiting.h"

static char *nowhere;    /* no page */
static char *constant;   /* one of zeroes, only to be read */
static char *edge;       /* the last 4 bytes of a page */
static int pair[2];

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	long r = syscall(nr, a, b, c, d, e, f);

	return r < 0 ? -errno : r;
}

#define CALL6(nr, a, b, c, d, e, f, ...)                                       \
	call(SYS_##nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),  \
		(long)(f))
#define CALL(...) CALL6(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

static void is(long r, long wanted, const char *what)
{
	say(r == wanted, what);
	if (r != wanted)
		printf("  it is %ld\n", r);
}

static void times(void)
{
	is(CALL(nanosleep, nowhere, 0), -EFAULT, "nanosleep");
	is(CALL(nanosleep, 8, 0), -EFAULT, "nanosleep, almost NULL");
	is(CALL(nanosleep, 1L << 62, 0), -EFAULT, "nanosleep, far away");
	is(CALL(nanosleep, edge, 0), -EFAULT, "nanosleep across an edge");
	is(CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, nowhere, 0), -EFAULT,
		"clock_nanosleep");
	is(CALL(clock_nanosleep, 99, 0, nowhere, 0), -EINVAL,
		"clock_nanosleep of no clock");
	is(CALL(nanosleep, constant, nowhere), 0, "what is left of no time");
	is(CALL(futex, pair, FUTEX_WAIT, pair[0], nowhere), -EFAULT,
		"the time of a futex");
}

/* The last of them are where there is nothing. */
static void large_sets(void)
{
	const int many = 2 * FD_SETSIZE;
	struct timeval none = { 0, 0 };
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (dup2(pair[0], many - 1) < 0)
		return;
	is(CALL(select, many, nowhere - many / 8 + 8, 0, 0, &none), -EFAULT,
		"select of many");
	close(many - 1);
}

static void sets(void)
{
	struct timespec none = { 0, 0 };
	struct pollfd p = { pair[0], POLLIN, 0 };
	struct { const void *mask; long size; } arg = { nowhere, 8 };

	is(CALL(poll, nowhere, 1, 0), -EFAULT, "poll");
	is(CALL(poll, 0, 1, 0), -EFAULT, "poll at NULL");
	is(CALL(poll, 0, 0, 0), 0, "poll of nothing");
	is(CALL(poll, constant, 1, 0), -EFAULT, "poll of constants");
	is(CALL(ppoll, &p, 1, nowhere, 0, 8), -EFAULT, "the time of ppoll");
	is(CALL(ppoll, &p, 1, constant, 0, 8), 0, "a constant time of ppoll");
	is(CALL(ppoll, &p, 1, &none, nowhere, 8), -EFAULT, "its mask");
	is(CALL(ppoll, &p, 1, &none, nowhere, 7), -EINVAL, "of a wrong size");
	is(CALL(select, 1, nowhere, 0, 0, 0), -EFAULT, "select");
	is(CALL(select, 0, 0, 0, 0, nowhere), -EFAULT, "its time");
	is(CALL(select, 0, 0, 0, 0, constant), 0, "a constant one");
	is(CALL(pselect6, 1, 0, 0, nowhere, &none, 0), -EFAULT, "pselect6");
	is(CALL(pselect6, 0, 0, 0, 0, nowhere, 0), -EFAULT, "its time");
	is(CALL(pselect6, 0, 0, 0, 0, constant, 0), 0, "a constant one");
	is(CALL(pselect6, 0, 0, 0, 0, &none, nowhere), -EFAULT, "its mask");
	is(CALL(pselect6, 0, 0, 0, 0, &none, &arg), -EFAULT, "where that is");
}

static void events(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct timespec none = { 0, 0 };
	int fd = epoll_create1(0);

	is(CALL(epoll_ctl, fd, EPOLL_CTL_ADD, pair[0], &e), 0, "epoll_ctl");
	is(write(pair[1], "x", 1), 1, "an event");
	is(CALL(epoll_wait, fd, nowhere, 1, -1), -EFAULT, "epoll_wait");
	is(CALL(epoll_pwait, fd, &e, 1, -1, nowhere, 8), -EFAULT, "its mask");
	is(CALL(epoll_pwait2, fd, &e, 1, nowhere, 0, 8), -EFAULT, "its time");
	is(CALL(epoll_pwait2, fd, &e, 1, &none, 0, 8), 1, "it is still there");
	is(read(pair[0], &e, 1), 1, "and read");
	close(fd);
}

static void transfers(void)
{
	struct msghdr m = { .msg_iov = (struct iovec *)nowhere,
		.msg_iovlen = 1 };
	struct iovec v = { nowhere, 10 };

	is(write(pair[1], "y", 1), 1, "something to read");
	is(CALL(read, pair[0], nowhere, 1), -EFAULT, "read");
	is(CALL(readv, pair[0], nowhere, 1), -EFAULT, "readv");
	is(CALL(readv, -1, nowhere, 1), -EBADF, "readv of nothing");
	is(CALL(readv, pair[0], nowhere, 5000), -EINVAL, "readv of too much");
	is(CALL(readv, pair[0], &v, 1), -EFAULT, "readv to nowhere");
	is(CALL(writev, pair[1], nowhere, 1), -EFAULT, "writev");
	is(CALL(writev, pair[1], 0, 1), -EFAULT, "writev at NULL");
	is(CALL(recvmsg, pair[0], nowhere, 0), -EFAULT, "recvmsg");
	is(CALL(recvmsg, -1, nowhere, 0), -EBADF, "recvmsg of nothing");
	is(CALL(recvmsg, pair[0], &m, 0), -EFAULT, "recvmsg to nowhere");
	is(CALL(sendmsg, pair[1], nowhere, 0), -EFAULT, "sendmsg");
	is(CALL(sendmmsg, pair[1], nowhere, 1, 0), -EFAULT, "sendmmsg");
	is(CALL(recvmmsg, pair[0], nowhere, 1, 0, 0), -EFAULT, "recvmmsg");
	is(CALL(recvmmsg, pair[0], 0, 1, 0, nowhere), -EFAULT, "its time");
	is(CALL(sendfile, pair[1], 0, nowhere, 1), -EFAULT, "sendfile");
}

static char *without_end(const char *path)
{
	return memcpy(nowhere - strlen(path), path, strlen(path));
}

static void *open_own(void *unused)
{
	is(CALL(open, without_end("/proc/thread-self/"), 0, 0), -EFAULT,
		"open of a path without an end");
	return unused;
}

static void files(void)
{
	char path[] = "/tmp/gev-addresses-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	is(CALL(writev, fd, nowhere, 1), -EFAULT, "writev to a file");
	is(CALL(readv, fd, 0, 1), -EFAULT, "readv of a file at NULL");
	is(CALL(write, fd, nowhere, 10), -EFAULT, "write to a file");
	is(CALL(preadv, fd, nowhere, 1, 0), -EFAULT, "preadv");
	is(CALL(pwritev2, fd, nowhere, 1, 0, 0, 0), -EFAULT, "pwritev2");
	is(CALL(open, nowhere, 0, 0), -EFAULT, "open");
	finish(begin(open_own, NULL));
	close(fd);
}

static void words(void)
{
	is(CALL(futex, nowhere, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0),
		-EFAULT, "a futex");
	is(CALL(futex, nowhere, FUTEX_WAIT_BITSET, 0, 0, 0, -1), -EFAULT,
		"a shared one");
	is(CALL(futex, 2, FUTEX_WAIT, 0, 0), -EINVAL, "an uneven one");
	is(CALL(futex, nowhere, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1), 0,
		"nobody is woken there");
	is(CALL(futex, nowhere, FUTEX_LOCK_PI, 0, 0), -EFAULT, "to be locked");
}

static void signals(void)
{
	is(CALL(rt_sigaction, SIGUSR1, nowhere, 0, 8), -EFAULT, "sigaction");
	is(CALL(rt_sigaction, SIGUSR1, 0, nowhere, 8), -EFAULT, "the old one");
	is(CALL(rt_sigprocmask, SIG_BLOCK, nowhere, 0, 8), -EFAULT, "a mask");
	is(CALL(rt_sigprocmask, SIG_BLOCK, 0, nowhere, 8), -EFAULT,
		"the old one");
	is(CALL(rt_sigpending, nowhere, 8), -EFAULT, "sigpending");
	is(CALL(rt_sigsuspend, nowhere, 8), -EFAULT, "sigsuspend");
	is(CALL(rt_sigtimedwait, nowhere, 0, 0, 8), -EFAULT, "sigtimedwait");
	is(CALL(rt_sigtimedwait, constant, 0, nowhere, 8), -EFAULT, "its time");
	is(CALL(sigaltstack, nowhere, 0), -EFAULT, "sigaltstack");
	is(CALL(sigaltstack, 0, nowhere), -EFAULT, "the old one");
	is(CALL(clone3, nowhere, 88), -EFAULT, "clone3");
}

static void others(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	is(CALL(wait4, child, nowhere, 0, 0), -EFAULT, "wait4");
	is(CALL(wait4, child, 0, 0, 0), -ECHILD, "which was the end of it");
	is(CALL(semop, 0, nowhere, 1), -EFAULT, "semop");
}

/* Where the program itself is wrong, it is told so. */
static volatile sig_atomic_t faults;

static void on_fault(int signum)
{
	(void)signum;
	faults++;
	mprotect(nowhere, 4096, PROT_READ | PROT_WRITE);
}

static void handled(void)
{
	signal(SIGSEGV, on_fault);
	*nowhere = 1;
	say(faults == 1 && *nowhere == 1, "a fault of its own is handled");
	mprotect(nowhere, 4096, PROT_NONE);
	is(CALL(nanosleep, nowhere, 0), -EFAULT, "a call's is none");
	say(faults == 1, "of which a handler hears");
}

static void blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	is(CALL(nanosleep, nowhere, 0), -EFAULT, "nor where it is blocked");
	pthread_kill(pthread_self(), SIGSEGV);
	sigpending(&all);
	say(sigismember(&all, SIGSEGV) && faults == 1,
		"and one that is sent waits");
}

static void crashing(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)nowhere = 1;
		_exit(0);
	}
	waitpid(child, &status, 0);
	say(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
		"without a handler it is the end");
}

int main(void)
{
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t other;

	edge = pages + 4096 - 4;
	nowhere = pages + 4096;
	constant = pages + 2 * 4096;
	mprotect(nowhere, 4096, PROT_NONE);
	mprotect(constant, 4096, PROT_READ);
	say(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair");
	other = start(read_any, &(int){ socket(AF_UNIX, SOCK_DGRAM, 0) });
	times();
	sets();
	large_sets();
	events();
	transfers();
	files();
	words();
	signals();
	others();
	crashing();
	handled();
	blocked();
	(void)other;
	return 0;
}
