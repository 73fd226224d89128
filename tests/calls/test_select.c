/* SPDX-License-Identifier: MIT */
/* gev_select(), gev_pselect(). */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/poll.h>
#include <gev/timeout.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "base/inject.h"
#include "pair.h"

struct sets {
	fd_set in, out, except;
};

static int select_in(const struct world *w, int n, struct sets *s,
	struct timeval *tv)
{
	return w == &gev_world ?
		       gev_select(n, &s->in, &s->out, &s->except, tv) :
		       select(n, &s->in, &s->out, &s->except, tv);
}

static struct sets all_of(const int fds[2])
{
	struct sets s;

	FD_ZERO(&s.in);
	for (int i = 0; i < 2; i++)
		FD_SET(fds[i], &s.in);
	s.out = s.except = s.in;
	return s;
}

static void note_sets(const struct sets *s, const int fds[2])
{
	const fd_set *all[] = { &s->in, &s->out, &s->except };

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 2; j++)
			t_log("%d", FD_ISSET(fds[j], all[i]) != 0);
	t_log(" ");
}

static int highest(const int fds[2])
{
	return (fds[0] > fds[1] ? fds[0] : fds[1]) + 1;
}

static void note_all(const struct world *w, const int fds[2])
{
	struct sets s = all_of(fds);
	struct timeval now = { 0, 0 };

	t_log("%d ", select_in(w, highest(fds), &s, &now));
	note_sets(&s, fds);
	s = all_of(fds);
	t_log("%d ", select_in(w, highest(fds), &s, NULL));
	note_sets(&s, fds);
}

static enum sort sort;

static void every_state(const struct world *w)
{
	int fds[2];

	make_pair(w, sort, fds);
	note_all(w, fds);
	t_eq(w->write(fds[1], "ab", 2), 2);
	note_all(w, fds);
	if (sort == TCP4)
		t_eq(w->send(fds[1], "!", 1, MSG_OOB), 1);
	if (is_socket(sort) && is_stream(sort))
		t_eq(w->shutdown(fds[1], SHUT_WR), 0);
	note_all(w, fds);
	close_pair(w, fds);
}

static void what_is_ready(void)
{
	for (sort = 0; sort < SORTS; sort++)
		same(every_state);
}

static void select_and_note(struct actor *self)
{
	struct sets s;

	FD_ZERO(&s.in);
	FD_SET(self->fd, &s.in);
	FD_ZERO(&s.out);
	s.except = s.in;
	self->result = select_in(self->w, self->fd + 1, &s, NULL);
	self->flags = (FD_ISSET(self->fd, &s.in) != 0) |
		      (FD_ISSET(self->fd, &s.except) != 0) << 1;
}

static void wakes(const struct world *w)
{
	for (int flags = 0; flags <= MSG_OOB; flags += MSG_OOB) {
		struct actor a = { .fn = select_and_note, .w = w };
		int fds[2];

		make_pair(w, TCP4, fds);
		a.fd = fds[0];
		w->start(&a);
		w->settle(&a);
		t_ok(!a.ended);
		t_eq(w->send(fds[1], "x", 1, flags), 1);
		w->join(&a);
		t_log("%ld %d ", a.result, a.flags);
		close_pair(w, fds);
	}
}

static void what_ends_a_wait(void)
{
	same(wakes);
}

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

/* What is left of the timeout, and sets that say nothing is ready. */
static void it_counts_down(void)
{
	struct timeval tv = { 1, 2500000 };
	int fds[2];
	fd_set in;
	gev_time start = now();

	make_pair(&gev_world, PIPE, fds);
	FD_ZERO(&in);
	FD_SET(fds[0], &in);
	t_eq(gev_select(fds[0] + 1, &in, NULL, NULL, &tv), 0);
	t_eq(now() - start, GEV_MS(3500));
	t_ok(tv.tv_sec == 0 && tv.tv_usec == 0);
	t_ok(!FD_ISSET(fds[0], &in));
	close_pair(&gev_world, fds);
}

static intptr_t write_later(void *arg)
{
	gev_sleep(GEV_MS(1250));
	return gev_write(*(int *)arg, "x", 1);
}

static void it_stops_counting(void)
{
	struct timeval tv = { 10, 0 };
	struct timespec ts = { 10, 0 };
	int fds[2];
	fd_set in;

	make_pair(&gev_world, PIPE, fds);
	gev_go(write_later, &fds[1]);
	FD_ZERO(&in);
	FD_SET(fds[0], &in);
	t_eq(gev_select(fds[0] + 1, &in, NULL, NULL, &tv), 1);
	t_ok(tv.tv_sec == 8 && tv.tv_usec == 750000);
	t_eq(gev_read(fds[0], &(char){ 0 }, 1), 1);
	gev_go(write_later, &fds[1]);
	t_eq(gev_pselect(fds[0] + 1, &in, NULL, NULL, &ts, NULL), 1);
	t_ok(ts.tv_sec == 10 && ts.tv_nsec == 0);
	close_pair(&gev_world, fds);
}

static void sets_may_be_null(void)
{
	gev_time start = now();
	struct timeval tv = { 2, 0 };

	t_eq(gev_select(0, NULL, NULL, NULL, &tv), 0);
	tv.tv_sec = 2;
	t_eq(gev_select(100, NULL, NULL, NULL, &tv), 0);
	t_eq(now() - start, GEV_SEC(4));
}

