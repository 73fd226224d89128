/* SPDX-License-Identifier: MIT */
/* AF_UNIX: names, descriptors and credentials that are passed, ends. */
#include <gev/hub.h>
#include <gev/poll.h>
#include <gev/timeout.h>
#include <sys/mman.h>
#include "pair.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
static int type;

static void each_type(void (*scenario)(const struct world *w), int n)
{
	for (int i = 0; i < n; i++) {
		type = types[i];
		same(scenario);
	}
}

/* An abstract name that the kernel picks. */
static int named(const struct world *w, struct sockaddr_un *addr,
	socklen_t *size)
{
	int fd = w->socket(AF_UNIX, type, 0);

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	t_eq(bind(fd, (void *)addr, sizeof(sa_family_t)), 0);
	*size = sizeof(*addr);
	t_eq(getsockname(fd, (void *)addr, size), 0);
	return fd;
}

static void accept_one(struct actor *self)
{
	struct sockaddr_un from;
	socklen_t size = sizeof(from);

	self->result = self->w->accept(self->fd, (void *)&from, &size);
	t_eq(from.sun_family, AF_UNIX);
	self->size = size;
}

static void meet(const struct world *w)
{
	struct actor a = { .fn = accept_one, .w = w };
	struct sockaddr_un addr;
	socklen_t size;
	int fd = w->socket(AF_UNIX, type, 0);
	char buf[8];

	a.fd = named(w, &addr, &size);
	NOTE(w->connect(fd, (void *)&addr, size)); /* nobody listens yet */
	t_eq(listen(a.fd, 5), 0);
	w->start(&a);
	w->settle(&a);
	NOTE(w->connect(fd, (void *)&addr, size));
	NOTE(w->connect(fd, (void *)&addr, size));
	w->join(&a);
	t_log("%zu ", a.size);
	NOTE(w->send(fd, "one", 3, 0));
	NOTE(w->send(fd, "two", 3, 0));
	NOTE(w->recv((int)a.result, buf, 2, 0));
	NOTE(w->recv((int)a.result, buf, 8, 0));
	NOTE(w->send(fd, "last", 4, MSG_EOR));
	t_eq(w->close(fd), 0);
	NOTE(w->recv((int)a.result, buf, 8, 0));
	NOTE(w->recv((int)a.result, buf, 8, 0));
	NOTE(w->send((int)a.result, "x", 1, MSG_NOSIGNAL));
	t_eq(w->close((int)a.result), 0);
	t_eq(w->close(a.fd), 0);
}

static void connections(void)
{
	each_type(meet, 2);
}

static void send_letters(const struct world *w)
{
	struct sockaddr_un addr, from;
	socklen_t size, fromlen = sizeof(from);
	int to, fd;
	char buf[8];

	type = SOCK_DGRAM;
	to = named(w, &addr, &size);
	fd = w->socket(AF_UNIX, SOCK_DGRAM, 0);
	NOTE(w->send(fd, "x", 1, 0));
	NOTE(w->sendto(fd, "hello", 5, 0, (void *)&addr, size));
	NOTE(w->recvfrom(to, buf, 8, 0, (void *)&from, &fromlen));
	t_log("from %u ", fromlen); /* nobody: it has no name */
	NOTE(w->connect(fd, (void *)&addr, size));
	NOTE(w->send(fd, "truncated", 9, 0));
	NOTE(w->recv(to, buf, 4, MSG_TRUNC));
	t_eq(w->close(to), 0);
	NOTE(w->send(fd, "x", 1, 0));
	NOTE(w->sendto(fd, "x", 1, 0, (void *)&addr, size));
	t_eq(w->close(fd), 0);
}

static void datagrams(void)
{
	same(send_letters);
}

union control {
	struct cmsghdr align;
	char room[512];
};

static long send_fds(const struct world *w, int to, const int *fds, int n)
{
	union control c = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &c,
		.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * (size_t)n);
	return w->sendmsg(to, &msg, 0);
}

struct parcel {
	struct actor a;
	size_t room;   /* for descriptors */
	int fds[8];
	int n;
	int flags;
};

static void receive_fds(struct actor *self)
{
	struct parcel *p = (struct parcel *)self;
	union control c = { 0 };
	char buf[1];
	struct iovec iov = { buf, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &c,
		.msg_controllen = CMSG_SPACE(sizeof(int) * p->room) };
	struct cmsghdr *h;

	self->result = self->w->recvmsg(self->fd, &msg, MSG_CMSG_CLOEXEC);
	p->flags = msg.msg_flags;
	h = CMSG_FIRSTHDR(&msg);
	if (!h || self->result <= 0)
		return;
	p->n = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(p->fds, CMSG_DATA(h), sizeof(int) * (size_t)p->n);
}

