/* SPDX-License-Identifier: MIT */
/* gev_poll(), gev_ppoll(): the kernel's answers, and who waits beside whom. */
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/poll.h>
#include <gev/timeout.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "base/inject.h"
#include "backend.h"
#include "pair.h"

static const short wishes[] = { 0, POLLIN, POLLOUT, POLLIN | POLLOUT, POLLPRI,
	POLLRDHUP, POLLRDNORM | POLLWRNORM, POLLIN | POLLPRI | POLLRDHUP };

#define WISHES (sizeof(wishes) / sizeof(*wishes))

static int poll_in(const struct world *w, struct pollfd *fds, nfds_t n, int ms)
{
	return w == &gev_world ? gev_poll(fds, n, ms) : poll(fds, n, ms);
}

/* What is to be had of both ends of a pair, by every wish. */
static void note_all(const struct world *w, const int fds[2], const char *when)
{
	t_log("%s:", when);
	for (size_t i = 0; i < WISHES; i++) {
		struct pollfd p[] = { { fds[0], wishes[i], -1 },
			{ fds[1], wishes[i], -1 } };
		int r = poll_in(w, p, 2, i % 2 ? 0 : 1);

		t_log(" %d %x %x", r, p[0].revents, p[1].revents);
	}
	t_log("\n");
}

static enum sort sort;

static void every_state(const struct world *w)
{
	int fds[2];
	char c;

	make_pair(w, sort, fds);
	note_all(w, fds, "quiet");
	t_eq(w->write(fds[1], "ab", 2), 2);
	note_all(w, fds, "data");
	t_eq(w->read(fds[0], &c, 1), 1);
	note_all(w, fds, "less");
	if (sort == TCP4 || sort == TCP6) {
		t_eq(w->send(fds[1], "!", 1, MSG_OOB), 1);
		note_all(w, fds, "urgent");
	}
	if (is_socket(sort) && is_stream(sort)) {
		t_eq(w->shutdown(fds[1], SHUT_WR), 0);
		note_all(w, fds, "half");
	}
	if (sort != PTY) {
		t_eq(w->close(fds[1]), 0);
		note_all(w, (int[2]){ fds[0], -1 }, "gone");
	} else {
		t_eq(w->close(fds[1]), 0);
	}
	t_eq(w->close(fds[0]), 0);
}

static void what_is_ready(void)
{
	for (sort = 0; sort < SORTS; sort++)
		same(every_state);
}

/* Waits for each change of state, in a greenlet or thread of its own. */
static void poll_and_note(struct actor *self)
{
	struct pollfd p = { self->fd, (short)self->flags, 0 };

	self->result = poll_in(self->w, &p, 1, -1);
	self->flags = p.revents;
}

static void wait_for_change(const struct world *w, int events,
	void (*change)(const struct world *w, int fds[2]))
{
	struct actor a = { .fn = poll_and_note, .w = w, .flags = events };
	int fds[2];

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	w->settle(&a);
	t_ok(!a.ended);
	change(w, fds);
	w->join(&a);
	t_log("%s: %ld %x\n", sort_names[sort], a.result, a.flags);
	t_eq(w->close(fds[0]), 0);
	if (fds[1] >= 0)
		t_eq(w->close(fds[1]), 0);
}

static void send_data(const struct world *w, int fds[2])
{
	t_eq(w->write(fds[1], "x", 1), 1);
}

static void hang_up(const struct world *w, int fds[2])
{
	t_eq(w->close(fds[1]), 0);
	fds[1] = -1;
}

static void shut_down(const struct world *w, int fds[2])
{
	t_eq(w->shutdown(fds[1], SHUT_WR), 0);
}

static void send_urgent(const struct world *w, int fds[2])
{
	t_eq(w->send(fds[1], "!", 1, MSG_OOB), 1);
}

static void changes(const struct world *w)
{
	wait_for_change(w, POLLIN, send_data);
	if (sort == PTY || sort == UDP4 || sort == UDP6 || sort == UNIX_DGRAM)
		return;
	wait_for_change(w, POLLIN, hang_up);
	if (sort == PIPE || sort == FIFO || sort == UNIX_STREAM)
		wait_for_change(w, 0, hang_up);
	if (sort > TCP6)
		return;
	wait_for_change(w, POLLRDHUP, shut_down);
	wait_for_change(w, POLLPRI, send_urgent);
}

