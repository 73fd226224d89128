/* SPDX-License-Identifier: MIT */
/* SO_RCVTIMEO and SO_SNDTIMEO; time-outs against data. */
#include <gev/loop.h>
#include <gev/timeout.h>
#include <sys/time.h>
#include "pair.h"

#define BIG (8 << 20)

static char big[BIG];

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static void set(int fd, int option, gev_time t)
{
	struct timeval tv = { t / GEV_SEC(1), t % GEV_SEC(1) / GEV_US(1) };

	t_eq(gev_setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv)), 0);
}

/* That @expr failed with @error after exactly @time. */
#define AFTER(time, expr, error)                                               \
	do {                                                                   \
		gev_time from_ = now();                                        \
		t_fails(expr, error);                                          \
		t_eq(now() - from_, (time));                                   \
	} while (0)

static void c70_recv_timeout(void)
{
	int fds[2];
	char buf[8];
	struct iovec iov = { buf, 8 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	for (int sort = TCP4; sort <= UDP6; sort++) {
		make_pair(&gev_world, sort, fds);
		set(fds[0], SO_RCVTIMEO, GEV_SEC(3));
		AFTER(GEV_SEC(3), gev_recv(fds[0], buf, 8, 0), EAGAIN);
		AFTER(GEV_SEC(3), gev_read(fds[0], buf, 8), EAGAIN);
		AFTER(GEV_SEC(3), gev_recvmsg(fds[0], &msg, 0), EAGAIN);
		AFTER(GEV_SEC(3), gev_readv(fds[0], &iov, 1), EAGAIN);
		AFTER(0, gev_recv(fds[0], buf, 8, MSG_DONTWAIT), EAGAIN);
		set(fds[0], SO_RCVTIMEO, GEV_MS(200));
		AFTER(GEV_MS(200), gev_recv(fds[0], buf, 8, 0), EAGAIN);
		t_eq(gev_send(fds[1], "ab", 2, 0), 2);
		t_eq(gev_recv(fds[0], buf, 8, 0), 2);
		close_pair(&gev_world, fds);
	}
}

static void no_timeo_is_for_ever(void)
{
	int fds[2];
	char c;
	gev_timeout t;

	make_pair(&gev_world, TCP4, fds);
	set(fds[0], SO_RCVTIMEO, GEV_SEC(1));
	AFTER(GEV_SEC(1), gev_recv(fds[0], &c, 1, 0), EAGAIN);
	set(fds[0], SO_RCVTIMEO, 0);
	gev_timeout_start(&t, GEV_SEC(3600));
	AFTER(GEV_SEC(3600), gev_recv(fds[0], &c, 1, 0), ETIMEDOUT);
	gev_timeout_cancel(&t);
	set(fds[0], SO_RCVTIMEO, GEV_SEC(1000000000));
	gev_timeout_start(&t, GEV_SEC(7));
	AFTER(GEV_SEC(7), gev_recv(fds[0], &c, 1, 0), ETIMEDOUT);
	gev_timeout_cancel(&t);
	close_pair(&gev_world, fds);
}

static void a_copy_has_the_same(void)
{
	int fds[2], copy;
	char c;

	make_pair(&gev_world, UNIX_STREAM, fds);
	copy = gev_dup(fds[0]);
	set(fds[0], SO_RCVTIMEO, GEV_SEC(1));
	AFTER(GEV_SEC(1), gev_recv(copy, &c, 1, 0), EAGAIN);
	set(fds[0], SO_RCVTIMEO, GEV_SEC(2));
	AFTER(GEV_SEC(2), gev_recv(copy, &c, 1, 0), EAGAIN);
	gev_close(copy);
	close_pair(&gev_world, fds);
}

static intptr_t trickle(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < 3; i++) {
		gev_sleep(GEV_SEC(2));
		t_eq(gev_send(fd, "x", 1, 0), 1);
	}
	return 0;
}

/* The time is for the call, not for each wait in it. */
static void all_of_it_takes_one_timeo(void)
{
	int fds[2];
	char buf[8];
	gev_time from;

	make_pair(&gev_world, TCP4, fds);
	set(fds[0], SO_RCVTIMEO, GEV_SEC(5));
	t_eq(gev_go(trickle, &fds[1]), 0);
	from = now();
	t_eq(gev_recv(fds[0], buf, 8, MSG_WAITALL), 2);
	t_eq(now() - from, GEV_SEC(5));
	t_eq(gev_recv(fds[0], buf, 8, 0), 1);
	close_pair(&gev_world, fds);
}

