/* SPDX-License-Identifier: MIT */
/* gev_recvmmsg(), gev_sendmmsg(). */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include "base/inject.h"
#include "pair.h"

enum { N = 8, SIZE = 16 };

struct batch {
	struct mmsghdr msgs[N];
	struct iovec iov[N];
	char bufs[N][SIZE];
};

static struct mmsghdr *of_batch(struct batch *b)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < N; i++) {
		snprintf(b->bufs[i], SIZE, "%d message", i);
		b->iov[i] = (struct iovec){ b->bufs[i], SIZE };
		b->msgs[i].msg_hdr.msg_iov = &b->iov[i];
		b->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return b->msgs;
}

static int recv_in(const struct world *w, int fd, struct batch *b, unsigned n,
	int flags, struct timespec *ts)
{
	return w == &gev_world ?
		       gev_recvmmsg(fd, of_batch(b), n, flags, ts) :
		       recvmmsg(fd, of_batch(b), n, flags, ts);
}

static int send_in(const struct world *w, int fd, struct batch *b, unsigned n,
	int flags)
{
	return w == &gev_world ? gev_sendmmsg(fd, b->msgs, n, flags) :
				 sendmmsg(fd, b->msgs, n, flags);
}

static void note_batch(const struct batch *b, int n)
{
	t_log("%d:", n);
	for (int i = 0; i < n; i++)
		t_log(" %u %c", b->msgs[i].msg_len, b->bufs[i][0]);
	t_log("\n");
}

static enum sort sort;

static void there_and_back(const struct world *w)
{
	struct batch b;
	int fds[2];

	make_pair(w, sort, fds);
	of_batch(&b);
	NOTE(send_in(w, fds[1], &b, 0, 0));
	NOTE(send_in(w, fds[1], &b, 5, 0));
	note_batch(&b, 5);
	note_batch(&b, recv_in(w, fds[0], &b, 3, 0, NULL));
	note_batch(&b, recv_in(w, fds[0], &b, N, MSG_DONTWAIT, NULL));
	NOTE(recv_in(w, fds[0], &b, N, MSG_DONTWAIT, NULL));
	of_batch(&b);
	NOTE(send_in(w, fds[1], &b, 4, 0));
	note_batch(&b, recv_in(w, fds[0], &b, N, MSG_WAITFORONE, NULL));
	of_batch(&b);
	NOTE(send_in(w, fds[1], &b, 4, 0));
	note_batch(&b, recv_in(w, fds[0], &b, N, 0,
		&(struct timespec){ 0, 0 }));
	NOTE(recv_in(w, fds[0], &b, N, 0, &(struct timespec){ 0, -1 }));
	close_pair(w, fds);
}

static void as_the_kernel_does(void)
{
	for (sort = 0; sort <= UDP6; sort++)
		same(there_and_back);
}

static struct batch received;

static void receive_five(struct actor *self)
{
	self->result = recv_in(self->w, self->fd, &received, 5, self->flags,
		NULL);
}

static void one_by_one(const struct world *w)
{
	struct actor a = { .fn = receive_five, .w = w };
	int fds[2];

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	for (int i = 0; i < 5; i++) {
		w->settle(&a);
		t_ok(!a.ended);
		t_eq(w->send(fds[1], "xy", 2, 0), 2);
	}
	w->join(&a);
	note_batch(&received, (int)a.result);
	a.flags = MSG_WAITFORONE;
	a.ended = false;
	a.tid = 0;
	w->start(&a);
	w->settle(&a);
	t_eq(w->send(fds[1], "z", 1, 0), 1);
	w->join(&a);
	note_batch(&received, (int)a.result);
	close_pair(w, fds);
}

static void it_waits_for_all_of_them(void)
{
	for (sort = 0; sort <= UDP6; sort++)
		same(one_by_one);
}

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static intptr_t send_twice(void *arg)
{
	gev_sleep(GEV_MS(600));
	gev_send(*(int *)arg, "a", 1, 0);
	gev_sleep(GEV_MS(600));
	return gev_send(*(int *)arg, "b", 1, 0);
}

/* The timeout is looked at when a message has come. */
static void timeouts(void)
{
	struct timespec ts = { 1, 0 };
	struct timeval tv = { 1, 0 };
	gev_timeout t;
	struct batch b;
	int fds[2];
	gev_time start = now();

	make_pair(&gev_world, UDP4, fds);
	gev_go(send_twice, &fds[1]);
	t_eq(recv_in(&gev_world, fds[0], &b, N, 0, &ts), 2);
	t_eq(now() - start, GEV_MS(1200));
	t_ok(ts.tv_sec == 0 && ts.tv_nsec == 0);
	ts.tv_sec = 10;
	gev_go(send_twice, &fds[1]);
	t_eq(recv_in(&gev_world, fds[0], &b, 2, 0, &ts), 2);
	t_ok(ts.tv_sec == 8 && ts.tv_nsec == 800000000);

	/* SO_RCVTIMEO is for each message. */
	gev_setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	start = now();
	gev_go(send_twice, &fds[1]);
	t_eq(recv_in(&gev_world, fds[0], &b, 3, 0, NULL), 2);
	t_eq(now() - start, GEV_MS(2200));
	t_fails(recv_in(&gev_world, fds[0], &b, 3, 0, NULL), EAGAIN);

	/* What has come by then counts. */
	gev_timeout_start(&t, GEV_MS(700));
	gev_go(send_twice, &fds[1]);
	t_eq(recv_in(&gev_world, fds[0], &b, 3, 0, NULL), 1);
	t_ok(gev_timeout_cancel(&t));
	t_eq(recv_in(&gev_world, fds[0], &b, 1, 0, NULL), 1);
	close_pair(&gev_world, fds);
}