static void what_ends_a_wait(void)
{
	for (sort = 0; sort < SORTS; sort++)
		same(changes);
}

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static void the_timeout_is_exact(void)
{
	int fds[2];
	struct pollfd p = { .events = POLLIN, .revents = 0x55 };
	struct timespec ts = { 2, 3 };
	gev_time start = now();

	make_pair(&gev_world, TCP4, fds);
	p.fd = fds[0];
	t_eq(gev_poll(&p, 1, 1500), 0);
	t_eq(now() - start, GEV_MS(1500));
	t_eq(p.revents, 0);
	t_eq(gev_ppoll(&p, 1, &ts, NULL), 0);
	t_eq(now() - start, GEV_MS(3500) + 3);
	t_ok(ts.tv_sec == 2 && ts.tv_nsec == 3);
	t_eq(gev_poll(NULL, 0, 500), 0);
	t_eq(now() - start, GEV_MS(4000) + 3);
	close_pair(&gev_world, fds);
}

static void bad_times(void)
{
	t_fails(gev_ppoll(NULL, 0, &(struct timespec){ -1, 0 }, NULL), EINVAL);
	t_fails(gev_ppoll(NULL, 0, &(struct timespec){ 0, -1 }, NULL), EINVAL);
	t_fails(gev_ppoll(NULL, 0, &(struct timespec){ 0, 1000000000 }, NULL),
		EINVAL);
}

/* Those past the limit are none of ours to look at. */
static void too_many(void)
{
	struct rlimit limit;
	struct pollfd p = { .fd = -1 };

	if (t_under("qemu")) {
		t_skip("qemu has errors of its own");
		return;
	}
	if (t_under("valgrind")) {
		t_skip("valgrind looks at them all");
		return;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	t_fails(gev_poll(&p, limit.rlim_cur + 1, -1), EINVAL);
}

static void c72_poll_of_the_closed_is_nval(void)
{
	struct pollfd p[] = { { 987, POLLIN, 0 }, { -1, POLLIN, 7 },
		{ INT_MAX, POLLOUT, 0 } };

	t_eq(gev_poll(p, 3, -1), 2);
	t_eq(p[0].revents, POLLNVAL);
	t_eq(p[1].revents, 0);
	t_eq(p[2].revents, POLLNVAL);
}

static intptr_t poll_for_ever(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };
	int r = gev_poll(&p, 1, -1);

	return r < 0 ? -errno : r << 16 | p.revents;
}

static gev_greenlet *start_polling(int *fd)
{
	gev_greenlet *g = gev_spawn(poll_for_ever, fd);

	for (int i = 0; i < 4; i++)
		gev_yield();
	t_ok(!gev_dead(g));
	return g;
}

static void c72_poll_minus_one_blocks(void)
{
	int fds[2];
	gev_greenlet *g;

	make_pair(&gev_world, PIPE, fds);
	g = start_polling(&fds[0]);
	gev_sleep(GEV_SEC(1000000));
	t_ok(!gev_dead(g));
	t_eq(gev_write(fds[1], "x", 1), 1);
	t_eq(gev_get(g, GEV_SEC(1)), 1 << 16 | POLLIN);
	gev_unref(g);
	close_pair(&gev_world, fds);
}

static void c72_close_while_polling(void)
{
	int fds[2], other[2];
	gev_greenlet *g;

	make_pair(&gev_world, TCP4, fds);
	g = start_polling(&fds[0]);
	gev_close(fds[0]);
	t_eq(gev_get(g, GEV_SEC(1)), 1 << 16 | POLLNVAL);
	gev_unref(g);

	/* Replaced: by something that is ready, and by what is not. */
	make_pair(&gev_world, PIPE, other);
	for (int i = 0; i < 2; i++) {
		g = start_polling(&other[0]);
		t_eq(gev_dup2(fds[1], other[0]), other[0]);
		t_eq(gev_get(g, GEV_SEC(1)), 1 << 16 | POLLNVAL);
		gev_unref(g);
		close_pair(&gev_world, other);
		make_pair(&gev_world, PIPE, other);
		gev_close(fds[1]);
		make_pair(&gev_world, UNIX_DGRAM, fds); /* a quiet one */
	}
	close_pair(&gev_world, other);
	close_pair(&gev_world, fds);
}

static void *close_it(void *arg)
{
	t_eq(gev_close(*(int *)arg), 0);
	return NULL;
}

static void another_thread_closes(void)
{
	int fds[2];
	pthread_t thread;
	gev_greenlet *g;

	make_pair(&gev_world, UNIX_STREAM, fds);
	g = start_polling(&fds[0]);
	pthread_create(&thread, NULL, close_it, &fds[0]);
	pthread_join(thread, NULL);
	t_eq(gev_get(g, GEV_FOREVER), 1 << 16 | POLLNVAL);
	gev_unref(g);
	gev_close(fds[1]);
}

static void duplicates(void)
{
	int fds[2];
	struct pollfd p[4];

	make_pair(&gev_world, TCP4, fds);
	for (int i = 0; i < 4; i++)
		p[i] = (struct pollfd){ fds[0], i % 2 ? POLLOUT : POLLIN, 0 };
	t_eq(gev_poll(p, 4, -1), 2);
	p[1].events = p[3].events = POLLIN;
	t_eq(gev_poll(p, 4, 10), 0);
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	t_eq(gev_poll(p, 4, -1), 4);
	close_pair(&gev_world, fds);
}