static void c70_send_timeout(void)
{
	static const int sorts[] = { TCP4, UNIX_STREAM, UNIX_SEQPACKET,
		UNIX_DGRAM };
	int fds[2];

	for (int i = 0; i < 4; i++) {
		struct iovec iov = { big, is_stream(sorts[i]) ? BIG : 1000 };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		gev_time from = now();

		make_pair(&gev_world, sorts[i], fds);
		set(fds[1], SO_SNDTIMEO, GEV_SEC(2));
		if (is_stream(sorts[i])) {
			long r = gev_send(fds[1], big, BIG, 0);

			t_ok(r > 0 && r < BIG);
			t_eq(now() - from, GEV_SEC(2));
		} else {
			while (gev_send(fds[1], big, 1000, MSG_DONTWAIT) > 0)
				;
		}
		AFTER(GEV_SEC(2), gev_send(fds[1], big, 1000, 0), EAGAIN);
		AFTER(GEV_SEC(2), gev_write(fds[1], big, 1000), EAGAIN);
		AFTER(GEV_SEC(2), gev_sendmsg(fds[1], &msg, 0), EAGAIN);
		AFTER(GEV_SEC(2), gev_writev(fds[1], &iov, 1), EAGAIN);
		AFTER(GEV_SEC(1), gev_sendall(fds[1], big, 1000, 0, GEV_SEC(1),
			NULL), ETIMEDOUT);
		close_pair(&gev_world, fds);
	}
}

static void accept_honours_it(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET6, &addr, &size);

	set(l, SO_RCVTIMEO, GEV_SEC(4));
	AFTER(GEV_SEC(4), gev_accept(l, NULL, NULL), EAGAIN);
	gev_close(l);
}

/* Nothing announces that there is room again, but somebody looks. */
static void a_full_receiver(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(sa_family_t);
	int to = gev_socket(AF_UNIX, SOCK_DGRAM, 0);
	int from = gev_socket(AF_UNIX, SOCK_DGRAM, 0);
	int n = 0;
	char c;

	t_eq(bind(to, (void *)&addr, size), 0);
	size = sizeof(addr);
	t_eq(getsockname(to, (void *)&addr, &size), 0);
	while (gev_sendto(from, "x", 1, MSG_DONTWAIT, (void *)&addr, size) == 1)
		n++;
	t_ok(n > 0);
	set(from, SO_SNDTIMEO, GEV_SEC(1));
	AFTER(GEV_SEC(1), gev_sendto(from, "x", 1, 0, (void *)&addr, size),
		EAGAIN);
	set(from, SO_SNDTIMEO, 0);
	t_eq(gev_recv(to, &c, 1, 0), 1);
	t_eq(gev_sendto(from, "x", 1, 0, (void *)&addr, size), 1);
	gev_close(from);
	gev_close(to);
}

/* I/O that is ready in the same iteration wins. */
static int send_now(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	t_eq(send(*(int *)arg, "x", 1, 0), 1);
	return 0;
}

static void data_beats_timeouts(void)
{
	int fds[2];
	char c;
	gev_timeout t;
	gev_timer_watcher timer;

	make_pair(&gev_world, UNIX_STREAM, fds);
	gev_timer_init(&timer, gev_hub_loop(gev_hub_get()), GEV_MS(20) - 1, 0);
	t_eq(gev_timer_start(&timer, send_now, &fds[1]), 0);
	set(fds[0], SO_RCVTIMEO, GEV_MS(20));
	t_eq(gev_timeout_start(&t, GEV_MS(20)), 0);
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	t_ok(!gev_timeout_cancel(&t));
	close_pair(&gev_world, fds);
}

static intptr_t hog(void *arg)
{
	gev_time until = now() + GEV_MS(40);

	t_eq(send(*(int *)arg, "x", 1, 0), 1);
	while (now() < until)
		;
	return 0;
}

/* By the real clock: the time is over and the data is there when it polls. */
static void data_beats_timeouts_that_are_late(void)
{
	int fds[2];
	char c;
	gev_timeout t;
	gev_loop *loop = gev_hub_loop(gev_hub_get());

	gev_loop_set_virtual(loop, false);
	make_pair(&gev_world, UNIX_STREAM, fds);
	t_eq(gev_go(hog, &fds[1]), 0);
	set(fds[0], SO_RCVTIMEO, GEV_MS(20));
	t_eq(gev_timeout_start(&t, GEV_MS(25)), 0);
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	t_ok(!gev_timeout_fired(&t));
	gev_timeout_cancel(&t);
	close_pair(&gev_world, fds);
	gev_loop_set_virtual(loop, true);
}

int main(void)
{
	t_virtual();
	T_RUN(c70_recv_timeout);
	T_RUN(no_timeo_is_for_ever);
	T_RUN(a_copy_has_the_same);
	T_RUN(all_of_it_takes_one_timeo);
	T_RUN(c70_send_timeout);
	T_RUN(accept_honours_it);
	T_RUN(a_full_receiver);
	T_RUN(data_beats_timeouts);
	T_RUN(data_beats_timeouts_that_are_late);
	return t_done();
}
