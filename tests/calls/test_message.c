/* SPDX-License-Identifier: MIT */
/* recv, send and their kin: flags, addresses, control data, as in POSIX. */
#include <signal.h>
#include "pair.h"

static enum sort sort;

#define EACH(scenario, first, last)                                            \
	for (sort = (first); sort <= (last); sort++) {                         \
		int before_ = t_failures;                                      \
		same(scenario);                                                \
		if (t_failures > before_)                                      \
			printf("# with %s\n", sort_names[sort]);               \
	}

static void recv_all(struct actor *a)
{
	errno = 0;
	a->result = a->w->recv(a->fd, a->buf, a->size, a->flags);
	a->error = errno;
}

static void log_of(struct actor *a, const char *what)
{
	a->w->join(a);
	errno = a->error;
	note(what, a->result);
}

static void peeking_takes_nothing(const struct world *w)
{
	int fds[2];
	char buf[8];

	make_pair(w, sort, fds);
	NOTE(w->recv(fds[0], buf, 8, MSG_DONTWAIT));
	NOTE(w->recv(fds[0], buf, 8, MSG_DONTWAIT | MSG_PEEK));
	NOTE(w->send(fds[1], "abcd", 4, MSG_NOSIGNAL));
	NOTE(w->recv(fds[0], buf, 2, MSG_PEEK));
	NOTE(w->recv(fds[0], buf, 8, MSG_PEEK | MSG_DONTWAIT));
	NOTE(w->recv(fds[0], buf, 3, 0));
	t_log("%.3s ", buf);
	NOTE(w->recv(fds[0], buf, 8, MSG_DONTWAIT));
	close_pair(w, fds);
}

static void peek(void)
{
	EACH(peeking_takes_nothing, TCP4, UDP6);
}

static void a_reader_that_wants_all(const struct world *w)
{
	int fds[2];
	char buf[8];
	struct actor a = { .fn = recv_all, .w = w, .buf = buf, .size = 8,
		.flags = MSG_WAITALL };

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	for (int i = 0; i < 3; i++) {
		w->settle(&a);
		t_ok(!a.ended);
		NOTE(w->send(fds[1], "abc", 3, 0));
	}
	log_of(&a, "recv");
	NOTE(w->recv(fds[0], buf, 8, MSG_WAITALL | MSG_DONTWAIT));
	NOTE(w->send(fds[1], "abc", 3, 0));
	w->close(fds[1]);
	NOTE(w->recv(fds[0], buf, 8, MSG_WAITALL));
	NOTE(w->recv(fds[0], buf, 8, MSG_WAITALL));
	w->close(fds[0]);
}

static void waitall(void)
{
	EACH(a_reader_that_wants_all, TCP4, UNIX_STREAM);
}

