/* SPDX-License-Identifier: MIT */
/*
 * At random: streams in pieces of any size, by any call, both ways at once;
 * and many greenlets that open, use and close a few descriptors under each
 * other's feet.  GEV_SEED=n repeats a run.
 */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/timeout.h>
#include <signal.h>
#include <time.h>
#include "pair.h"

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

static void seed(void)
{
	const char *given = getenv("GEV_SEED");

	state = given ? strtoull(given, NULL, 0) :
			(uint64_t)time(NULL) << 16 ^ (uint64_t)getpid();
	printf("# GEV_SEED=%llu\n", (unsigned long long)state);
}

/* Byte number @at of what is sent through any stream. */
static char byte_at(size_t at)
{
	return (char)(at * 131 + at / 257 + at / 65537);
}

#define PIECE_MAX 70000

struct stream {
	int fd;
	size_t total;    /* what the writer sends before it closes its side */
	size_t done;
	bool socket;
	char buf[PIECE_MAX];
	bool right;
};

static size_t piece(size_t left)
{
	static const uint32_t scale[] = { 1, 2, 16, 300, 5000, PIECE_MAX };
	size_t n = 1 + random_below(scale[random_below(6)]);

	return n < left ? n : left;
}

/* Two elements, the first of any size, even none. */
static int split(struct iovec iov[2], char *buf, size_t n)
{
	size_t first = random_below((uint32_t)n + 1);

	iov[0] = (struct iovec){ buf, first };
	iov[1] = (struct iovec){ buf + first, n - first };
	return 2;
}

static long write_piece(struct stream *s, size_t n)
{
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	split(iov, s->buf, n);
	switch (random_below(s->socket ? 5 : 2)) {
	case 0:
		return gev_write(s->fd, s->buf, n);
	case 1:
		return gev_writev(s->fd, iov, 2);
	case 2:
		return gev_send(s->fd, s->buf, n, 0);
	case 3:
		return gev_sendmsg(s->fd, &msg, 0);
	default:
		return gev_sendall(s->fd, s->buf, n, 0, GEV_FOREVER, NULL) ?
			-1 : (long)n;
	}
}

static long read_piece(struct stream *s, size_t n)
{
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	long r;

	split(iov, s->buf, n);
	switch (random_below(s->socket ? 6 : 2)) {
	case 0:
		return gev_read(s->fd, s->buf, n);
	case 1:
		return gev_readv(s->fd, iov, 2);
	case 2:
		return gev_recv(s->fd, s->buf, n, 0);
	case 3:
		return gev_recvmsg(s->fd, &msg, random_below(2) ? MSG_WAITALL :
								  0);
	case 4:
		r = gev_recv(s->fd, s->buf, n, MSG_PEEK);
		return r <= 0 ? r : gev_recv(s->fd, s->buf, (size_t)r, 0);
	default:
		return gev_recv(s->fd, s->buf, n, MSG_WAITALL);
	}
}

static void dawdle(void)
{
	if (random_below(8) == 0)
		gev_yield();
	if (random_below(64) == 0)
		gev_sleep(GEV_US(random_below(100)));
}

static intptr_t writer(void *arg)
{
	struct stream *s = arg;

	while (s->done < s->total) {
		size_t n = piece(s->total - s->done);
		long r;

		for (size_t i = 0; i < n; i++)
			s->buf[i] = byte_at(s->done + i);
		r = write_piece(s, n);
		if (!t_eq(r, (long)n))
			break;
		s->done += n;
		dawdle();
	}
	if (s->socket)
		t_eq(gev_shutdown(s->fd, SHUT_WR), 0);
	else
		t_eq(gev_close(s->fd), 0);
	return 0;
}

static intptr_t reader(void *arg)
{
	struct stream *s = arg;
	long r;

	s->right = true;
	while ((r = read_piece(s, piece(PIECE_MAX))) > 0) {
		for (long i = 0; i < r; i++)
			s->right &= s->buf[i] == byte_at(s->done + (size_t)i);
		s->done += (size_t)r;
		dawdle();
	}
	t_eq(r, 0);
	return 0;
}

/* Both ways at once where there are two; all of it arrives, as it was. */
static void through(enum sort sort, int streams)
{
	int fds[2], n = is_socket(sort) ? 4 : 2;
	struct stream *s = calloc((size_t)n * (size_t)streams, sizeof(*s));
	gev_greenlet **g = calloc((size_t)n * (size_t)streams, sizeof(*g));

	for (int i = 0; i < n * streams; i += 2) {
		bool back = i % n == 2;

		if (!back)
			make_pair(&gev_world, sort, fds);
		s[i].fd = fds[!back];
		s[i + 1].fd = fds[back];
		s[i].socket = s[i + 1].socket = is_socket(sort);
		s[i].total = random_below(1000000);
		g[i] = gev_spawn(writer, &s[i]);
		g[i + 1] = gev_spawn(reader, &s[i + 1]);
	}
	t_eq(gev_joinall(g, n * streams, GEV_FOREVER), n * streams);
	for (int i = 0; i < n * streams; i += 2) {
		t_eq(s[i].done, s[i].total);
		t_eq(s[i + 1].done, s[i].total);
		t_ok(s[i + 1].right);
		t_eq(gev_close(s[i + 1].fd), 0);
		gev_unref(g[i]);
		gev_unref(g[i + 1]);
	}
	free(s);
	free(g);
}

