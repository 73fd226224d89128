/* SPDX-License-Identifier: MIT */
/* Datagrams over IP: connected or not, refused, multicast, broadcast. */
#include <gev/hub.h>
#include <gev/poll.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include "pair.h"

static int family;

static void each_family(void (*scenario)(const struct world *w))
{
	family = AF_INET;
	same(scenario);
	family = AF_INET6;
	same(scenario);
}

static void receive(struct actor *self)
{
	errno = 0;
	self->result = self->w->recv(self->fd, self->buf, self->size,
		self->flags);
	self->error = errno;
}

/* One socket talks to many; a connected one hears its peer only. */
static void to_and_from_anybody(const struct world *w)
{
	struct sockaddr_storage addr[3], from;
	socklen_t size, fromlen;
	int fd[3];
	char buf[8];

	for (int i = 0; i < 3; i++)
		fd[i] = bound(w, family, SOCK_DGRAM, &addr[i], &size);
	NOTE(w->send(fd[0], "x", 1, 0));
	for (int i = 1; i < 3; i++) {
		NOTE(w->sendto(fd[i], "ab", (size_t)i, 0, (void *)&addr[0],
			size));
		fromlen = sizeof(from);
		NOTE(w->recvfrom(fd[0], buf, 8, 0, (void *)&from, &fromlen));
		t_eq(memcmp(&from, &addr[i], fromlen), 0);
		NOTE(w->sendto(fd[0], "back", 4, 0, (void *)&from, fromlen));
		NOTE(w->recv(fd[i], buf, 8, 0));
	}
	NOTE(w->connect(fd[0], (void *)&addr[1], size));
	NOTE(w->sendto(fd[2], "no", 2, 0, (void *)&addr[0], size));
	NOTE(w->recv(fd[0], buf, 8, MSG_DONTWAIT));
	NOTE(w->sendto(fd[1], "yes", 3, 0, (void *)&addr[0], size));
	NOTE(w->recv(fd[0], buf, 8, 0));
	NOTE(w->connect(fd[0], (void *)&addr[2], size));
	NOTE(w->sendto(fd[2], "now", 3, 0, (void *)&addr[0], size));
	NOTE(w->recv(fd[0], buf, 8, 0));
	NOTE(w->sendto(fd[0], "two", 3, 0, (void *)&addr[1], size));
	NOTE(w->recv(fd[1], buf, 8, 0));
	from.ss_family = AF_UNSPEC;
	NOTE(w->connect(fd[0], (void *)&from, sizeof(from)));
	NOTE(w->send(fd[0], "x", 1, 0));
	for (int i = 0; i < 3; i++)
		t_eq(w->close(fd[i]), 0);
}

static void connected_or_not(void)
{
	each_family(to_and_from_anybody);
}

