/* SPDX-License-Identifier: MIT */
/* gev_epoll_wait() and its kin; what a sigmask does in all of gev/poll.h. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/poll.h>
#include <gev/timeout.h>
#include <signal.h>
#include "base/inject.h"
#include "backend.h"
#include "pair.h"

static void add(int ep, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	t_eq(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
}

static int epoll_of(int fd, uint32_t events)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);

	t_ok(ep >= 0);
	gev_forget(ep);
	add(ep, fd, events);
	return ep;
}

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static intptr_t write_later(void *arg)
{
	gev_sleep(GEV_SEC(1));
	return gev_write(*(int *)arg, "x", 1);
}

static void levels(void)
{
	struct epoll_event ev[4];
	int fds[2], ep;

	make_pair(&gev_world, TCP4, fds);
	ep = epoll_of(fds[0], EPOLLIN);
	t_eq(gev_epoll_wait(ep, ev, 4, 0), 0);
	t_eq(gev_epoll_wait(ep, ev, 4, 100), 0);
	gev_go(write_later, &fds[1]);
	for (int i = 0; i < 3; i++) {
		t_eq(gev_epoll_wait(ep, ev, 4, -1), 1);
		t_eq(ev[0].events, EPOLLIN);
		t_eq(ev[0].data.fd, fds[0]);
	}
	t_eq(gev_read(fds[0], ev, 1), 1);
	t_eq(gev_epoll_wait(ep, ev, 4, 100), 0);
	gev_close(ep);
	close_pair(&gev_world, fds);
}

static void edges(void)
{
	struct epoll_event ev[4];
	int fds[2], ep;

	make_pair(&gev_world, TCP4, fds);
	ep = epoll_of(fds[0], EPOLLIN | EPOLLET);
	for (int i = 0; i < 3; i++) {
		gev_go(write_later, &fds[1]);
		t_eq(gev_epoll_wait(ep, ev, 4, -1), 1);
		t_eq(gev_epoll_wait(ep, ev, 4, 100), 0);
	}
	gev_close(ep);
	close_pair(&gev_world, fds);
}

static void one_shot(void)
{
	struct epoll_event ev;
	int fds[2], ep;

	make_pair(&gev_world, PIPE, fds);
	ep = epoll_of(fds[0], EPOLLIN | EPOLLONESHOT);
	gev_go(write_later, &fds[1]);
	t_eq(gev_epoll_wait(ep, &ev, 1, -1), 1);
	t_eq(gev_epoll_wait(ep, &ev, 1, 100), 0);
	gev_close(ep);
	close_pair(&gev_world, fds);
}

static void one_in_another(void)
{
	struct epoll_event ev;
	int fds[2], inner, outer;

	make_pair(&gev_world, UNIX_STREAM, fds);
	inner = epoll_of(fds[0], EPOLLIN);
	outer = epoll_of(inner, EPOLLIN);
	gev_go(write_later, &fds[1]);
	t_eq(gev_epoll_wait(outer, &ev, 1, -1), 1);
	t_eq(ev.data.fd, inner);
	t_eq(gev_epoll_wait(inner, &ev, 1, -1), 1);
	t_eq(ev.data.fd, fds[0]);
	gev_close(outer);
	gev_close(inner);
	close_pair(&gev_world, fds);
}

static intptr_t wait_for_one(void *arg)
{
	struct epoll_event ev;
	int r = gev_epoll_wait(*(int *)arg, &ev, 1, -1);

	return r == 1 ? ev.data.fd : 1000 + errno;
}

/* Each gets an event of its own, and there is none for the third. */
static void several_wait(void)
{
	int a[2], b[2], ep;
	gev_greenlet *g[3];
	intptr_t sum = 0;

	make_pair(&gev_world, TCP4, a);
	make_pair(&gev_world, TCP4, b);
	ep = epoll_of(a[0], EPOLLIN | EPOLLET);
	add(ep, b[0], EPOLLIN | EPOLLET);
	for (int i = 0; i < 3; i++)
		g[i] = gev_spawn(wait_for_one, &ep);
	gev_sleep(GEV_MS(1));
	t_eq(gev_write(a[1], "x", 1), 1);
	t_eq(gev_write(b[1], "x", 1), 1);
	gev_sleep(GEV_MS(1));
	for (int i = 0; i < 3; i++)
		sum += gev_dead(g[i]) ? gev_get(g[i], 0) : 1000000;
	t_eq(sum, a[0] + b[0] + 1000000);
	gev_close(ep);
	for (int i = 0; i < 3; i++) {
		sum -= gev_get(g[i], GEV_SEC(1));
		gev_unref(g[i]);
	}
	t_eq(sum, 1000000 - 1000 - EBADF);
	close_pair(&gev_world, a);
	close_pair(&gev_world, b);
}

