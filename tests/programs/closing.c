/* SPDX-License-Identifier: MIT */
/* Sockets that are closed, replaced or shut down while threads wait on them. */
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "waiting.h"

static char directory[] = "/tmp/gev-closing-XXXXXX";
static char path[64];

static int listener(struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof(name->sun_path), "%s", path);
	bind(fd, (struct sockaddr *)name, sizeof(*name));
	listen(fd, 5);
	return fd;
}

static void *accept_one(void *arg)
{
	int fd;

	ready = 1;
	fd = accept(*(int *)arg, NULL, NULL);
	close(fd);
	return (void *)(intptr_t)(fd >= 0);
}

static bool connects(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int r = connect(fd, (const struct sockaddr *)name, sizeof(*name));

	close(fd);
	return r == 0;
}

/* Any number may accept from the same. */
static void accepting(void)
{
	struct sockaddr_un name;
	int fd = listener(&name);
	pthread_t t = start(accept_one, &fd), u = start(accept_one, &fd);

	say(connects(&name) && connects(&name) && finish(t) == (void *)1 &&
			finish(u) == (void *)1,
		"two threads accept");
	close(fd);
	unlink(path);
}

/* What is listened at is not left before the last accept is over. */
static void close_listener(void)
{
	struct sockaddr_un name;
	int fd = listener(&name);
	pthread_t t = start(accept_one, &fd), u = start(accept_one, &fd);

	close(fd);
	pause_ms(20);
	say(connects(&name) && connects(&name), "what was closed listens on");
	say(finish(t) == (void *)1 && finish(u) == (void *)1,
		"for both who accept");
	say(!connects(&name), "and no longer");
	unlink(path);
}

/* Linux lets calls go on, with what the number stood for. */
static void close_it(int fd, int other)
{
	(void)other;
	close(fd);
}

static void replace_it(int fd, int other)
{
	dup2(other, fd);
	close(fd);
}

static void close_all(int fd, int other)
{
	(void)other;
	close_range((unsigned)fd, (unsigned)fd + 10000, 0);
}

static void close_under(void *(*wait)(void *),
	void (*go)(int fd, int other), intptr_t result, const char *what)
{
	int pair[2], other[2], fd;
	pthread_t t;

	say(pipe(other) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0,
		"a pipe and a pair");
	fd = fcntl(pair[0], F_DUPFD, 50);
	close(pair[0]);
	t = start(wait, &fd);
	go(fd, other[0]);
	pause_ms(20);
	say(write(pair[1], "late", 4) == 4 && finish(t) == (void *)result,
		what);
	say(write(pair[1], "late", 4) < 0 && errno == EPIPE,
		"and is all that kept it");
	close(pair[1]);
	close(other[0]);
	close(other[1]);
}

static void *wait_select(void *arg)
{
	const int fd = *(int *)arg;
	fd_set set;
	int r;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	ready = 1;
	r = select(fd + 1, &set, NULL, NULL, NULL);
	return (void *)(intptr_t)(r == 1 && FD_ISSET(fd, &set));
}

static void *wait_epoll(void *arg)
{
	struct epoll_event e = { .events = EPOLLIN };
	const int fd = *(int *)arg, epoll = epoll_create1(0);
	int r;

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
	*(int *)arg = epoll;
	ready = 1;
	r = epoll_wait(epoll, &e, 1, -1);
	return (void *)(intptr_t)r;
}

static void close_under_epoll(void)
{
	int to[2], fd;
	pthread_t t;

	say(pipe(to) == 0, "a pipe");
	fd = to[0];
	t = start(wait_epoll, &fd);
	close(fd);
	pause_ms(10);
	say(write(to[1], "x", 1) == 1 && finish(t) == (void *)1,
		"an epoll_wait goes on after close");
	close(to[0]);
	close(to[1]);
}

static void *splice_it(void *arg)
{
	int to[2];
	intptr_t r;

	if (pipe(to) < 0)
		return NULL;
	ready = 1;
	r = splice(*(int *)arg, NULL, to[1], NULL, 100, 0);
	close(to[0]);
	close(to[1]);
	return (void *)r;
}

static char queue[64];

static void *receive(void *arg)
{
	char text[16];

	ready = 1;
	return (void *)(intptr_t)mq_receive(*(mqd_t *)arg, text, sizeof(text),
		NULL);
}

static void close_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 };
	mqd_t q, other;
	pthread_t t;

	snprintf(queue, sizeof(queue), "/gev-closing-%d", (int)getpid());
	q = mq_open(queue, O_RDWR | O_CREAT, 0600, &attr);
	other = mq_open(queue, O_RDWR);
	t = start(receive, &q);
	mq_close(q);
	say(mq_send(other, "late", 4, 0) == 0 && finish(t) == (void *)4,
		"an mq_receive goes on after close");
	mq_close(other);
	mq_unlink(queue);
}

/* More than fits, so that it waits with a part of it written. */
#define LARGE (4 << 20)

static void *write_large(void *arg)
{
	char *much = calloc(1, LARGE);
	intptr_t n;

	ready = 1;
	n = write(*(int *)arg, much, LARGE);
	free(much);
	return (void *)n;
}

static void *sendfile_large(void *arg)
{
	char name[] = "/tmp/gev-closing-file-XXXXXX";
	int file = mkstemp(name);
	intptr_t n;

	unlink(name);
	if (ftruncate(file, LARGE) < 0)
		return NULL;
	ready = 1;
	n = sendfile(*(int *)arg, file, NULL, LARGE);
	close(file);
	return (void *)n;
}

