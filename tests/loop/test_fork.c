/* SPDX-License-Identifier: MIT */
/* Fork watchers, and the child's loop. */
#include "backend.h"
#include "base/inject.h"
#include "loop/backend.h"
#include "loop/loop.h"
#include "t.h"
#include <dirent.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gev_loop *loop;

static int log_name(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	t_log("%s ", (const char *)arg);
	return 0;
}

static void join(pid_t pid)
{
	int status = -1;

	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
}

static void c34_a_fork_watcher_runs_only_in_the_child(void)
{
	gev_fork_watcher a, b;
	gev_timer_watcher t;
	pid_t pid;

	loop = gev_loop_new();
	gev_fork_init(&a, loop);
	gev_fork_start(&a, log_name, "a");
	gev_fork_init(&b, loop);
	gev_watcher_set_priority(&b.w, 2);
	gev_fork_start(&b, log_name, "b");
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, log_name, "timer");
	pid = fork();
	if (pid == 0) {
		t_eq(gev_loop_forked(loop), 0);
		t_log_is("b a ");
		t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
		t_log_is("timer ");
		_exit(t_failures != 0);
	}
	join(pid);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
	t_log_is("timer ");
	gev_loop_free(loop);
}

static int fork_here(gev_watcher *w, int revents, void *arg)
{
	pid_t *pid = arg;

	log_name(w, revents, "fork");
	*pid = fork();
	if (*pid == 0)
		t_eq(gev_loop_forked(loop), 0);
	return 0;
}

/* What is pending when a callback forks is called in both. */
static void a_callback_may_fork(void)
{
	gev_fork_watcher f;
	gev_timer_watcher forker, t;
	pid_t pid = -1;

	loop = gev_loop_new();
	gev_fork_init(&f, loop);
	gev_watcher_set_ref(&f.w, false);
	gev_fork_start(&f, log_name, "child");
	gev_timer_init(&forker, loop, 0, 0);
	gev_timer_start(&forker, fork_here, &pid);
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, log_name, "timer");
	t_eq(gev_loop_run(loop, 0), 0);
	if (pid == 0) {
		t_log_is("fork child timer ");
		_exit(t_failures != 0);
	}
	t_log_is("fork timer ");
	join(pid);
	gev_loop_free(loop);
}

static int drop_the_loop(void *arg)
{
	gev_callback *last = arg;

	if (fork() == 0) {
		t_eq(gev__loop_forked(loop), 0);
		gev__loop_drop(loop);
		t_ok(!gev_callback_pending(last));
		_exit(t_failures != 0);
	}
	return 0;
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* As a hub's child does that destroys its hub at once. */
static void c34_a_child_may_drop_the_loop_in_the_middle(void)
{
	gev_callback cb[2] = { GEV_CALLBACK_INIT };
	int status = -1;

	loop = gev_loop_new();
	gev_loop_run_callback(loop, &cb[0], drop_the_loop, &cb[1]);
	gev_loop_run_callback(loop, &cb[1], do_nothing, NULL);
	gev_loop_run(loop, 0);
	t_ok(wait(&status) > 0);
	t_eq(status, 0);
	gev_loop_free(loop);
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void the_childs_descriptors_replace_the_parents(void)
{
	int none = open_descriptors(), before;

	loop = gev_loop_new();
	before = open_descriptors();
	t_ok(before > none);
	t_eq(gev_loop_forked(loop), 0);
	t_eq(open_descriptors(), before);
	gev_loop_free(loop);
	t_eq(open_descriptors(), none);
}

/* The eventfd is the child's own: the parent is not woken by it. */
static void sends_stay_in_their_process(void)
{
	gev_async_watcher a;
	pid_t pid;

	loop = gev_loop_new();
	gev_async_init(&a, loop);
	gev_async_start(&a, log_name, "async");
	pid = fork();
	if (pid == 0) {
		t_eq(gev_loop_forked(loop), 0);
		gev_async_send(&a);
		t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
		t_log_is("async ");
		_exit(t_failures != 0);
	}
	join(pid);
	t_eq(loop->backend->wait(loop, 0), 0);
	gev_loop_free(loop);
}

static void no_descriptor_left_is_an_error(void)
{
	long opening = opening_call();

	if (opening < 0)
		return;
	loop = gev_loop_new();
	gev__inject = (struct gev__inject){ .nr = opening,
		.error = -EMFILE, .times = 1 };
	t_fails(gev_loop_forked(loop), EMFILE);
	t_eq(gev_loop_forked(loop), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	gev_loop_free(loop);
}

int main(void)
{
	T_RUN(c34_a_fork_watcher_runs_only_in_the_child);
	T_RUN(a_callback_may_fork);
	T_RUN(c34_a_child_may_drop_the_loop_in_the_middle);
	T_RUN(the_childs_descriptors_replace_the_parents);
	T_RUN(sends_stay_in_their_process);
	T_RUN(no_descriptor_left_is_an_error);
	return t_done();
}
