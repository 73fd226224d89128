/* SPDX-License-Identifier: MIT */
/* fork: the child keeps only who forked, and everything works there. */
#include <sys/wait.h>
#include <unistd.h>
#include "core.h"

/* Says what the child found; in the parent, whether it went well. */
static void child_ends(pid_t pid)
{
	int status = 0;

	if (pid == 0)
		_exit(t_failures != 0);
	if (!t_ok(pid > 0))
		return;
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
}

static pid_t parent_pid;

static intptr_t only_in_the_parent(void *arg)
{
	(void)arg;
	t_eq(getpid(), parent_pid);
	gev_sleep(DELAY);
	t_eq(getpid(), parent_pid);
	return 0;
}

static int count_call(gev_watcher *w, int revents, void *calls)
{
	(void)w;
	(void)revents;
	++*(int *)calls;
	return 0;
}

static intptr_t echo_once(void *fd)
{
	char c;

	t_eq(gev_recv(*(int *)fd, &c, 1, 0), 1);
	t_eq(gev_send(*(int *)fd, &c, 1, 0), 1);
	return 0;
}

static void io_works(void)
{
	gev_greenlet *g;
	int fds[2];
	char c = 'x';

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	g = gev_spawn(echo_once, &fds[1]);
	gev_yield();
	t_eq(gev_send(fds[0], &c, 1, 0), 1);
	c = 0;
	t_eq(gev_recv(fds[0], &c, 1, 0), 1);
	t_eq(c, 'x');
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_close(fds[0]), 0);
	t_eq(gev_close(fds[1]), 0);
}

