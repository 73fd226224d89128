/* SPDX-License-Identifier: MIT */
/* What goes from thread to thread by descriptors. */
#include "random.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>

#define BYTES 30000
#define PIECE_MAX 5000

/* A connection, of some kind: [0] to read, [1] to write. */
static void connect_tcp(struct play *p, int fd[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(p, bind(listener, (void *)&at, size) == 0 &&
			listen(listener, 1) == 0 &&
			getsockname(listener, (void *)&at, &size) == 0,
		"a listener");
	fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(p, connect(fd[1], (void *)&at, size) == 0, "a connection");
	fd[0] = accept(listener, NULL, NULL);
	close(listener);
}

static void connect_somehow(struct play *p, int fd[2])
{
	switch (below(&p->chance, 3)) {
	case 0:
		must(p, pipe2(fd, O_CLOEXEC) == 0, "a pipe");
		break;
	case 1:
		must(p, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     fd) == 0, "a pair of sockets");
		break;
	default:
		connect_tcp(p, fd);
	}
}

static int poll_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, -1);
}

static int select_for(int fd, short events)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, events == POLLIN ? &set : NULL,
		events == POLLOUT ? &set : NULL, NULL, NULL);
}

static int epoll_for(int fd, short events)
{
	struct epoll_event e = { .events = events == POLLIN ? EPOLLIN :
							      EPOLLOUT };
	int ep = epoll_create1(EPOLL_CLOEXEC), r;

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	r = epoll_wait(ep, &e, 1, -1);
	close(ep);
	return r;
}

static void wait_for(struct worker *w, int fd, short events)
{
	int r;

	switch (below(&w->chance, 3)) {
	case 0:
		r = poll_for(fd, events);
		break;
	case 1:
		r = select_for(fd, events);
		break;
	default:
		r = epoll_for(fd, events);
	}
	if (r < 0)
		again(w->play, false);
	else
		must(w->play, r == 1, "it is waited for");
}

struct stream {
	int fd[2];
	bool nonblocking[2];
};

/* Whether it is to be tried once more. */
static bool look_again(struct worker *w, const struct stream *s, int side,
	ssize_t r)
{
	if (r >= 0)
		return false;
	if (errno == EAGAIN && s->nonblocking[side]) {
		wait_for(w, s->fd[side], side ? POLLOUT : POLLIN);
		return true;
	}
	return again(w->play, true);
}

static unsigned char byte_at(size_t i)
{
	return (unsigned char)(i * 7 + i / 251);
}

static intptr_t send_all(struct worker *w)
{
	struct stream *s = w->shared;
	unsigned char buf[PIECE_MAX];
	size_t sent = 0;

	while (sent < BYTES) {
		size_t n = 1 + below(&w->chance, PIECE_MAX);
		ssize_t r;

		n = n < BYTES - sent ? n : BYTES - sent;
		for (size_t i = 0; i < n; i++)
			buf[i] = byte_at(sent + i);
		do
			r = write(s->fd[1], buf, n);
		while (look_again(w, s, 1, r));
		if (!must(w->play, r > 0, "a write"))
			break;
		sent += (size_t)r;
		dawdle(&w->chance);
	}
	close(s->fd[1]);
	return (intptr_t)sent;
}

static intptr_t receive_all(struct worker *w)
{
	struct stream *s = w->shared;
	unsigned char buf[PIECE_MAX];
	size_t got = 0;
	ssize_t r;

	do {
		do
			r = read(s->fd[0], buf,
				1 + below(&w->chance, PIECE_MAX));
		while (look_again(w, s, 0, r));
		for (ssize_t i = 0; i < r; i++)
			must(w->play, buf[i] == byte_at(got + (size_t)i),
				"what was sent");
		got += r > 0 ? (size_t)r : 0;
		dawdle(&w->chance);
	} while (r > 0);
	must(w->play, r == 0, "and then the end");
	close(s->fd[0]);
	return -(intptr_t)got;
}