static void odd_sizes(const struct world *w)
{
	static char large[70000];
	int fds[2];
	char buf[4];
	struct iovec iov = { buf, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	make_pair(w, family == AF_INET ? UDP4 : UDP6, fds);
	NOTE(w->send(fds[1], "", 0, 0));
	NOTE(w->recv(fds[0], buf, 4, 0));
	NOTE(w->send(fds[1], large, sizeof(large), 0));
	NOTE(w->send(fds[1], large, 60000, 0));
	NOTE(w->recv(fds[0], buf, 4, MSG_PEEK | MSG_TRUNC));
	NOTE(w->recv(fds[0], buf, 4, MSG_TRUNC));
	NOTE(w->send(fds[1], "truncated", 9, 0));
	NOTE(w->recvmsg(fds[0], &msg, 0));
	t_log("%d ", (msg.msg_flags & MSG_TRUNC) != 0);
	NOTE(w->send(fds[1], "one", 3, MSG_MORE));
	NOTE(w->recv(fds[0], buf, 4, MSG_DONTWAIT));
	NOTE(w->send(fds[1], "two", 3, 0)); /* goes with it */
	NOTE(w->recv(fds[0], buf, 4, MSG_TRUNC));
	close_pair(w, fds);
}

static void sizes(void)
{
	each_family(odd_sizes);
}

/* Nobody there: who waits to receive is told, and so is who sends. */
static void nobody_there(const struct world *w)
{
	struct actor a = { .fn = receive, .w = w, .size = 1 };
	int fds[2];
	char c;

	make_pair(w, family == AF_INET ? UDP4 : UDP6, fds);
	a.fd = fds[0];
	a.buf = &c;
	t_eq(w->close(fds[1]), 0);
	w->start(&a);
	w->settle(&a);
	NOTE(w->send(fds[0], "x", 1, 0));
	w->join(&a);
	t_log("%ld %s ", a.result, strerrorname_np(a.error));
	NOTE(w->send(fds[0], "x", 1, 0));
	NOTE(w->send(fds[0], "x", 1, 0));
	NOTE(w->send(fds[0], "x", 1, 0));
	t_eq(w->close(fds[0]), 0);
}

static void refused(void)
{
	each_family(nobody_there);
}

/* Without being connected: by the error queue. */
static void errors_that_are_queued(const struct world *w)
{
	struct sockaddr_storage addr;
	char buf[8], control[512];
	struct iovec iov = { buf, 8 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control) };
	struct sock_extended_err *err;
	struct pollfd p = { .events = 0 };
	socklen_t size;
	int on = 1, gone = bound(w, AF_INET, SOCK_DGRAM, &addr, &size);

	p.fd = w->socket(AF_INET, SOCK_DGRAM, 0);
	t_eq(w->close(gone), 0);
	NOTE(w->setsockopt(p.fd, SOL_IP, IP_RECVERR, &on, sizeof(on)));
	NOTE(w->recvmsg(p.fd, &msg, MSG_ERRQUEUE));
	NOTE(w->sendto(p.fd, "lost", 4, 0, (void *)&addr, size));
	NOTE(w == &gev_world ? gev_poll(&p, 1, -1) : poll(&p, 1, -1));
	t_log("%x ", p.revents);
	msg.msg_controllen = sizeof(control);
	NOTE(w->recvmsg(p.fd, &msg, MSG_ERRQUEUE));
	err = (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
	t_log("%.4s %s ", buf, strerrorname_np((int)err->ee_errno));
	t_eq(w->close(p.fd), 0);
}

static void the_error_queue(void)
{
	same(errors_that_are_queued);
}

static void to_everybody(const struct world *w)
{
	struct sockaddr_storage addr;
	struct sockaddr_in all = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_BROADCAST) };
	socklen_t size;
	int on = 1, fd = bound(w, AF_INET, SOCK_DGRAM, &addr, &size);
	char buf[4];

	/* lo's own broadcast address */
	all.sin_port = ((struct sockaddr_in *)&addr)->sin_port;
	all.sin_addr.s_addr = htonl(0x7fffffff);
	NOTE(w->sendto(fd, "x", 1, 0, (void *)&all, sizeof(all)));
	NOTE(w->connect(fd, (void *)&all, sizeof(all)));
	NOTE(w->setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));
	NOTE(w->sendto(fd, "x", 1, 0, (void *)&all, sizeof(all)));
	NOTE(w->recv(fd, buf, 4, MSG_DONTWAIT)); /* it is bound to another */
	all.sin_port = 0;
	NOTE(w->sendto(fd, "x", 1, 0, (void *)&all, sizeof(all)));
	t_eq(w->close(fd), 0);
}

static void broadcast(void)
{
	same(to_everybody);
}

static bool has_multicast_on_lo(void)
{
	struct ip_mreqn join = { .imr_ifindex = (int)if_nametoindex("lo") };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok;

	join.imr_multiaddr.s_addr = htonl(0xefffff63); /* 239.255.255.99 */
	ok = setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &join,
		     sizeof(join)) == 0;
	close(fd);
	return ok;
}