static void everything_works(void)
{
	gev_greenlet *g;
	gev_timeout t;
	gev_time start = now();

	t_ok(gev_current() == gev_hub_main(gev_hub_get()));
	t_eq(gev_sleep(TICK), 0);
	g = gev_spawn(sleep_for, num(TICK));
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(now() - start, 2 * TICK);
	gev_timeout_start(&t, TICK);
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
	io_works();
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

/* Greenlets in every state, for the child not to see. */
static gev_greenlet *others[4];

static void leave_others(void)
{
	t_virtual();
	parent_pid = getpid();
	others[0] = gev_spawn(only_in_the_parent, NULL);
	others[1] = gev_spawn_later(TICK, only_in_the_parent, NULL);
	gev_yield();
	others[2] = gev_spawn(only_in_the_parent, NULL);
	others[3] = gev_greenlet_new(only_in_the_parent, NULL, NULL);
}

static void others_are_gone(void)
{
	struct gev_hub_stats s;

	gev_hub_get_stats(gev_hub_get(), &s);
	t_eq(s.living, 0);
	for (int i = 0; i < 4; i++)
		t_ok(gev_dead(others[i]));
}

static void others_go_on(void)
{
	t_eq(gev_start(others[3]), 0);
	t_eq(gev_joinall(others, 4, GEV_FOREVER), 4);
	for (int i = 0; i < 4; i++)
		gev_unref(others[i]);
}

static void in_main(pid_t (*do_fork)(void))
{
	pid_t pid;

	leave_others();
	pid = do_fork();
	if (pid == 0) {
		others_are_gone();
		everything_works();
		for (int i = 0; i < 4; i++)
			gev_unref(others[i]);
		everything_works();
	}
	child_ends(pid);
	others_go_on();
}

static void c34_fork_in_main(void)
{
	in_main(fork);
	in_main(gev_fork);
}

static intptr_t fork_here(void *do_fork)
{
	gev_greenlet *self = gev_current();
	gev_greenlet *main = gev_hub_main(gev_hub_get());
	pid_t pid;

	gev_yield();
	pid = ((pid_t (*)(void))do_fork)();
	if (pid == 0) {
		t_ok(gev_current() == self);
		others_are_gone();
		everything_works();
	} else {
		t_ok(gev_hub_main(gev_hub_get()) == main);
	}
	child_ends(pid);
	return 0;
}

static void in_greenlet(pid_t (*do_fork)(void))
{
	gev_greenlet *g;

	leave_others();
	g = gev_spawn(fork_here, (void *)do_fork);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	others_go_on();
}

static void c34_fork_in_a_greenlet(void)
{
	in_greenlet(fork);
	in_greenlet(gev_fork);
}

static void destroy_and_go_on(void)
{
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	for (int i = 0; i < 4; i++)
		t_ok(gev_dead(others[i]));
	t_virtual();
	everything_works();
	t_eq(gev_hub_destroy(0), 0);
	everything_works();
}

static intptr_t fork_and_destroy(void *arg)
{
	pid_t pid = gev_fork();

	(void)arg;
	if (pid == 0)
		destroy_and_go_on();
	child_ends(pid);
	return 0;
}

static void c34_child_destroys_its_hub(void)
{
	gev_greenlet *g;

	leave_others();
	fork_and_destroy(NULL);
	g = gev_spawn(fork_and_destroy, NULL);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	others_go_on();
}

static void c34_fork_watchers_run_in_the_child(void)
{
	gev_fork_watcher w;
	int calls = 0;
	pid_t pid;

	gev_fork_init(&w, gev_hub_loop(gev_hub_get()));
	gev_fork_start(&w, count_call, &calls);
	pid = gev_fork();
	if (pid == 0) {
		gev_yield();
		t_eq(calls, 1);
	}
	child_ends(pid);
	gev_yield();
	t_eq(calls, 0);
	gev_watcher_stop(&w.w);
}

static intptr_t return_in_the_child(void *value)
{
	pid_t pid = gev_fork();
	int status;

	if (pid == 0)
		return (intptr_t)value;
	t_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* There it is main: to return is to exit. */
static void the_end_of_who_forked(void)
{
	gev_greenlet *g = gev_spawn(return_in_the_child, num(5));

	fflush(stdout);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	g = gev_spawn(return_in_the_child, num(-EIO));
	t_ok(WEXITSTATUS(gev_get(g, GEV_FOREVER)) == 1);
	gev_unref(g);
}

static void mains_timeouts_go_on(void)
{
	gev_timeout t;
	gev_time start;
	pid_t pid;

	t_virtual();
	gev_timeout_start(&t, DELAY);
	gev_sleep(TICK);
	start = now();
	pid = gev_fork();
	if (pid == 0) {
		t_fails(gev_sleep(2 * DELAY), ETIMEDOUT);
		t_eq(now() - start, DELAY - TICK);
		t_ok(gev_timeout_cancel(&t));
		t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	}
	child_ends(pid);
	t_ok(!gev_timeout_cancel(&t));
}

static intptr_t grandchild(void *arg)
{
	pid_t pid = gev_fork();

	(void)arg;
	if (pid == 0)
		everything_works();
	child_ends(pid);
	return 0;
}

static intptr_t fork_twice(void *arg)
{
	pid_t pid = gev_fork();

	(void)arg;
	if (pid == 0) {
		gev_greenlet *g = gev_spawn(grandchild, NULL);

		t_eq(gev_get(g, GEV_FOREVER), 0);
		gev_unref(g);
		grandchild(NULL);
		everything_works();
	}
	child_ends(pid);
	return 0;
}

static void children_of_children(void)
{
	gev_greenlet *g = gev_spawn(fork_twice, NULL);

	t_virtual();
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static gev_waiter shared = GEV_WAITER_INIT("shared");

static intptr_t wait_shared(void *arg)
{
	(void)arg;
	return gev_waiter_get(&shared, NULL, GEV_FOREVER);
}

/* A wait of the dropped is over: nobody there takes the news. */
static void waits_of_the_dropped_are_over(void)
{
	gev_greenlet *g = gev_spawn(wait_shared, NULL);
	pid_t pid;

	gev_yield();
	pid = gev_fork();
	if (pid == 0) {
		t_fails(gev_waiter_wake(&shared, NULL), EALREADY);
		t_eq(gev_yield(), 0);
	}
	child_ends(pid);
	t_eq(gev_waiter_wake(&shared, NULL), 0);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static intptr_t idle(void *arg)
{
	(void)arg;
	return gev_idle();
}

static void nobody_is_idle_in_the_child(void)
{
	gev_greenlet *g = gev_spawn(idle, NULL);
	pid_t pid;

	t_virtual();
	gev_yield();
	pid = gev_fork();
	if (pid == 0) {
		gev_unref(g);
		everything_works();
	}
	child_ends(pid);
	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static pid_t forked;

static int fork_in_callback(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	forked = gev_fork();
	return 0;
}

/* Main, which waits meanwhile, goes on in both. */
static void fork_in_a_loop_callback(void)
{
	gev_timer_watcher t;
	gev_time start;

#ifdef __SANITIZE_THREAD__
	t_skip("in a forked child TSan looks away from who forked only");
	return;
#endif
	leave_others();
	start = now();
	gev_timer_init(&t, gev_hub_loop(gev_hub_get()), 0, 0);
	gev_timer_start(&t, fork_in_callback, NULL);
	t_eq(gev_sleep(TICK / 2), 0);
	t_eq(now() - start, TICK / 2);
	if (forked == 0) {
		others_are_gone();
		everything_works();
	}
	child_ends(forked);
	others_go_on();
}

static void the_loop_alone(void)
{
	pid_t pid;

	t_eq(gev_hub_destroy(0), 0);
	pid = fork();
	if (pid == 0) {
		t_virtual();
		everything_works();
	}
	child_ends(pid);
	t_virtual();
	everything_works();
}

int main(void)
{
	T_RUN(c34_fork_in_main);
	T_RUN(c34_fork_in_a_greenlet);
	T_RUN(c34_child_destroys_its_hub);
	T_RUN(c34_fork_watchers_run_in_the_child);
	T_RUN(the_end_of_who_forked);
	T_RUN(mains_timeouts_go_on);
	T_RUN(children_of_children);
	T_RUN(waits_of_the_dropped_are_over);
	T_RUN(nobody_is_idle_in_the_child);
	T_RUN(fork_in_a_loop_callback);
	T_RUN(the_loop_alone);
	return t_done();
}