static void recvmsg_all(struct actor *a)
{
	char *buf = a->buf;
	struct iovec iov[2] = { { buf, 3 }, { buf + 3, 5 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	errno = 0;
	a->result = a->w->recvmsg(a->fd, &msg, MSG_WAITALL);
	a->error = errno;
}

static void a_vector_that_wants_all(const struct world *w)
{
	int fds[2];
	char buf[8];
	struct actor a = { .fn = recvmsg_all, .w = w, .buf = buf };

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	w->settle(&a);
	NOTE(w->send(fds[1], "ab", 2, 0));
	w->settle(&a);
	NOTE(w->send(fds[1], "cd", 2, 0));
	w->settle(&a);
	NOTE(w->send(fds[1], "efghi", 5, 0));
	log_of(&a, "recvmsg");
	t_log("%.8s ", buf);
	NOTE(w->recv(fds[0], buf, 8, 0));
	close_pair(w, fds);
}

static void waitall_in_recvmsg(void)
{
	EACH(a_vector_that_wants_all, TCP4, UNIX_STREAM);
}

static void datagrams_keep_their_bounds(const struct world *w)
{
	int fds[2];
	char buf[8];

	make_pair(w, sort, fds);
	NOTE(w->send(fds[1], "abcdef", 6, 0));
	NOTE(w->send(fds[1], "", 0, 0));
	NOTE(w->sendto(fds[1], "gh", 2, 0, NULL, 0));
	NOTE(w->recv(fds[0], buf, 3, MSG_TRUNC));
	NOTE(w->recv(fds[0], buf, 3, MSG_WAITALL));
	NOTE(w->recv(fds[0], buf, 8, MSG_WAITALL));
	t_log("%.2s ", buf);
	NOTE(w->recv(fds[0], buf, 8, MSG_DONTWAIT));
	close_pair(w, fds);
}

static void datagrams(void)
{
	EACH(datagrams_keep_their_bounds, UNIX_DGRAM, UDP6);
}

static void who_sent_it(const struct world *w)
{
	int family = sort == UDP4 ? AF_INET : AF_INET6;
	struct sockaddr_storage to, from, known;
	socklen_t size, known_size, from_size = sizeof(from);
	int a = bound(w, family, SOCK_DGRAM, &to, &size);
	int b = bound(w, family, SOCK_DGRAM, &known, &known_size);
	char buf[8];

	memset(&from, 0, sizeof(from));
	NOTE(w->sendto(b, "hi", 2, 0, (void *)&to, size));
	NOTE(w->recvfrom(a, buf, 8, 0, (void *)&from, &from_size));
	t_log("%d %d ", (int)from_size, !memcmp(&from, &known, known_size));
	NOTE(w->send(b, "hi", 2, 0));
	NOTE(w->sendto(b, "hi", 2, 0, (void *)&to, 3));
	t_eq(w->close(a), 0);
	NOTE(w->connect(b, (void *)&to, size));
	NOTE(w->send(b, "hi", 2, 0)); /* nobody there: the next one is told */
	NOTE(w->send(b, "hi", 2, 0));
	NOTE(w->send(b, "hi", 2, 0));
	NOTE(w->recv(b, buf, 8, 0));
	t_eq(w->close(b), 0);
}

static void addresses(void)
{
	EACH(who_sent_it, UDP4, UDP6);
}

static void send_fd(const struct world *w, int to, int fd, const char *text)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	NOTE(w->sendmsg(to, &msg, 0));
}

/* What recvmsg gives, and in @fd the descriptor that comes with it, or -1. */
static long recv_fd(const struct world *w, int from, char *buf, size_t size,
	int flags, int *fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct iovec iov = { buf, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	long r = w->recvmsg(from, &msg, flags);
	struct cmsghdr *c = r < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	*fd = -1;
	if (c)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return r < 0 ? r : r * 10000 + msg.msg_flags;
}

static void descriptors_are_passed(const struct world *w)
{
	int fds[2], p[2], fd;
	char buf[8] = "";

	make_pair(w, sort, fds);
	t_eq(w->pipe(p), 0);
	send_fd(w, fds[1], p[1], "x");
	NOTE(recv_fd(w, fds[0], buf, 8, 0, &fd));
	NOTE(w->write(fd, "through", 7));
	NOTE(w->read(p[0], buf, 8));
	t_log("%.7s ", buf);
	t_eq(w->close(fd), 0);
	close_pair(w, p);
	close_pair(w, fds);
}

static void passing(void)
{
	EACH(descriptors_are_passed, UNIX_STREAM, UNIX_DGRAM);
}

struct passed {
	int fds[2];
	char buf[16];
	int got;
};

static void recv_fd_whole(struct actor *a)
{
	struct passed *p = a->arg;

	errno = 0;
	a->result = recv_fd(a->w, p->fds[0], p->buf, 16, MSG_WAITALL, &p->got);
	a->error = errno;
}

/* It comes with later bytes, and ends the call that wants more. */
static void descriptor_in_the_middle(const struct world *w)
{
	struct passed p;
	struct actor a = { .fn = recv_fd_whole, .w = w, .arg = &p };

	make_pair(w, UNIX_STREAM, p.fds);
	w->start(&a);
	w->settle(&a);
	NOTE(w->send(p.fds[1], "abc", 3, 0));
	w->settle(&a);
	send_fd(w, p.fds[1], p.fds[1], "de");
	log_of(&a, "recvmsg");
	t_log("%.5s %d ", p.buf, p.got >= 0);
	t_eq(w->close(p.got), 0);
	close_pair(w, p.fds);
}

static void passing_in_the_middle(void)
{
	same(descriptor_in_the_middle);
}

/* Out-of-band data is asked for, and never waited for. */
static void urgent_data(const struct world *w)
{
	int fds[2];
	char c = '-', buf[8];
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	make_pair(w, sort, fds);
	NOTE(w->recv(fds[0], &c, 1, MSG_OOB));
	NOTE(w->recvmsg(fds[0], &msg, MSG_OOB));
	NOTE(w->recvmsg(fds[0], &msg, MSG_ERRQUEUE));
	NOTE(w->recv(fds[0], &c, 1, MSG_ERRQUEUE));
	NOTE(w->send(fds[1], "ab", 2, 0));
	NOTE(w->send(fds[1], "!", 1, MSG_OOB));
	NOTE(w->send(fds[1], "cd", 2, 0));
	NOTE(w->recv(fds[0], &c, 1, MSG_OOB));
	t_log("%c ", c);
	NOTE(w->recv(fds[0], buf, 8, 0));
	NOTE(w->recv(fds[0], buf, 8, 0));
	close_pair(w, fds);
}

static void oob(void)
{
	EACH(urgent_data, TCP4, TCP6);
}

static void wrong_flags_and_sizes(const struct world *w)
{
	int fds[2];
	char *none = NULL, buf[4];
	struct msghdr *no_msg = NULL, msg = { .msg_iovlen = 1 };

	make_pair(w, sort, fds);
	NOTE(w->recvmsg(fds[0], no_msg, 0));
	NOTE(w->sendmsg(fds[1], no_msg, 0));
	NOTE(w->sendmsg(fds[1], &msg, 0));
	NOTE(w->send(fds[1], none, 4, 0));
	NOTE(w->send(fds[1], "abcd", 4, 0));
	NOTE(w->recv(fds[0], none, 4, 0));
	NOTE(w->recvfrom(fds[0], buf, 4, MSG_DONTWAIT, (void *)buf,
		(socklen_t *)none));
	close_pair(w, fds);
}

static void wrong_arguments(void)
{
	if (t_under("valgrind")) {
		t_skip("valgrind takes the faults for mistakes");
		return;
	}
	EACH(wrong_flags_and_sizes, TCP4, UDP6);
}

static void not_a_socket(const struct world *w)
{
	int p[2];
	char buf[4] = "";
	struct msghdr msg = { 0 };

	t_eq(w->pipe(p), 0);
	NOTE(w->recv(p[0], buf, 4, 0));
	NOTE(w->send(p[1], buf, 4, 0));
	NOTE(w->recvmsg(p[0], &msg, 0));
	NOTE(w->sendmsg(p[1], &msg, 0));
	NOTE(w->accept(p[0], NULL, NULL));
	NOTE(w->connect(p[0], NULL, 0));
	NOTE(w->shutdown(p[0], SHUT_RD));
	NOTE(w->setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, buf, 4));
	close_pair(w, p);
}

static void only_sockets(void)
{
	same(not_a_socket);
}

static void half_of_it_is_shut(const struct world *w)
{
	int fds[2];
	char buf[8];
	struct actor a = { .fn = recv_all, .w = w, .buf = buf, .size = 8 };

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	w->settle(&a);
	NOTE(w->shutdown(fds[1], SHUT_WR));
	log_of(&a, "recv");
	NOTE(w->send(fds[1], "x", 1, MSG_NOSIGNAL));
	NOTE(w->send(fds[0], "back", 4, 0));
	NOTE(w->recv(fds[1], buf, 8, 0));
	a.fd = fds[1];
	w->start(&a);
	w->settle(&a);
	NOTE(w->shutdown(fds[1], SHUT_RD));
	log_of(&a, "recv");
	NOTE(w->shutdown(fds[1], 7));
	close_pair(w, fds);
}

static void shutting_down(void)
{
	EACH(half_of_it_is_shut, TCP4, UNIX_SEQPACKET);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	T_RUN(peek);
	T_RUN(waitall);
	T_RUN(waitall_in_recvmsg);
	T_RUN(datagrams);
	T_RUN(addresses);
	T_RUN(passing);
	T_RUN(passing_in_the_middle);
	T_RUN(oob);
	T_RUN(wrong_arguments);
	T_RUN(only_sockets);
	T_RUN(shutting_down);
	return t_done();
}