static void an_error_comes_next_time(const struct world *w)
{
	struct actor a = { .fn = receive_five, .w = w };
	struct batch b;
	int fds[2];

	make_pair(w, UDP4, fds);
	a.fd = fds[0];
	w->start(&a);
	w->settle(&a);
	t_eq(w->send(fds[1], "1", 1, 0), 1);
	w->settle(&a);
	t_eq(w->close(fds[1]), 0);
	t_eq(w->send(fds[0], "x", 1, 0), 1); /* is refused */
	w->join(&a);
	note_batch(&received, (int)a.result);
	NOTE(recv_in(w, fds[0], &b, N, 0, NULL));
	NOTE(recv_in(w, fds[0], &b, N, MSG_DONTWAIT, NULL));
	t_eq(w->close(fds[0]), 0);
}

static void refusals(void)
{
	same(an_error_comes_next_time);
}

static void receive_slowly(struct actor *self)
{
	char buf[1000];

	for (int i = 0; i < 3000; i++)
		self->result += self->w->recv(self->fd, buf, 1000, 0);
}

/* More than fits at a time. */
static void a_slow_receiver(const struct world *w)
{
	static char data[1000];
	static struct iovec iov = { data, 1000 };
	static struct mmsghdr msgs[3000];
	struct actor a = { .fn = receive_slowly, .w = w };
	int fds[2], done = 0;

	for (int i = 0; i < 3000; i++)
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov,
			.msg_iovlen = 1 };
	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	while (done < 3000) {
		int r = w == &gev_world ? gev_sendmmsg(fds[1], msgs + done,
						  3000 - (unsigned)done, 0) :
					  sendmmsg(fds[1], msgs + done,
						  3000 - (unsigned)done, 0);
		t_log("%d ", r);
		if (r <= 0)
			break;
		done += r;
	}
	w->join(&a);
	if (!is_stream(sort))
		t_log("%ld", a.result);
	close_pair(w, fds);
}

static void sending_waits(void)
{
	sort = UNIX_DGRAM;
	same(a_slow_receiver);
	sort = UNIX_SEQPACKET;
	same(a_slow_receiver);
}

static void streams_send_all_of_each(void)
{
	static char data[1 << 20];
	struct iovec iov = { data, sizeof(data) };
	struct mmsghdr msgs[4];
	struct actor a = { .w = &gev_world };
	gev_timeout t;
	int fds[2];

	for (int i = 0; i < 4; i++)
		msgs[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov,
			.msg_iovlen = 1 }, .msg_len = 7 };
	make_pair(&gev_world, UNIX_STREAM, fds);
	gev_timeout_start(&t, GEV_MS(100));
	t_eq(gev_sendmmsg(fds[1], msgs, 4, 0), 1); /* a part of the first */
	t_ok(gev_timeout_cancel(&t));
	t_ok(msgs[0].msg_len > 0 && msgs[0].msg_len < sizeof(data));
	t_eq(msgs[1].msg_len, 7);
	close_pair(&gev_world, fds);
	make_pair(&gev_world, TCP4, fds);
	a.fn = receive_slowly;
	a.fd = fds[0];
	greenlet_start(&a);
	t_eq(gev_sendmmsg(fds[1], msgs, 2, 0), 2);
	t_eq(msgs[1].msg_len, sizeof(data));
	t_eq(gev_close(fds[1]), 0);
	greenlet_join(&a);
	t_eq(a.result, 2 * sizeof(data));
	t_eq(gev_close(fds[0]), 0);
}

static void bad_arguments(void)
{
	struct batch b;
	int fds[2];

	t_fails(recv_in(&gev_world, -1, &b, N, 0, NULL), EBADF);
	t_fails(send_in(&gev_world, -1, &b, N, 0), EBADF);
	make_pair(&gev_world, PIPE, fds);
	t_fails(recv_in(&gev_world, fds[0], &b, N, 0, NULL), ENOTSOCK);
	t_fails(send_in(&gev_world, fds[1], &b, N, 0), ENOTSOCK);
	close_pair(&gev_world, fds);
	make_pair(&gev_world, UDP4, fds);
	of_batch(&b);
	gev__inject = (struct gev__inject){ .nr = SYS_sendmmsg,
		.error = -ENOBUFS, .after = 1, .times = 1 };
	t_eq(send_in(&gev_world, fds[1], &b, 2, 0), 2);
	t_fails(send_in(&gev_world, fds[1], &b, 2, 0), ENOBUFS);
	gev__inject = (struct gev__inject){ .nr = SYS_recvmmsg,
		.error = -ENOMEM, .after = 1, .times = 1 };
	t_eq(recv_in(&gev_world, fds[0], &b, 2, 0, NULL), 2);
	t_fails(recv_in(&gev_world, fds[0], &b, 2, 0, NULL), ENOMEM);
	gev__inject.nr = -1;
	close_pair(&gev_world, fds);
}

int main(void)
{
	if (t_under("qemu")) {
		puts("1..0 # SKIP qemu waits in recvmmsg() for all messages");
		return 0;
	}
	T_RUN(as_the_kernel_does);
	T_RUN(it_waits_for_all_of_them);
	T_RUN(refusals);
	T_RUN(sending_waits);
	t_virtual();
	T_RUN(timeouts);
	T_RUN(streams_send_all_of_each);
	T_RUN(bad_arguments);
	return t_done();
}