static void times(void)
{
	struct epoll_event ev;
	int fds[2], ep;
	gev_time start = now();
	struct timespec ts = { 1, 5 };

	make_pair(&gev_world, PIPE, fds);
	ep = epoll_of(fds[0], EPOLLIN);
	t_eq(gev_epoll_wait(ep, &ev, 1, 10), 0);
	t_eq(now() - start, GEV_MS(10));
	t_eq(gev_epoll_pwait(ep, &ev, 1, 10, NULL), 0);
	t_eq(now() - start, GEV_MS(20));
	t_eq(gev_epoll_pwait2(ep, &ev, 1, &ts, NULL), 0);
	t_eq(now() - start, GEV_MS(1020) + 5);
	ts.tv_nsec = -1;
	t_fails(gev_epoll_pwait2(ep, &ev, 1, &ts, NULL), EINVAL);
	gev_go(write_later, &fds[1]);
	t_eq(gev_epoll_pwait2(ep, &ev, 1, NULL, NULL), 1);
	gev_close(ep);
	close_pair(&gev_world, fds);
}

static void bad_arguments(void)
{
	struct epoll_event ev;
	int fds[2], ep;

	make_pair(&gev_world, PIPE, fds);
	ep = epoll_of(fds[0], EPOLLIN);
	t_fails(gev_epoll_wait(-1, &ev, 1, -1), EBADF);
	t_fails(gev_epoll_wait(fds[0], &ev, 1, -1), EINVAL);
	t_fails(gev_epoll_wait(ep, &ev, 0, -1), EINVAL);
	if (!t_under("valgrind")) /* which looks at the room for events */
		t_fails(gev_epoll_wait(ep, &ev, -1, -1), EINVAL);
	gev_close(ep);
	close_pair(&gev_world, fds);
}

static void the_hubs_own_descriptor(void)
{
	struct epoll_event ev;
	int ep;

	if (without_epoll())
		return;
	ep = epoll_of(gev_loop_fd(gev_hub_loop(gev_hub_get())), EPOLLIN);
	t_fails(gev_epoll_wait(ep, &ev, 1, -1), ELOOP);
	gev_close(ep);
}

/* Ways to wait with a mask for 1 s; what is ready, or -errno. */
static int masked_poll(int fd, const sigset_t *mask)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return gev_ppoll(&p, 1, &(struct timespec){ 1, 0 }, mask);
}

static int masked_select(int fd, const sigset_t *mask)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	return gev_pselect(fd + 1, &in, NULL, NULL, &(struct timespec){ 1, 0 },
		mask);
}

static int masked_epoll(int fd, const sigset_t *mask)
{
	struct epoll_event ev;
	int ep = epoll_of(fd, EPOLLIN);
	int r = gev_epoll_pwait(ep, &ev, 1, 1000, mask);
	int error = errno;

	gev_close(ep);
	errno = error;
	return r;
}

typedef int masked_fn(int fd, const sigset_t *mask);

static masked_fn *const masked[] = { masked_poll, masked_select, masked_epoll };

static int caught;
static sigset_t mask_at_rest, no_mask;

static void catch(int signo)
{
	(void)signo;
	caught++;
}

static intptr_t raise_later(void *arg)
{
	sigset_t mask;

	(void)arg;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	t_ok(sigismember(&mask, SIGUSR1)); /* for the others as well */
	gev_sleep(GEV_MS(500));
	return kill(getpid(), SIGUSR1);
}

static void check_mask(void)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	t_eq(memcmp(&mask, &mask_at_rest, 8), 0);
}

