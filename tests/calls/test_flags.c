/* SPDX-License-Identifier: MIT */
/* O_NONBLOCK as the program sees it; dup and fcntl. */
#include <sys/resource.h>
#include <gev/timeout.h>
#include "pair.h"

static enum sort sort;

#define EACH(scenario, last)                                                   \
	for (sort = 0; sort <= (last); sort++) {                               \
		int before_ = t_failures;                                      \
		same(scenario);                                                \
		if (t_failures > before_)                                      \
			printf("# with %s\n", sort_names[sort]);               \
	}

static void note_flags(const struct world *w, int fd)
{
	t_log("%s ", w->fcntl(fd, F_GETFL) & O_NONBLOCK ? "nonblock" : "block");
}

static void a_descriptor_that_does_not_wait(const struct world *w)
{
	int fds[2];
	char buf[8];
	struct iovec iov = { buf, 8 };

	make_pair(w, sort, fds);
	note_flags(w, fds[0]);
	NOTE(w->fcntl(fds[0], F_SETFL, O_NONBLOCK));
	note_flags(w, fds[0]);
	NOTE(w->read(fds[0], buf, 8));
	NOTE(w->readv(fds[0], &iov, 1));
	NOTE(w->write(fds[1], "abc", 3));
	NOTE(w->read(fds[0], buf, 8));
	NOTE(w->read(fds[0], buf, 8));
	note_flags(w, fds[1]);
	NOTE(w->fcntl(fds[0], F_SETFL, 0));
	note_flags(w, fds[0]);
	close_pair(w, fds);
}

static void c70_would_block(void)
{
	EACH(a_descriptor_that_does_not_wait, PTY);
}

static long write_until_full(const struct world *w, int fd)
{
	static char block[65536];
	long total = 0, r;

	while ((r = w->write(fd, block, sizeof(block))) > 0)
		total += r;
	note("full", r);
	return total;
}

static void a_full_one_that_does_not_wait(const struct world *w)
{
	int fds[2];

	make_pair(w, sort, fds);
	NOTE(w->fcntl(fds[1], F_SETFL, O_NONBLOCK));
	t_ok(write_until_full(w, fds[1]) > 0);
	NOTE(w->write(fds[1], "x", 1));
	close_pair(w, fds);
}

static void full(void)
{
	EACH(a_full_one_that_does_not_wait, UNIX_STREAM);
	sort = PIPE;
	same(a_full_one_that_does_not_wait);
	sort = FIFO;
	same(a_full_one_that_does_not_wait);
}

