/* SPDX-License-Identifier: MIT */
/*
 * The same scenario in two worlds: with blocking system calls on threads, and
 * with gev's on greenlets.  What a scenario notes must be equal.
 *
 *	static void a_reader_gets_the_end(const struct world *w) { ... }
 *	...
 *	same(a_reader_gets_the_end);
 */
#ifndef TESTS_CALLS_WORLD_H
#define TESTS_CALLS_WORLD_H

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <gev/greenlet.h>
#include <gev/io.h>
#include <gev/socket.h>
#include "t.h"

/* Somebody who does something of his own: a thread or a greenlet. */
struct actor {
	void (*fn)(struct actor *self);
	const struct world *w;
	int fd;
	void *buf;
	size_t size;
	int flags;
	void *arg;
	long result;
	int error;
	gev_greenlet *greenlet;
	pthread_t thread;
	atomic_int tid;
	atomic_bool ended;
};

struct world {
	ssize_t (*read)(int fd, void *buf, size_t size);
	ssize_t (*write)(int fd, const void *buf, size_t size);
	ssize_t (*readv)(int fd, const struct iovec *iov, int n);
	ssize_t (*writev)(int fd, const struct iovec *iov, int n);
	ssize_t (*recv)(int fd, void *buf, size_t size, int flags);
	ssize_t (*recvfrom)(int fd, void *buf, size_t size, int flags,
		struct sockaddr *addr, socklen_t *addrlen);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	ssize_t (*send)(int fd, const void *buf, size_t size, int flags);
	ssize_t (*sendto)(int fd, const void *buf, size_t size, int flags,
		const struct sockaddr *addr, socklen_t addrlen);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	int (*accept)(int fd, struct sockaddr *addr, socklen_t *size);
	int (*accept4)(int fd, struct sockaddr *addr, socklen_t *size,
		int flags);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t size);
	int (*socket)(int domain, int type, int protocol);
	int (*socketpair)(int domain, int type, int protocol, int fds[2]);
	int (*pipe)(int fds[2]);
	int (*pipe2)(int fds[2], int flags);
	int (*close)(int fd);
	int (*shutdown)(int fd, int how);
	int (*dup)(int fd);
	int (*dup2)(int from, int to);
	int (*dup3)(int from, int to, int flags);
	int (*fcntl)(int fd, int cmd, ...);
	int (*setsockopt)(int fd, int level, int name, const void *value,
		socklen_t size);
	void (*start)(struct actor *a);
	void (*settle)(struct actor *a);
	void (*join)(struct actor *a);
};

static T_UNUSED void *thread_of_actor(void *arg)
{
	struct actor *a = arg;

	a->tid = (int)syscall(SYS_gettid);
	a->fn(a);
	a->ended = true;
	return NULL;
}

static T_UNUSED void thread_start(struct actor *a)
{
	t_eq(pthread_create(&a->thread, NULL, thread_of_actor, a), 0);
}

/* Whether a thread of ours sleeps in the kernel. */
static T_UNUSED bool thread_sleeps(int tid)
{
	char path[64], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, ") S ");
}

static T_UNUSED void thread_settle(struct actor *a)
{
	while (!a->ended && !(a->tid && thread_sleeps(a->tid)))
		usleep(100);
}

static T_UNUSED void thread_join(struct actor *a)
{
	pthread_join(a->thread, NULL);
}

static T_UNUSED intptr_t greenlet_of_actor(void *arg)
{
	struct actor *a = arg;

	a->fn(a);
	a->ended = true;
	return 0;
}

static T_UNUSED void greenlet_start(struct actor *a)
{
	a->greenlet = gev_spawn(greenlet_of_actor, a);
	t_ok(a->greenlet);
}

/* Twice: it may go on after what the loop has for it. */
static T_UNUSED void greenlet_settle(struct actor *a)
{
	(void)a;
	for (int i = 0; i < 4; i++)
		gev_yield();
}

static T_UNUSED void greenlet_join(struct actor *a)
{
	t_eq(gev_join(a->greenlet, GEV_FOREVER), 0);
	gev_unref(a->greenlet);
}

static T_UNUSED const struct world posix_world = { read, write, readv, writev,
	recv, recvfrom, recvmsg, send, sendto, sendmsg, accept, accept4,
	connect, socket, socketpair, pipe, pipe2, close, shutdown, dup, dup2,
	dup3, fcntl, setsockopt, thread_start, thread_settle, thread_join };

static T_UNUSED const struct world gev_world = { gev_read, gev_write, gev_readv,
	gev_writev, gev_recv, gev_recvfrom, gev_recvmsg, gev_send, gev_sendto,
	gev_sendmsg, gev_accept, gev_accept4, gev_connect, gev_socket,
	gev_socketpair, gev_pipe, gev_pipe2, gev_close, gev_shutdown, gev_dup,
	gev_dup2, gev_dup3, gev_fcntl, gev_setsockopt, greenlet_start,
	greenlet_settle, greenlet_join };

/* A call's result into the log, with its errno. */
static T_UNUSED long note(const char *what, long result)
{
	int error = errno;

	if (result == -1)
		t_log("%s=%s ", what, strerrorname_np(error));
	else
		t_log("%s=%ld ", what, result);
	return result;
}

#define NOTE(expr)                                                             \
	__extension__({                                                        \
		errno = 0;                                                     \
		note(#expr, (long)(expr));                                     \
	})

/* The same, for what is a number of no importance if it is one. */
#define NOTE_OK(expr)                                                          \
	__extension__({                                                        \
		errno = 0;                                                     \
		long note_r_ = (long)(expr);                                   \
		note(#expr, note_r_ < 0 ? note_r_ : 0);                        \
		(int)note_r_;                                                  \
	})

static T_UNUSED void same_at(void (*scenario)(const struct world *w),
	const char *file, int line)
{
	static char expected[sizeof(t_log_text)];

	t_log_text[0] = '\0';
	scenario(&posix_world);
	strcpy(expected, t_log_text);
	t_log_text[0] = '\0';
	scenario(&gev_world);
	t_str_at(t_log_text, expected, file, line, "gev's, as POSIX's");
	t_log_text[0] = '\0';
}

#define same(scenario) same_at((scenario), __FILE__, __LINE__)

#endif