static void a_signal_let_through_ends_it(masked_fn *fn)
{
	int fds[2];
	gev_time start = now();

	make_pair(&gev_world, PIPE, fds);
	caught = 0;
	gev_go(raise_later, NULL);
	t_fails(fn(fds[0], &no_mask), EINTR);
	t_eq(now() - start, GEV_MS(500));
	t_eq(caught, 1);
	check_mask();
	kill(getpid(), SIGUSR1); /* it is pending at once */
	t_eq(caught, 1);
	t_fails(fn(fds[0], &no_mask), EINTR);
	t_eq(caught, 2);
	t_eq(now() - start, GEV_MS(500));
	t_eq(fn(fds[0], &no_mask), 0);
	check_mask();
	close_pair(&gev_world, fds);
}

static void what_is_ready_comes_first(masked_fn *fn)
{
	int fds[2];

	make_pair(&gev_world, PIPE, fds);
	t_eq(gev_write(fds[1], "x", 1), 1);
	kill(getpid(), SIGUSR1);
	caught = 0;
	t_eq(fn(fds[0], &no_mask), 1);
	t_eq(caught, 0);
	t_eq(gev_read(fds[0], &(char){ 0 }, 1), 1);
	t_fails(fn(fds[0], &no_mask), EINTR);
	t_eq(caught, 1);
	close_pair(&gev_world, fds);
}

static void what_is_ignored_does_not_end_it(masked_fn *fn)
{
	int fds[2];

	make_pair(&gev_world, PIPE, fds);
	signal(SIGUSR1, SIG_IGN);
	gev_go(raise_later, NULL);
	t_eq(fn(fds[0], &no_mask), 0);
	signal(SIGUSR1, catch);
	t_eq(fn(fds[0], &mask_at_rest), 0);
	t_eq(fn(fds[0], NULL), 0);
	close_pair(&gev_world, fds);
}

static intptr_t raise_other(void *arg)
{
	(void)arg;
	gev_sleep(GEV_MS(500));
	return kill(getpid(), SIGUSR2);
}

static void what_is_never_blocked_does_not_end_it(masked_fn *fn)
{
	int fds[2];

	make_pair(&gev_world, PIPE, fds);
	caught = 0;
	gev_go(raise_other, NULL);
	t_eq(fn(fds[0], &no_mask), 0);
	t_eq(caught, 1);
	gev_go(raise_other, NULL);
	t_eq(fn(fds[0], NULL), 0);
	t_eq(caught, 2);
	close_pair(&gev_world, fds);
}

static void no_descriptor_for_signals(masked_fn *fn)
{
	int fds[2];
	int next = dup(0);

	close(next);
	make_pair(&gev_world, PIPE, fds);
	gev__inject = (struct gev__inject){ .nr = SYS_signalfd4,
		.error = -EMFILE, .times = 1 };
	t_fails(fn(fds[0], &no_mask), EMFILE);
	t_eq(gev__inject.calls, 1);
	gev__inject.nr = -1;
	close_pair(&gev_world, fds);
	fds[0] = dup(0);
	t_eq(fds[0], next); /* none was left open */
	close(fds[0]);
}

static void with_each(void (*check)(masked_fn *fn))
{
	for (int i = 0; i < 3; i++)
		check(masked[i]);
}

static void masks_let_signals_through(void)
{
	sigset_t usr1;

#ifdef __SANITIZE_THREAD__
	t_skip("ThreadSanitizer hands signals on late");
	return;
#endif
	signal(SIGUSR1, catch);
	signal(SIGUSR2, catch);
	sigemptyset(&no_mask);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigprocmask(SIG_BLOCK, NULL, &mask_at_rest);
	with_each(a_signal_let_through_ends_it);
	with_each(what_is_ready_comes_first);
	with_each(what_is_ignored_does_not_end_it);
	with_each(what_is_never_blocked_does_not_end_it);
	with_each(no_descriptor_for_signals);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

int main(void)
{
	t_virtual();
	T_RUN(levels);
	T_RUN(edges);
	T_RUN(one_shot);
	T_RUN(one_in_another);
	T_RUN(several_wait);
	T_RUN(times);
	T_RUN(bad_arguments);
	T_RUN(the_hubs_own_descriptor);
	T_RUN(masks_let_signals_through);
	return t_done();
}
