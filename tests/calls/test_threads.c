/* SPDX-License-Identifier: MIT */
/* Descriptors that several hubs use; fork. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include <sys/wait.h>
#include "pair.h"

#define HUBS 2
#define CONNECTIONS 200

struct acceptor {
	int listener;
	int accepted;
	int error;
	atomic_int tid;
};

/* Until the thread's hub sleeps in the kernel. */
static void settle(atomic_int *tid)
{
	while (!*tid || !thread_sleeps(*tid))
		gev_sleep(GEV_US(100));
}

static void *accept_in_thread(void *arg)
{
	struct acceptor *a = arg;
	char c;

	a->tid = (int)syscall(SYS_gettid);
	for (;;) {
		int fd = gev_accept(a->listener, NULL, NULL);

		if (fd < 0)
			break;
		a->accepted++;
		t_eq(gev_recv(fd, &c, 1, 0), 1);
		t_eq(gev_send(fd, &c, 1, 0), 1);
		gev_close(fd);
	}
	a->error = errno;
	return NULL;
}

static void two_hubs_accept_on_one_listener(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET, &addr, &size);
	struct acceptor a[HUBS];
	pthread_t threads[HUBS];

	for (int i = 0; i < HUBS; i++) {
		a[i] = (struct acceptor){ .listener = l };
		pthread_create(&threads[i], NULL, accept_in_thread, &a[i]);
	}
	for (int i = 0; i < HUBS; i++)
		settle(&a[i].tid);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = gev_socket(AF_INET, SOCK_STREAM, 0);
		char c = (char)i;

		t_eq(gev_connect(fd, (void *)&addr, size), 0);
		t_eq(gev_send(fd, &c, 1, 0), 1);
		t_eq(gev_recv(fd, &c, 1, 0), 1);
		t_eq(c, (char)i);
		gev_close(fd);
	}
	for (int i = 0; i < HUBS; i++)
		settle(&a[i].tid);
	gev_close(l);
	for (int i = 0; i < HUBS; i++)
		pthread_join(threads[i], NULL);
	t_eq(a[0].accepted + a[1].accepted, CONNECTIONS);
	t_eq(a[0].error, EBADF);
	t_eq(a[1].error, EBADF);
}

struct reader {
	int fd;
	long result;
	int error;
	atomic_int tid;
	char buf[8];
};

static void *read_in_thread(void *arg)
{
	struct reader *r = arg;

	r->tid = (int)syscall(SYS_gettid);
	errno = 0;
	r->result = gev_read(r->fd, r->buf, sizeof(r->buf));
	r->error = errno;
	return NULL;
}

/* A thread whose hub waits, asleep in the kernel, on @fd. */
static pthread_t start(struct reader *r, int fd)
{
	pthread_t thread;

	*r = (struct reader){ .fd = fd };
	t_eq(pthread_create(&thread, NULL, read_in_thread, r), 0);
	settle(&r->tid);
	return thread;
}

static void closed_by_another_thread(void)
{
	for (int i = 0; i < 5; i++) {
		int fds[2];
		struct reader r;
		pthread_t thread;

		make_pair(&gev_world, i % 2 ? TCP4 : PIPE, fds);
		thread = start(&r, fds[0]);
		t_eq(gev_close(fds[0]), 0);
		pthread_join(thread, NULL);
		t_eq(r.result, -1);
		t_eq(r.error, EBADF);
		t_eq(gev_close(fds[1]), 0);
	}
}

/* The one who closes it has never seen it. */
static void closed_by_a_stranger(void)
{
	int fds[2];
	struct reader r;
	pthread_t thread;

	t_eq(pipe(fds), 0);
	thread = start(&r, fds[0]);
	t_eq(gev_close(fds[0]), 0);
	pthread_join(thread, NULL);
	t_eq(r.error, EBADF);
	t_eq(gev_close(fds[1]), 0);
}

static void *close_without_hub(void *arg)
{
	t_eq(gev_close(*(int *)arg), 0);
	return NULL;
}

static void closed_by_a_thread_without_a_hub(void)
{
	int fds[2];
	struct reader r;
	pthread_t reader, closer;

	t_eq(pipe(fds), 0);
	reader = start(&r, fds[0]);
	t_eq(pthread_create(&closer, NULL, close_without_hub, &fds[0]), 0);
	pthread_join(closer, NULL);
	pthread_join(reader, NULL);
	t_eq(r.error, EBADF);
	t_eq(gev_close(fds[1]), 0);
}

/* What it learns of the old one must not stay with the new one. */
static void reused_under_another_hub(void)
{
	enum { NUMBER = 60 };
	int old[2], new[2];
	struct reader r;
	pthread_t thread;

	make_pair(&gev_world, TCP4, old);
	make_pair(&gev_world, PIPE, new);
	t_eq(gev_dup2(old[0], NUMBER), NUMBER);
	thread = start(&r, NUMBER);
	t_eq(gev_close(NUMBER), 0);
	t_eq(gev_dup2(new[0], NUMBER), NUMBER);
	pthread_join(thread, NULL);
	t_eq(r.error, EBADF);
	thread = start(&r, NUMBER);
	t_eq(gev_write(new[1], "new", 3), 3);
	pthread_join(thread, NULL);
	t_eq(r.result, 3);
	t_eq(gev_close(NUMBER), 0);
	close_pair(&gev_world, new);
	close_pair(&gev_world, old);
}