static intptr_t receive(void *arg)
{
	char c;

	return gev_recv(*(int *)arg, &c, 1, 0);
}

/* Beside a reader, and many at a time; who comes too late waits on. */
static void many_at_a_time(void)
{
	enum { N = 5 };
	int fds[2];
	gev_greenlet *pollers[N], *reader;

	make_pair(&gev_world, TCP4, fds);
	for (int i = 0; i < N; i++)
		pollers[i] = start_polling(&fds[0]);
	t_eq(gev_send(fds[1], "x", 1, 0), 1);
	for (int i = 0; i < N; i++) {
		t_eq(gev_get(pollers[i], GEV_SEC(1)), 1 << 16 | POLLIN);
		gev_unref(pollers[i]);
	}
	t_eq(receive(&fds[0]), 1);
	reader = gev_spawn(receive, &fds[0]);
	gev_yield();
	pollers[0] = start_polling(&fds[0]);
	t_eq(gev_send(fds[1], "y", 1, 0), 1);
	t_eq(gev_get(reader, GEV_SEC(1)), 1);
	gev_yield();
	t_ok(!gev_dead(pollers[0]));
	t_eq(gev_send(fds[1], "z", 1, 0), 1);
	t_eq(gev_get(pollers[0], GEV_SEC(1)), 1 << 16 | POLLIN);
	gev_unref(reader);
	gev_unref(pollers[0]);
	close_pair(&gev_world, fds);
}

/* More than there is room for on the stack; the last one gets ready. */
static void large_sets(void)
{
	enum { N = 600 };
	static struct pollfd p[N];
	int fds[2], quiet[2];
	gev_timeout t;

	make_pair(&gev_world, PIPE, fds);
	make_pair(&gev_world, PIPE, quiet);
	for (int n = 31; n <= N; n = n < 34 ? n + 1 : n * 4) {
		for (int i = 0; i < n; i++)
			p[i] = (struct pollfd){ i == n - 1 ? fds[0] : quiet[0],
				POLLIN, 0 };
		t_eq(gev_poll(p, (nfds_t)n, 100), 0);
		gev_timeout_start(&t, GEV_MS(10));
		t_fails(gev_poll(p, (nfds_t)n, -1), ETIMEDOUT);
		gev_timeout_cancel(&t);
		t_eq(gev_write(fds[1], "x", 1), 1);
		t_eq(gev_poll(p, (nfds_t)n, -1), 1);
		t_eq(p[n - 1].revents, POLLIN);
		t_eq(gev_read(fds[0], &(char){ 0 }, 1), 1);
	}
	close_pair(&gev_world, fds);
	close_pair(&gev_world, quiet);
}

static void inject(long nr, long error, int after, int times)
{
	gev__inject = (struct gev__inject){ .nr = nr, .error = error,
		.after = after, .times = times };
}

static void calls_that_fail(void)
{
	enum { N = 600 };
	static struct pollfd p[N];
	int fds[2];

	make_pair(&gev_world, PIPE, fds);
	for (int i = 0; i < N; i++)
		p[i] = (struct pollfd){ fds[0], POLLIN, 0 };
	inject(SYS_ppoll, -ENOMEM, 0, 1);
	t_fails(gev_poll(p, 1, -1), ENOMEM);
	inject(SYS_ppoll, -ENOMEM, 1, 1);
	t_fails(gev_poll(p, 1, 10), ENOMEM);
	inject(SYS_ppoll, -EINTR, 0, 1);
	t_eq(gev_poll(p, 1, 0), 0);
	inject(SYS_mmap, -ENOMEM, 0, 1);
	t_fails(gev_poll(p, N, -1), ENOMEM);
	inject(-1, 0, 0, 0);
	close_pair(&gev_world, fds);
}

static void epoll_ctl_fails(void)
{
	struct pollfd p = { .events = POLLIN };
	int fds[2];

	if (without_epoll())
		return;
	make_pair(&gev_world, PIPE, fds);
	p.fd = fds[0];
	inject(SYS_epoll_ctl, -ENOSPC, 0, 1);
	t_fails(gev_poll(&p, 1, -1), ENOSPC);
	inject(-1, 0, 0, 0);
	t_eq(gev_poll(&p, 1, 10), 0);
	close_pair(&gev_world, fds);
}

/* A file is ready, except for what it never is. */
static void files(void)
{
	struct pollfd p = { open("/proc/self/exe", O_RDONLY),
		POLLIN | POLLOUT, 0 };

	t_eq(gev_poll(&p, 1, -1), 1);
	t_eq(p.revents, POLLIN | POLLOUT);
	p.events = POLLPRI;
	t_eq(gev_poll(&p, 1, 1000), 0);
	gev_close(p.fd);
}