static void c72_select_of_the_closed_is_ebadf(void)
{
	struct timeval tv = { 0, 0 };
	fd_set in;
	int fd = dup(0);

	FD_ZERO(&in);
	FD_SET(fd, &in);
	close(fd);
	t_fails(gev_select(fd + 1, &in, NULL, NULL, &tv), EBADF);
	t_fails(gev_select(fd + 1, NULL, &in, NULL, NULL), EBADF);
	t_ok(FD_ISSET(fd, &in));
}

static void c72_same_descriptor_in_both(void)
{
	int fds[2];
	struct sets s;

	make_pair(&gev_world, UNIX_STREAM, fds);
	s = all_of((int[2]){ fds[0], fds[0] });
	t_eq(gev_select(highest(fds), &s.in, &s.out, &s.except, NULL), 1);
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	s = all_of((int[2]){ fds[0], fds[0] });
	t_eq(gev_select(highest(fds), &s.in, &s.out, &s.except, NULL), 2);
	close_pair(&gev_world, fds);
}

static intptr_t select_for_ever(void *arg)
{
	int fd = *(int *)arg;
	struct sets s = all_of((int[2]){ fd, fd });
	int r = gev_select(fd + 1, &s.in, NULL, &s.except, NULL);

	t_ok(FD_ISSET(fd, &s.in));
	return r < 0 ? 1000 + errno : r;
}

static void c72_close_while_selecting(void)
{
	int fds[2];
	gev_greenlet *g;

	make_pair(&gev_world, TCP4, fds);
	g = gev_spawn(select_for_ever, &fds[0]);
	for (int i = 0; i < 4; i++)
		gev_yield();
	t_ok(!gev_dead(g));
	gev_close(fds[0]);
	t_eq(gev_get(g, GEV_SEC(1)), 1000 + EBADF);
	gev_unref(g);
	gev_close(fds[1]);
}

static void c72_negative_is_einval(void)
{
	struct timeval s = { -1, 0 }, us = { 0, -1 };

	t_fails(gev_select(-1, NULL, NULL, NULL, NULL), EINVAL);
	t_fails(gev_select(0, NULL, NULL, NULL, &s), EINVAL);
	t_fails(gev_select(0, NULL, NULL, NULL, &us), EINVAL);
	t_fails(gev_pselect(0, NULL, NULL, NULL, &(struct timespec){ -1, 0 },
		NULL), EINVAL);
	t_fails(gev_pselect(0, NULL, NULL, NULL,
		&(struct timespec){ 0, 1000000000 }, NULL), EINVAL);
}

/* With sets of 8192 bits. */
static void more_than_fd_setsize(void)
{
	enum { BITS = 8192 };
	static unsigned long in[BITS / 64];
	struct rlimit limit;
	int fds[2];

	if (t_under("qemu")) {
		t_skip("qemu has no such sets");
		return;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 5001) {
		t_skip("descriptors are few here");
		return;
	}
	make_pair(&gev_world, PIPE, fds);
	t_eq(gev_dup2(fds[0], 5000), 5000);
	in[5000 / 64] = 1ul << 5000 % 64;
	t_eq(gev_select(BITS, (fd_set *)in, NULL, NULL,
		     &(struct timeval){ 1, 0 }), 0);
	t_eq(in[5000 / 64], 0);
	in[5000 / 64] = 1ul << 5000 % 64;
	gev_go(write_later, &fds[1]);
	t_eq(gev_select(BITS, (fd_set *)in, NULL, NULL, NULL), 1);
	t_eq(in[5000 / 64], 1ul << 5000 % 64);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap, .error = -ENOMEM,
		.times = -1 };
	gev_select(BITS, (fd_set *)in, NULL, NULL, NULL);
	gev__inject.nr = -1;
	gev_close(5000);
	close_pair(&gev_world, fds);
}

/* An fd_set at the end of the world, and a great number of descriptors. */
static void the_number_is_cut_as_in_the_kernel(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd_set *in = (fd_set *)(page + 4096 - sizeof(fd_set));
	pid_t pid;
	int status, fds[2];

	if (t_under("valgrind") || t_under("qemu")) {
		t_skip("the table is larger than it needs to be");
		return;
	}
	t_eq(mprotect(page + 4096, 4096, PROT_NONE), 0);
	t_eq(pipe(fds), 0);
	FD_ZERO(in);
	FD_SET(fds[0], in);
	pid = fork(); /* its table is as large as it needs to be */
	if (pid == 0) {
		struct timeval tv = { 1, 0 };

		t_eq(gev_select(1 << 20, in, NULL, NULL, &tv), 0);
		FD_SET(fds[0], in);
		t_eq(write(fds[1], "x", 1), 1);
		t_eq(gev_select(INT_MAX, in, NULL, NULL, NULL), 1);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	close(fds[0]);
	close(fds[1]);
	munmap(page, 8192);
}

int main(void)
{
	T_RUN(what_is_ready);
	T_RUN(what_ends_a_wait);
	t_virtual();
	T_RUN(the_number_is_cut_as_in_the_kernel);
	T_RUN(it_counts_down);
	T_RUN(it_stops_counting);
	T_RUN(sets_may_be_null);
	T_RUN(c72_select_of_the_closed_is_ebadf);
	T_RUN(c72_same_descriptor_in_both);
	T_RUN(c72_close_while_selecting);
	T_RUN(c72_negative_is_einval);
	T_RUN(more_than_fd_setsize);
	return t_done();
}