/* Readers in two hubs are no concurrent use of one hub: as with threads. */
static void two_hubs_read_one_pipe(void)
{
	int fds[2];
	struct reader r[2];
	pthread_t threads[2];

	make_pair(&gev_world, PIPE, fds);
	for (int i = 0; i < 2; i++)
		threads[i] = start(&r[i], fds[0]);
	t_eq(gev_write(fds[1], "x", 1), 1);
	t_eq(gev_close(fds[1]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	t_eq(r[0].result + r[1].result, 1);
	t_eq(gev_close(fds[0]), 0);
}

static void *set_nonblock(void *arg)
{
	t_eq(gev_fcntl(*(int *)arg, F_SETFL, O_NONBLOCK), 0);
	return NULL;
}

static void flags_set_by_another_thread(void)
{
	int fds[2];
	char c;
	pthread_t thread;
	gev_timeout t;

	make_pair(&gev_world, UNIX_STREAM, fds);
	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_read(fds[0], &c, 1), ETIMEDOUT);
	gev_timeout_cancel(&t);
	t_eq(pthread_create(&thread, NULL, set_nonblock, &fds[0]), 0);
	pthread_join(thread, NULL);
	t_fails(gev_read(fds[0], &c, 1), EAGAIN);
	close_pair(&gev_world, fds);
}

/* The status of a child, which ends with whether checks failed in it. */
static void child_was_well(int pid)
{
	int status = -1;

	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
}

static intptr_t read_one(void *arg)
{
	char c;

	return gev_read(*(int *)arg, &c, 1);
}

static void a_child_goes_on_with_them(void)
{
	int a[2], b[2], pid;
	char c = 0;
	gev_greenlet *g;

	make_pair(&gev_world, UNIX_STREAM, a);
	make_pair(&gev_world, TCP4, b);
	g = gev_spawn(read_one, &b[0]);
	gev_yield();
	gev_yield();
	pid = gev_fork();
	if (pid == 0) {
		/* nobody waits here: it can be read, and closed */
		t_eq(gev_recv(b[0], &c, 1, MSG_DONTWAIT), -1);
		t_eq(gev_read(a[0], &c, 1), 1);
		t_eq(gev_write(a[0], &c, 1), 1);
		t_eq(gev_close(b[0]), 0);
		t_eq(gev_read(a[0], &c, 1), 1);
		_exit(t_failures != 0);
	}
	t_ok(pid > 0);
	t_eq(gev_write(a[1], "x", 1), 1);
	t_eq(gev_read(a[1], &c, 1), 1);
	t_eq(c, 'x');
	t_ok(!gev_dead(g)); /* closing there is nothing to us */
	t_eq(gev_write(b[1], "y", 1), 1);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
	t_eq(gev_write(a[1], "z", 1), 1);
	child_was_well(pid);
	close_pair(&gev_world, a);
	close_pair(&gev_world, b);
}

static void *fork_without_hub(void *arg)
{
	int pid = fork();

	if (pid == 0) {
		int fds[2];
		char c;

		t_eq(gev_pipe(fds), 0);
		t_eq(gev_write(fds[1], "x", 1), 1);
		t_eq(gev_read(fds[0], &c, 1), 1);
		t_eq(gev_close(fds[0]), 0);
		t_eq(gev_close(*(int *)arg), 0);
		_exit(t_failures != 0);
	}
	child_was_well(pid);
	return NULL;
}

/* The hubs of the parent's other threads are not there in the child. */
static void a_thread_without_a_hub_forks(void)
{
	int fds[2];
	struct reader r;
	pthread_t thread, reader;

	make_pair(&gev_world, PIPE, fds);
	reader = start(&r, fds[0]);
	t_eq(pthread_create(&thread, NULL, fork_without_hub, &fds[0]), 0);
	pthread_join(thread, NULL);
	t_eq(gev_write(fds[1], "x", 1), 1);
	pthread_join(reader, NULL);
	t_eq(r.result, 1);
	close_pair(&gev_world, fds);
}

static void *use_and_leave(void *arg)
{
	int *fds = arg;
	char c;

	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	t_eq(gev_hub_destroy(0), 0);
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	return NULL;
}

static void hubs_come_and_go(void)
{
	int fds[2];

	make_pair(&gev_world, TCP4, fds);
	for (int i = 0; i < 10; i++) {
		pthread_t thread;

		t_eq(pthread_create(&thread, NULL, use_and_leave, fds), 0);
		pthread_join(thread, NULL);
	}
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	close_pair(&gev_world, fds);
}

int main(void)
{
	T_RUN(two_hubs_accept_on_one_listener);
	T_RUN(closed_by_another_thread);
	T_RUN(closed_by_a_stranger);
	T_RUN(closed_by_a_thread_without_a_hub);
	T_RUN(reused_under_another_hub);
	T_RUN(two_hubs_read_one_pipe);
	T_RUN(flags_set_by_another_thread);
	T_RUN(a_child_goes_on_with_them);
	T_RUN(a_thread_without_a_hub_forks);
	T_RUN(hubs_come_and_go);
	return t_done();
}