static struct pollfd for_callback;
static int in_callback[2], errno_in_callback;

static int poll_in_callback(void *arg)
{
	(void)arg;
	in_callback[0] = gev_poll(&for_callback, 1, 0);
	in_callback[1] = gev_poll(&for_callback, 1, -1);
	errno_in_callback = errno;
	return 0;
}

static void loop_callbacks_may_look(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;
	int fds[2];

	make_pair(&gev_world, TCP4, fds);
	for_callback = (struct pollfd){ fds[0], POLLIN, 0 };
	gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		poll_in_callback, NULL);
	gev_sleep(GEV_MS(1));
	t_eq(in_callback[0], 0);
	t_eq(in_callback[1], -1);
	t_eq(errno_in_callback, EDEADLK);
	close_pair(&gev_world, fds);
}

static intptr_t note_turn(void *arg)
{
	++*(int *)arg;
	return 0;
}

static void who_only_looks_lets_others_run(void)
{
	int fds[2], turns = 0;
	struct pollfd p = { .events = POLLOUT };
	gev_greenlet *g = gev_spawn(note_turn, &turns);

	make_pair(&gev_world, TCP4, fds);
	p.fd = fds[0];
	for (int i = 0; i < 100; i++)
		t_eq(gev_poll(&p, 1, 0), 1);
	t_eq(turns, 1);
	gev_unref(g);
	close_pair(&gev_world, fds);
}

/* Those who polled are not in the child, but their descriptor is. */
static void a_child_has_no_pollers(void)
{
	int fds[2], status;
	gev_greenlet *g;
	pid_t pid;

	make_pair(&gev_world, PIPE, fds);
	g = start_polling(&fds[0]);
	pid = fork();
	if (pid == 0) {
		gev_greenlet *own = start_polling(&fds[0]);

		t_eq(gev_write(fds[1], "x", 1), 1);
		t_eq(gev_get(own, GEV_SEC(1)), 1 << 16 | POLLIN);
		t_eq(gev_read(fds[0], &(char){ 0 }, 1), 1);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_ok(!gev_dead(g));
	gev_close(fds[0]);
	t_eq(gev_get(g, GEV_SEC(1)), 1 << 16 | POLLNVAL);
	gev_unref(g);
	gev_close(fds[1]);
}

static char report[1024];

static void keep_report(gev_hub *hub, const char *text, void *arg)
{
	(void)hub;
	(void)arg;
	snprintf(report, sizeof(report), "%s", text);
}

static void without_descriptors_it_is_a_deadlock(void)
{
	struct pollfd p = { .fd = -1 };

	gev_hub_set_deadlock_hook(gev_hub_get(), keep_report, NULL);
	t_fails(gev_poll(&p, 1, -1), EDEADLK);
	gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL);
	t_ok(strstr(report, "poll"));
}

static void what_it_waits_for_is_told(void)
{
	int fds[2];
	struct pollfd p[7];
	char text[2048], expected[64];
	gev_greenlet *g;

	make_pair(&gev_world, PIPE, fds);
	g = start_polling(&fds[0]);
	gev_hub_describe(gev_hub_get(), text, sizeof(text));
	snprintf(expected, sizeof(expected), "poll on descriptor %d", fds[0]);
	t_ok(strstr(text, expected));
	gev_kill(g, 0);
	gev_join(g, GEV_FOREVER);
	gev_unref(g);
	for (int i = 0; i < 7; i++)
		p[i] = (struct pollfd){ i == 1 ? -1 : fds[0], POLLIN, 0 };
	t_eq(gev_poll(p, 7, 1), 0);
	close_pair(&gev_world, fds);
}

int main(void)
{
	T_RUN(what_is_ready);
	T_RUN(what_ends_a_wait);
	T_RUN(another_thread_closes);
	t_virtual();
	T_RUN(the_timeout_is_exact);
	T_RUN(bad_times);
	T_RUN(too_many);
	T_RUN(c72_poll_of_the_closed_is_nval);
	T_RUN(c72_poll_minus_one_blocks);
	T_RUN(c72_close_while_polling);
	T_RUN(duplicates);
	T_RUN(many_at_a_time);
	T_RUN(large_sets);
	T_RUN(calls_that_fail);
	T_RUN(epoll_ctl_fails);
	T_RUN(files);
	T_RUN(loop_callbacks_may_look);
	T_RUN(who_only_looks_lets_others_run);
	T_RUN(a_child_has_no_pollers);
	T_RUN(without_descriptors_it_is_a_deadlock);
	T_RUN(what_it_waits_for_is_told);
	return t_done();
}