void play_messages(struct play *p)
{
	struct worker out, in;
	struct stream s;

	connect_somehow(p, s.fd);
	for (int i = 0; i < 2; i++) {
		s.nonblocking[i] = below(&p->chance, 2);
		if (s.nonblocking[i])
			fcntl(s.fd[i], F_SETFL, O_NONBLOCK);
	}
	hire(p, &in, 1, receive_all, &s);
	hire(p, &out, 1, send_all, &s);
	must(p, dismiss(&out, 1) == BYTES, "all is sent");
	must(p, dismiss(&in, 1) == -BYTES, "and received");
}

#define TIMES 50

/* Many to many: each number is read once, whole. */
static intptr_t send_numbers(struct worker *w)
{
	struct stream *s = w->shared;
	intptr_t sum = 0;

	for (int i = 1; i <= TIMES; i++) {
		long number = w->number * 1000 + i;
		ssize_t r;

		do
			r = write(s->fd[1], &number, sizeof(number));
		while (look_again(w, s, 1, r));
		must(w->play, r == sizeof(number), "a number is written");
		sum += number;
		dawdle(&w->chance);
	}
	return sum;
}

static intptr_t receive_numbers(struct worker *w)
{
	struct stream *s = w->shared;
	intptr_t sum = 0;
	long number;
	ssize_t r;

	for (;;) {
		do
			r = read(s->fd[0], &number, sizeof(number));
		while (look_again(w, s, 0, r));
		if (!must(w->play, r == sizeof(number), "one is read") ||
			number < 0)
			return sum;
		sum -= number;
		dawdle(&w->chance);
	}
}

void play_datagrams(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS / 2);
	int m = 1 + (int)below(&p->chance, WORKERS / 2);
	struct worker out[WORKERS / 2], in[WORKERS / 2];
	const long end = -1;
	struct stream s = { .nonblocking = { false } };
	intptr_t sum;

	if (below(&p->chance, 2))
		must(p, pipe2(s.fd, O_CLOEXEC) == 0, "a pipe");
	else
		must(p, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			     s.fd) == 0, "a pair");
	hire(p, in, m, receive_numbers, &s);
	hire(p, out, n, send_numbers, &s);
	sum = dismiss(out, n);
	for (int i = 0; i < m; i++)
		must(p, write(s.fd[1], &end, sizeof(end)) == sizeof(end),
			"the last one");
	must(p, sum + dismiss(in, m) == 0, "each is received once");
	close(s.fd[0]);
	close(s.fd[1]);
}

static intptr_t count_down(struct worker *w)
{
	const int *fd = w->shared;
	eventfd_t value;
	int r;

	for (int i = 0; i < TIMES; i++) {
		do
			r = eventfd_read(*fd, &value);
		while (r < 0 && again(w->play, true));
		must(w->play, r == 0 && value == 1, "one event");
	}
	return TIMES;
}

static intptr_t count_up(struct worker *w)
{
	const int *fd = w->shared;

	for (int i = 0; i < TIMES; i++) {
		must(w->play, eventfd_write(*fd, 1) == 0, "it is counted");
		dawdle(&w->chance);
	}
	return -TIMES;
}

void play_events(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS / 2);
	struct worker up[WORKERS / 2], down[WORKERS / 2];
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);

	hire(p, down, n, count_down, &fd);
	hire(p, up, n, count_up, &fd);
	must(p, dismiss(up, n) + dismiss(down, n) == 0, "as often as that");
	close(fd);
}

static intptr_t wait_for_end(struct worker *w)
{
	const int *fd = w->shared;
	char byte;
	ssize_t r;

	do
		r = recv(fd[0], &byte, 1, 0);
	while (r < 0 && again(w->play, true));
	return r;
}

/* A connection ends under those who wait for it. */
void play_closing(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS / 2);
	struct worker w[WORKERS / 2];
	int fd[2];

	must(p, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0,
		"a pair");
	hire(p, w, n, wait_for_end, fd);
	dawdle(&p->chance);
	if (below(&p->chance, 2)) {
		must(p, shutdown(fd[0], SHUT_RDWR) == 0, "it is shut down");
		must(p, dismiss(w, n) == 0, "and they are told");
		close(fd[1]);
	} else {
		close(fd[1]);
		must(p, dismiss(w, n) == 0, "the end is told to all");
	}
	close(fd[0]);
}