static void close_under_writer(void *(*write_it)(void *), const char *what)
{
	static char buf[65536];
	long n, all = 0;
	int pair[2];
	pthread_t t;

	say(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair");
	t = start(write_it, &pair[0]);
	close(pair[0]);
	while ((n = read(pair[1], buf, sizeof(buf))) > 0)
		all += n;
	say(all == LARGE && finish(t) == (void *)LARGE, what);
	close(pair[1]);
}

static void *connect_late(void *arg)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	ready = 1;
	return (void *)(intptr_t)(connect(*(int *)arg,
		(struct sockaddr *)&name, sizeof(name)) == 0);
}

/* It waits while others that were not accepted yet fill the queue. */
static void close_under_connect(void)
{
	struct sockaddr_un name;
	int fd = listener(&name), first = socket(AF_UNIX, SOCK_STREAM, 0);
	int late = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t t;

	listen(fd, 0);
	connect(first, (struct sockaddr *)&name, sizeof(name));
	t = start(connect_late, &late);
	close(late);
	pause_ms(20);
	close(accept(fd, NULL, NULL));
	say(finish(t) == (void *)1, "a connect goes on after close");
	close(first);
	close(fd);
	unlink(path);
}

/* What is left of it is known by its number alone. */
static void *poll_two(void *arg)
{
	const int *fd = arg;
	struct pollfd p[] = { { fd[0], POLLIN, 0 }, { fd[1], POLLIN, 0 } };
	int r;

	ready = 1;
	r = poll(p, 2, -1);
	return (void *)(intptr_t)(r << 16 | p[0].revents << 8 | p[1].revents);
}

static void close_several(void)
{
	const intptr_t wanted = 2 << 16 | POLLIN << 8 | POLLNVAL;
	int one[2], two[2], fds[2], other;
	pthread_t t;

	say(pipe(one) == 0 && pipe(two) == 0, "two pipes");
	fds[0] = one[0];
	fds[1] = two[0];
	t = start(poll_two, fds);
	close(one[0]);
	other = open("/dev/zero", O_RDONLY); /* always ready */
	pause_ms(10);
	close(two[0]);
	pause_ms(10);
	say(other == one[0] && write(two[1], "x", 1) == 1 &&
			finish(t) == (void *)wanted,
		"a poll of two that were closed goes on");
	close(other);
	close(one[1]);
	close(two[1]);
}

static volatile int late;

static void *be_late(void *arg)
{
	pause_ms(400);
	late = 1;
	return arg;
}

static void *poll_for_a_while(void *arg)
{
	struct pollfd p = { *(int *)arg, POLLIN, 0 };

	ready = 1;
	return (void *)(intptr_t)(poll(&p, 1, 250) == 1 &&
		p.revents == POLLNVAL && !late);
}

static void *read_for_a_while(void *arg)
{
	char c;

	ready = 1;
	return (void *)(intptr_t)(read(*(int *)arg, &c, 1) < 0 &&
		errno == EAGAIN && !late);
}

static void close_with_timeout(void *(*wait)(void *), const char *what)
{
	const struct timeval limit = { 0, 250000 };
	int pair[2];
	pthread_t t, u;

	late = 0;
	say(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair");
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	t = start(wait, &pair[0]);
	u = begin(be_late, NULL);
	pause_ms(180);
	close(pair[0]);
	say(finish(t) == (void *)1, what);
	finish(u);
	close(pair[1]);
}

static void *read_byte(void *arg)
{
	char c;

	ready = 1;
	return (void *)(intptr_t)read(*(int *)arg, &c, 1);
}

static void many_readers(void)
{
	pthread_t t[5];
	intptr_t all = 0;
	int to[2];

	say(pipe(to) == 0, "a pipe");
	for (int i = 0; i < 5; i++)
		t[i] = start(read_byte, &to[0]);
	say(write(to[1], "abc", 3) == 3, "three bytes");
	pause_ms(20);
	close(to[0]);
	say(write(to[1], "de", 2) == 2, "and two more");
	for (int i = 0; i < 5; i++)
		all += (intptr_t)finish(t[i]);
	say(all == 5, "for five readers, some of them of what was closed");
	close(to[1]);
}

static void closing(void)
{
	signal(SIGPIPE, SIG_IGN);
	close_under(read_any, close_it, 4, "a read goes on after close");
	close_under(read_any, replace_it, 4, "a read goes on after dup2");
	close_under(read_any, close_all, 4, "a read goes on after close_range");
	close_under(wait_poll, close_it, 1, "a poll goes on after close");
	close_under(wait_select, close_it, 1, "a select goes on after close");
	close_under(wait_select, replace_it, 1, "a select goes on after dup2");
	close_under(splice_it, close_it, 4, "a splice goes on after close");
	close_under_epoll();
	close_queue();
	close_under_writer(write_large, "a write goes on after close");
	close_under_writer(sendfile_large, "a sendfile goes on after close");
	close_under_connect();
	close_several();
	close_with_timeout(poll_for_a_while, "a poll ends when it would have");
	close_with_timeout(read_for_a_while, "and so does a read");
	many_readers();
	close_listener();
}

static void shutting(void)
{
	int pair[2];
	pthread_t t;

	say(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair");
	t = start(read_any, &pair[0]);
	shutdown(pair[0], SHUT_RDWR);
	say(finish(t) == NULL, "shutdown ends a read");
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/it", directory);
	accepting();
	closing();
	shutting();
	rmdir(directory);
	return 0;
}