static void to_a_group(const struct world *w)
{
	struct sockaddr_in group = { .sin_family = AF_INET };
	struct ip_mreqn join = { .imr_ifindex = (int)if_nametoindex("lo") };
	struct actor a[2];
	socklen_t size = sizeof(group);
	char buf[2][8];
	int on = 1, fd[2], sender;

	sender = w->socket(AF_INET, SOCK_DGRAM, 0);
	group.sin_addr.s_addr = htonl(0xefffff63);
	join.imr_multiaddr = group.sin_addr;
	for (int i = 0; i < 2; i++) {
		fd[i] = w->socket(AF_INET, SOCK_DGRAM, 0);
		NOTE(w->setsockopt(fd[i], SOL_SOCKET, SO_REUSEADDR, &on,
			sizeof(on)));
		t_eq(bind(fd[i], (void *)&group, sizeof(group)), 0);
		t_eq(getsockname(fd[i], (void *)&group, &size), 0);
		NOTE(w->setsockopt(fd[i], SOL_IP, IP_ADD_MEMBERSHIP, &join,
			sizeof(join)));
		a[i] = (struct actor){ .fn = receive, .w = w, .fd = fd[i],
			.buf = buf[i], .size = 8 };
		w->start(&a[i]);
		w->settle(&a[i]);
	}
	NOTE(w->setsockopt(sender, SOL_IP, IP_MULTICAST_IF, &join,
		sizeof(join)));
	NOTE(w->sendto(sender, "all", 3, 0, (void *)&group, sizeof(group)));
	for (int i = 0; i < 2; i++) {
		w->join(&a[i]);
		t_log("%ld %.3s ", a[i].result, buf[i]);
	}
	NOTE(w->setsockopt(fd[0], SOL_IP, IP_DROP_MEMBERSHIP, &join,
		sizeof(join)));
	NOTE(w->setsockopt(fd[0], SOL_IP, IP_DROP_MEMBERSHIP, &join,
		sizeof(join)));
	t_eq(w->close(sender), 0);
	t_eq(w->close(fd[0]), 0);
	t_eq(w->close(fd[1]), 0);
}

static void multicast(void)
{
	if (!has_multicast_on_lo()) {
		t_skip("no multicast on the loopback interface");
		return;
	}
	same(to_a_group);
}

/* A server that answers 50 clients, each of which asks 20 times. */
enum { CLIENTS = 50, TIMES = 20 };

static struct sockaddr_storage server;
static socklen_t server_size;

static intptr_t serve(void *arg)
{
	struct sockaddr_storage from;
	char buf[64];

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n = gev_recvfrom(*(int *)arg, buf, sizeof(buf), 0,
			(void *)&from, &size);

		if (n < 0)
			return errno;
		t_eq(gev_sendto(*(int *)arg, buf, (size_t)n, 0, (void *)&from,
			size), n);
	}
}

static intptr_t ask(void *arg)
{
	int fd = gev_socket(AF_INET, SOCK_DGRAM, 0);
	char out[64], in[64];

	t_eq(gev_connect(fd, (void *)&server, server_size), 0);
	for (int i = 0; i < TIMES; i++) {
		int n = snprintf(out, sizeof(out), "%d of %p", i, arg);

		t_eq(gev_send(fd, out, (size_t)n, 0), n);
		t_eq(gev_recv(fd, in, sizeof(in), 0), n);
		t_eq(memcmp(in, out, (size_t)n), 0);
	}
	return gev_close(fd);
}

static void c77_echo(void)
{
	int fd = bound(&gev_world, AF_INET, SOCK_DGRAM, &server, &server_size);
	gev_greenlet *s = gev_spawn(serve, &fd), *g[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		g[i] = gev_spawn(ask, &g[i]);
	for (int i = 0; i < CLIENTS; i++) {
		t_eq(gev_get(g[i], GEV_SEC(10)), 0);
		gev_unref(g[i]);
	}
	gev_close(fd);
	t_eq(gev_get(s, GEV_SEC(1)), EBADF);
	gev_unref(s);
}

int main(void)
{
	T_RUN(connected_or_not);
	T_RUN(sizes);
	T_RUN(refused);
	T_RUN(the_error_queue);
	T_RUN(broadcast);
	T_RUN(multicast);
	T_RUN(c77_echo);
	return t_done();
}