static void streams_come_through(void)
{
	static const int sorts[] = { TCP4, TCP6, UNIX_STREAM, PIPE, FIFO };

	for (int i = 0; i < 5; i++) {
		int before = t_failures;

		through(sorts[i], 3);
		if (t_failures > before)
			printf("# with %s\n", sort_names[sorts[i]]);
	}
}

#define SLOTS 12
#define USERS 16
#define ROUNDS 300

static int slots[SLOTS];
static int waiting;
static bool over;

/* Without waiting in between. */
static void renew(int slot)
{
	int fds[2], peer = slot ^ 1;

	for (int i = 0; i < 2; i++)
		if (slots[slot ^ i] >= 0)
			gev_close(slots[slot ^ i]);
	make_pair(&posix_world, (enum sort[]){ TCP4, UNIX_STREAM, UDP4,
		UNIX_SEQPACKET }[random_below(4)], fds);
	slots[slot] = fds[0];
	slots[peer] = fds[1];
}

/* What a call may say here: it is alone in nothing. */
static bool is_expected(int error)
{
	return error == EBADF || error == EBUSY || error == ETIMEDOUT ||
	       error == EPIPE || error == ECONNRESET || error == EAGAIN ||
	       error == EPROTO || error == ECONNREFUSED ||
	       error == ENOTCONN || error == ECANCELED;
}

static long use(int fd)
{
	char buf[3000] = "";

	switch (random_below(8)) {
	case 0:
	case 1:
		return gev_recv(fd, buf, 1 + random_below(sizeof(buf) - 1), 0);
	case 2:
	case 3:
		return gev_send(fd, buf, random_below(sizeof(buf)), 0);
	case 4:
		return gev_wait_fd(fd, 1 + (int)random_below(3), GEV_MS(1));
	case 5:
		return gev_read(fd, buf, sizeof(buf));
	case 6:
		return gev_shutdown(fd, (int)random_below(3));
	default:
		return gev_recv(fd, buf, 100, MSG_WAITALL);
	}
}

static intptr_t user(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS && !over; i++) {
		int slot = (int)random_below(SLOTS);
		gev_timeout t;

		if (random_below(10) == 0)
			renew(slot);
		gev_timeout_start(&t, GEV_US(1 + random_below(3000)));
		waiting++;
		errno = 0;
		if (use(slots[slot]) < 0 && !t_ok(is_expected(errno)))
			printf("# %s\n", strerror(errno));
		waiting--;
		gev_timeout_cancel(&t);
		if (random_below(4) == 0)
			gev_yield();
	}
	return 0;
}

/* Kills none of them, but throws at any. */
static intptr_t thrower(void *arg)
{
	gev_greenlet **users = arg;

	while (!over) {
		gev_greenlet *g = users[random_below(USERS)];

		if (!gev_dead(g))
			gev_throw(g, EPROTO);
		gev_sleep(GEV_US(random_below(2000)));
	}
	return 0;
}

static void nobody_hangs_under_others_feet(void)
{
	gev_greenlet *users[USERS], *t;
	struct gev_hub_stats stats;
	int next = dup(0), last;

	close(next);
	over = false;
	for (int i = 0; i < SLOTS; i++)
		slots[i] = -1;
	for (int i = 0; i < SLOTS; i += 2)
		renew(i);
	for (int i = 0; i < USERS; i++)
		users[i] = gev_spawn(user, NULL);
	t = gev_spawn(thrower, users);
	t_eq(gev_joinall(users, USERS, GEV_SEC(1000)), USERS);
	over = true;
	t_eq(gev_join(t, GEV_SEC(1)), 0);
	gev_unref(t);
	for (int i = 0; i < USERS; i++)
		gev_unref(users[i]);
	t_eq(waiting, 0);
	for (int i = 0; i < SLOTS; i++)
		t_eq(gev_close(slots[i]), 0);
	last = dup(0);
	t_eq(last, next); /* nothing is left open */
	close(last);
	gev_hub_get_stats(gev_hub_get(), &stats);
	t_eq(stats.living, 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	seed();
	t_virtual();
	T_RUN(streams_come_through);
	T_RUN(nobody_hangs_under_others_feet);
	return t_done();
}