/* To one that waits; several, and more than there is room for. */
static void pass(const struct world *w)
{
	int fds[2], pipes[4];

	t_eq(w->socketpair(AF_UNIX, type, 0, fds), 0);
	t_eq(w->pipe(pipes), 0);
	t_eq(w->pipe(pipes + 2), 0);
	for (size_t room = 0; room <= 4; room += 2) {
		struct parcel p = { .a = { .fn = receive_fds, .w = w,
			.fd = fds[0] }, .room = room };
		char buf[8];

		w->start(&p.a);
		w->settle(&p.a);
		NOTE(send_fds(w, fds[1], pipes, 4));
		w->join(&p.a);
		t_log("%ld %d %x ", p.a.result, p.n, p.flags & MSG_CTRUNC);
		for (int i = 0; i < p.n; i++)
			t_eq(fcntl(p.fds[i], F_GETFD), FD_CLOEXEC);
		if (p.n == 4) {
			NOTE(w->write(p.fds[3], "through", 7));
			NOTE(w->read(pipes[2], buf, 8));
		}
		for (int i = 0; i < p.n; i++)
			t_eq(w->close(p.fds[i]), 0);
	}
	NOTE(send_fds(w, fds[1], (int[]){ -1 }, 1));
	for (int i = 0; i < 4; i++)
		t_eq(w->close(pipes[i]), 0);
	close_pair(w, fds);
}

static void descriptors(void)
{
	each_type(pass, 3);
}

/* A descriptor that came may have had the number of another before. */
static void a_number_that_was_in_use(void)
{
	struct parcel p = { .a = { .fn = receive_fds, .w = &gev_world },
		.room = 4 };
	gev_timeout t;
	int fds[2], tcp[2], pipe[2];
	char c;

	make_pair(&gev_world, TCP4, tcp);
	make_pair(&gev_world, UNIX_STREAM, fds);
	make_pair(&gev_world, PIPE, pipe);
	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_recv(tcp[0], &c, 1, 0), ETIMEDOUT); /* it is watched */
	gev_timeout_cancel(&t);
	t_eq(send_fds(&gev_world, fds[1], &pipe[0], 1), 1);
	gev_close(tcp[0]);
	p.a.fd = fds[0];
	receive_fds(&p.a);
	t_eq(p.fds[0], tcp[0]);
	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_read(p.fds[0], &c, 1), ETIMEDOUT);
	gev_timeout_cancel(&t);
	t_eq(gev_write(pipe[1], "x", 1), 1);
	t_eq(gev_read(p.fds[0], &c, 1), 1);
	gev_close(p.fds[0]);
	gev_close(tcp[1]);
	close_pair(&gev_world, fds);
	close_pair(&gev_world, pipe);
}

static void who_is_it(const struct world *w)
{
	int fds[2], on = 1;
	union control c = { 0 };
	char buf[4];
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &c, .msg_controllen = sizeof(c) };
	struct cmsghdr *h;
	struct ucred who;

	t_eq(w->socketpair(AF_UNIX, type, 0, fds), 0);
	NOTE(w->setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	NOTE(w->send(fds[1], "me", 2, 0));
	NOTE(w->recvmsg(fds[0], &msg, 0));
	h = CMSG_FIRSTHDR(&msg);
	t_log("%d ", h && h->cmsg_type == SCM_CREDENTIALS);
	if (h)
		memcpy(&who, CMSG_DATA(h), sizeof(who));
	t_ok(h && who.pid == getpid() && who.uid == getuid() &&
		who.gid == getgid());
	close_pair(w, fds);
}

static void credentials(void)
{
	each_type(who_is_it, 3);
}

/* A full queue of one that is not connected back. */
static void a_busy_receiver(void)
{
	struct sockaddr_un addr;
	socklen_t size;
	int to, fd, sent = 0;
	char c = 0;
	gev_timeout t;

	t_virtual();
	type = SOCK_DGRAM;
	to = named(&gev_world, &addr, &size);
	fd = gev_socket(AF_UNIX, SOCK_DGRAM, 0);
	while (gev_sendto(fd, &c, 1, MSG_DONTWAIT, (void *)&addr, size) == 1)
		sent++;
	t_eq(errno, EAGAIN);
	gev_timeout_start(&t, GEV_SEC(1));
	t_fails(gev_sendto(fd, &c, 1, 0, (void *)&addr, size), ETIMEDOUT);
	gev_timeout_cancel(&t);
	for (int i = 0; i < sent; i++)
		t_eq(gev_recv(to, &c, 1, MSG_DONTWAIT), 1);
	gev_close(fd);
	gev_close(to);
}

int main(void)
{
	T_RUN(connections);
	T_RUN(datagrams);
	T_RUN(descriptors);
	T_RUN(a_number_that_was_in_use);
	T_RUN(credentials);
	T_RUN(a_busy_receiver);
	return t_done();
}