static void made_so(const struct world *w)
{
	int fds[2];
	char c;

	t_eq(w->socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	NOTE(w->recv(fds[0], &c, 1, 0));
	NOTE(w->read(fds[1], &c, 1));
	close_pair(w, fds);
	t_eq(w->pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	NOTE(w->read(fds[0], &c, 1));
	t_log("%d ", w->fcntl(fds[0], F_GETFD));
	close_pair(w, fds);
	fds[0] = w->socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	NOTE(w->recv(fds[0], &c, 1, 0));
	t_eq(w->close(fds[0]), 0);
}

static void nonblocking_from_the_start(void)
{
	same(made_so);
}

/* They share the open file, O_NONBLOCK included. */
static void a_copy_is_the_same_thing(const struct world *w)
{
	int fds[2], copy;
	char buf[8];

	make_pair(w, sort, fds);
	copy = NOTE_OK(w->dup(fds[0]));
	NOTE(w->fcntl(fds[0], F_SETFL, O_NONBLOCK));
	note_flags(w, copy);
	NOTE(w->read(copy, buf, 8));
	NOTE(w->fcntl(copy, F_SETFL, 0));
	note_flags(w, fds[0]);
	NOTE(w->write(fds[1], "ab", 2));
	NOTE(w->read(fds[0], buf, 1));
	if (!is_stream(sort))
		NOTE(w->write(fds[1], "b", 1));
	t_eq(w->close(fds[0]), 0);
	NOTE(w->read(copy, buf, 8));
	t_log("%.1s ", buf);
	t_eq(w->close(copy), 0);
	t_eq(w->close(fds[1]), 0);
}

static void copies(void)
{
	EACH(a_copy_is_the_same_thing, PTY);
}

static void read_one(struct actor *a)
{
	errno = 0;
	a->result = a->w->read(a->fd, a->buf, 1);
	a->error = errno;
}

/* Neither blocks the thread, whichever was told what. */
static void a_copy_waits_again(void)
{
	int fds[2], copy;
	char c;
	struct actor a = { .fn = read_one, .w = &gev_world, .buf = &c };

	for (sort = 0; sort < SORTS; sort++) {
		make_pair(&gev_world, sort, fds);
		gev_fcntl(fds[0], F_SETFL, O_NONBLOCK);
		copy = gev_dup(fds[0]);
		gev_fcntl(fds[0], F_SETFL, 0);
		a.fd = copy;
		greenlet_start(&a);
		greenlet_settle(&a);
		t_eq(gev_write(fds[1], "x", 1), 1);
		greenlet_join(&a);
		t_eq(a.result, 1);
		gev_close(copy);
		close_pair(&gev_world, fds);
	}
}

static void wrong_copies(const struct world *w)
{
	int fds[2];
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	t_eq(w->pipe(fds), 0);
	NOTE(w->dup(-1));
	NOTE(w->dup2(-1, fds[0]));
	NOTE(w->dup2(fds[0], -1));
	NOTE(w->dup2(fds[0], (int)limit.rlim_cur));
	NOTE(w->dup3(fds[0], fds[0], 0));
	NOTE(w->dup3(fds[0], fds[1], O_NONBLOCK));
	NOTE(w->dup3(987, fds[1], 0));
	t_log("%d ", w->dup2(fds[0], fds[0]) == fds[0]);
	NOTE(w->dup2(987, 987));
	NOTE(w->fcntl(987, F_GETFL));
	NOTE(w->fcntl(987, F_SETFL, 0));
	NOTE(w->fcntl(-1, F_GETFL));
	NOTE(w->fcntl(fds[0], 12345));
	NOTE(w->fcntl(fds[0], F_DUPFD, -1));
	NOTE(w->write(fds[1], "x", 1));
	close_pair(w, fds);
}

static void bad_copies(void)
{
	same(wrong_copies);
}

static void copies_by_fcntl(const struct world *w)
{
	int fds[2], fd;
	char c;

	t_eq(w->pipe(fds), 0);
	fd = w->fcntl(fds[0], F_DUPFD, 100);
	t_log("%d ", fd >= 100);
	t_log("%d ", w->fcntl(fd, F_GETFD));
	t_eq(w->close(fd), 0);
	fd = w->fcntl(fds[0], F_DUPFD_CLOEXEC, 100);
	t_log("%d ", w->fcntl(fd, F_GETFD));
	NOTE(w->write(fds[1], "x", 1));
	NOTE(w->read(fd, &c, 1));
	t_eq(w->close(fd), 0);
	fd = w->dup3(fds[0], 100, O_CLOEXEC);
	t_log("%d %d ", fd, w->fcntl(fd, F_GETFD));
	t_eq(w->close(fd), 0);
	close_pair(w, fds);
}

static void fcntl_copies(void)
{
	same(copies_by_fcntl);
}

static void replaced_by(const struct world *w)
{
	int a[2], b[2];
	char buf[8];

	make_pair(w, sort, a);
	make_pair(w, (sort + 3) % SORTS, b);
	NOTE(w->write(a[1], "a", 1));
	NOTE(w->read(a[0], buf, 1));
	t_log("%d ", w->dup2(b[0], a[0]) == a[0]);
	NOTE(w->write(b[1], "b", 1));
	NOTE(w->read(a[0], buf, 8));
	t_log("%c ", buf[0]);
	close_pair(w, a);
	close_pair(w, b);
}

static void replacing(void)
{
	EACH(replaced_by, PTY);
}

/* What a listener is in the kernel does not show. */
static void c70_listener_is_no_different(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l = listener(&gev_world, AF_INET, &addr, &size);
	gev_timeout t;

	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_accept(l, NULL, NULL), ETIMEDOUT);
	gev_timeout_cancel(&t);
	t_ok(fcntl(l, F_GETFL) & O_NONBLOCK);
	t_eq(gev_fcntl(l, F_GETFL) & O_NONBLOCK, 0);
	t_eq(gev_fcntl(l, F_SETFL, O_NONBLOCK | O_APPEND), 0);
	t_ok(gev_fcntl(l, F_GETFL) & O_NONBLOCK);
	t_fails(gev_accept(l, NULL, NULL), EAGAIN);
	t_eq(gev_fcntl(l, F_SETFL, 0), 0);
	t_eq(gev_fcntl(l, F_GETFL) & (O_NONBLOCK | O_APPEND), 0);
	t_ok(fcntl(l, F_GETFL) & O_NONBLOCK);
	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_accept(l, NULL, NULL), ETIMEDOUT);
	gev_timeout_cancel(&t);
	gev_close(l);
}

static void copies_of_a_listener(void)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int l[3], c, s;
	gev_timeout t;

	l[0] = listener(&gev_world, AF_INET, &addr, &size);
	l[1] = gev_dup(l[0]);
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			l[2] = gev_dup(l[1]);
		gev_timeout_start(&t, GEV_MS(1));
		t_fails(gev_accept(l[i], NULL, NULL), ETIMEDOUT);
		gev_timeout_cancel(&t);
	}
	for (int i = 0; i < 3; i++) {
		c = gev_socket(AF_INET, SOCK_STREAM, 0);
		t_eq(gev_connect(c, (void *)&addr, size), 0);
		s = gev_accept(l[i], NULL, NULL);
		t_ok(s >= 0);
		gev_close(s);
		gev_close(c);
		gev_close(l[i]);
	}
}

int main(void)
{
	T_RUN(c70_would_block);
	T_RUN(full);
	T_RUN(nonblocking_from_the_start);
	T_RUN(copies);
	T_RUN(a_copy_waits_again);
	T_RUN(bad_copies);
	T_RUN(fcntl_copies);
	T_RUN(replacing);
	T_RUN(c70_listener_is_no_different);
	T_RUN(copies_of_a_listener);
	return t_done();
}
