/* SPDX-License-Identifier: MIT */
/* gev_loop_run(): when it ends, and in which order things are called. */
#include "t.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static gev_loop *loop;

static gev_loop *virtual_loop(void)
{
	loop = gev_loop_new();
	t_ok(loop);
	t_eq(gev_loop_set_virtual(loop, true), 0);
	return loop;
}

static int log_name(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	t_log("%s ", (const char *)arg);
	return 0;
}

static int log_name_and_stop(gev_watcher *w, int revents, void *arg)
{
	gev_watcher_stop(w);
	return log_name(w, revents, arg);
}

static int log_callback(void *arg)
{
	t_log("%s ", (const char *)arg);
	return 0;
}

static void c35_run_ends_when_nothing_counts(void)
{
	gev_timer_watcher t;
	gev_time start;

	virtual_loop();
	t_eq(gev_loop_run(loop, 0), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	gev_timer_init(&t, loop, GEV_MS(500), 0);
	t_eq(gev_timer_start(&t, log_name, "timer"), 0);
	start = gev_loop_now(loop);
	t_eq(gev_loop_run(loop, 0), 0);
	t_eq(gev_loop_now(loop) - start, GEV_MS(500));
	t_log_is("timer ");
	gev_loop_free(loop);
}

static void a_watcher_without_ref_does_not_count(void)
{
	gev_timer_watcher t;

	virtual_loop();
	gev_timer_init(&t, loop, GEV_SEC(10), 0);
	t_ok(gev_watcher_ref(&t.w));
	gev_timer_start(&t, log_name, "timer");
	t_eq(gev_watcher_set_ref(&t.w, false), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("");
	t_eq(gev_watcher_set_ref(&t.w, true), 0);
	t_eq(gev_watcher_set_ref(&t.w, true), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("timer ");
	t_eq(gev_watcher_set_ref(&t.w, false), 0);
	t_eq(gev_timer_start(&t, log_name, "timer"), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	gev_watcher_stop(&t.w);
	t_log_is("");
	gev_timer_init(&t, loop, GEV_SEC(10), 0);
	gev_timer_start(&t, log_name, "counts");
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("counts ");
	gev_loop_free(loop);
}

static void an_iteration_goes_in_order(void)
{
	gev_prepare_watcher prepare;
	gev_check_watcher check;
	gev_io_watcher io;
	gev_timer_watcher timer;
	gev_callback cb = GEV_CALLBACK_INIT;
	int fds[2];

	virtual_loop();
	t_eq(pipe(fds), 0);
	t_eq(write(fds[1], "x", 1), 1);
	gev_check_init(&check, loop);
	gev_check_start(&check, log_name, "check");
	gev_timer_init(&timer, loop, 0, 0);
	gev_timer_start(&timer, log_name, "timer");
	gev_io_init(&io, loop, fds[0], GEV_READ);
	gev_io_start(&io, log_name, "io");
	gev_prepare_init(&prepare, loop);
	gev_prepare_start(&prepare, log_name, "prepare");
	gev_loop_run_callback(loop, &cb, log_callback, "callback");
	t_eq(gev_loop_run(loop, GEV_RUN_ONCE), 1);
	t_log_is("callback prepare io timer check ");
	gev_loop_free(loop);
	close(fds[0]);
	close(fds[1]);
}

/* Started backwards, and ready all at once. */
static void kinds_of_one_priority_go_in_order(void)
{
	gev_stat_watcher file;
	gev_async_watcher async;
	gev_child_watcher child;
	gev_signal_watcher sig;
	gev_timer_watcher timer;
	gev_io_watcher io;
	siginfo_t info;
	char path[] = "/tmp/gev-run-XXXXXX";
	int fd = mkstemp(path);
	int ready[2];
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	t_eq(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	virtual_loop();
	gev_stat_init(&file, loop, path, 0);
	gev_stat_start(&file, log_name, "stat");
	gev_async_init(&async, loop);
	gev_async_start(&async, log_name, "async");
	gev_child_init(&child, loop, pid);
	gev_child_start(&child, log_name, "child");
	gev_signal_init(&sig, loop, SIGUSR1);
	gev_signal_start(&sig, log_name, "signal");
	gev_timer_init(&timer, loop, 0, 0);
	gev_timer_start(&timer, log_name, "timer");
	t_eq(unlink(path), 0);
	gev_async_send(&async);
	raise(SIGUSR1);
	t_eq(pipe(ready), 0);
	t_eq(write(ready[1], "x", 1), 1);
	gev_io_init(&io, loop, ready[0], GEV_READ);
	gev_io_start(&io, log_name, "io");
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
	t_log_is("io timer signal child async stat ");
	gev_loop_free(loop);
	close(fd);
	close(ready[0]);
	close(ready[1]);
}

static void higher_priorities_are_called_first(void)
{
	static const char *const names[] = { "-2", "-1", "0", "1", "2" };
	gev_timer_watcher t[5];

	virtual_loop();
	for (int i = 0; i < 5; i++) {
		gev_timer_init(&t[i], loop, 0, 0);
		t_eq(gev_watcher_set_priority(&t[i].w, i - 2), 0);
		t_eq(gev_watcher_priority(&t[i].w), i - 2);
		gev_timer_start(&t[i], log_name, (void *)names[i]);
	}
	t_fails(gev_watcher_set_priority(&t[0].w, 1), EBUSY);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("2 1 0 -1 -2 ");
	t_fails(gev_watcher_set_priority(&t[0].w, 3), EINVAL);
	t_fails(gev_watcher_set_priority(&t[0].w, -3), EINVAL);
	gev_loop_free(loop);
}

static void idle_runs_when_nothing_else_does(void)
{
	gev_idle_watcher idle;
	gev_timer_watcher t;

	virtual_loop();
	gev_idle_init(&idle, loop);
	t_eq(gev_idle_start(&idle, log_name_and_stop, "idle"), 0);
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, log_name, "timer");
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
	t_log_is("timer ");
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("idle ");
	gev_loop_free(loop);
}

static void nowait_does_not_wait(void)
{
	gev_timer_watcher t;

	loop = gev_loop_new();
	gev_timer_init(&t, loop, GEV_SEC(1000), 0);
	gev_timer_start(&t, log_name, "timer");
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
	t_log_is("");
	gev_watcher_stop(&t.w);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	gev_loop_free(loop);
}

static void once_is_one_iteration(void)
{
	gev_timer_watcher t;

	virtual_loop();
	gev_timer_init(&t, loop, GEV_SEC(1), GEV_SEC(1));
	gev_timer_start(&t, log_name, "timer");
	t_eq(gev_loop_run(loop, GEV_RUN_ONCE), 1);
	t_log_is("timer ");
	gev_loop_free(loop);
}

static int break_off(gev_watcher *w, int revents, void *arg)
{
	t_eq(gev_loop_break(loop), 0);
	return log_name(w, revents, arg);
}

static void break_ends_the_run(void)
{
	gev_timer_watcher t;

	virtual_loop();
	gev_timer_init(&t, loop, GEV_SEC(1), GEV_SEC(1));
	gev_timer_start(&t, break_off, "break");
	t_eq(gev_loop_run(loop, 0), 1);
	t_eq(gev_loop_run(loop, 0), 1);
	t_log_is("break break ");
	gev_watcher_stop(&t.w);
	gev_loop_free(loop);
}

static gev_timer_watcher victims[3];

static int stop_all(gev_watcher *w, int revents, void *arg)
{
	for (int i = 0; i < 3; i++)
		gev_watcher_stop(&victims[i].w);
	memset(victims, 0xaa, sizeof(victims));
	return log_name(w, revents, arg);
}

static void a_callback_may_stop_and_free_any_watcher(void)
{
	gev_timer_watcher t;

	virtual_loop();
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, stop_all, "stop");
	for (int i = 0; i < 3; i++) {
		gev_timer_init(&victims[i], loop, 0, 0);
		gev_timer_start(&victims[i], log_name, "victim");
	}
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("stop ");
	gev_loop_free(loop);
}

static int stop_itself(gev_watcher *w, int revents, void *arg)
{
	log_name(w, revents, arg);
	gev_watcher_stop(w);
	memset(w, 0xaa, sizeof(*w));
	return 0;
}

static void a_callback_may_free_its_own_watcher(void)
{
	gev_prepare_watcher p;
	gev_check_watcher c;

	virtual_loop();
	gev_prepare_init(&p, loop);
	gev_prepare_start(&p, stop_itself, "prepare");
	gev_check_init(&c, loop);
	gev_check_start(&c, stop_itself, "check");
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	t_log_is("prepare check ");
	gev_loop_free(loop);
}

static void log_error(gev_loop *l, int code, const char *where, void *arg)
{
	t_ok(l == loop);
	t_log("%s:%d%s ", where, code, (const char *)arg);
}

static int fail(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	return -EPROTO;
}

static void c22_a_failing_callback_is_reported_once(void)
{
	gev_timer_watcher bad, good;
	char expected[64];

	virtual_loop();
	t_eq(gev_loop_set_error_hook(loop, log_error, "!"), 0);
	gev_timer_init(&bad, loop, 0, 0);
	gev_timer_start(&bad, fail, NULL);
	gev_timer_init(&good, loop, 0, 0);
	gev_timer_start(&good, log_name, "good");
	t_eq(gev_loop_run(loop, 0), 0);
	snprintf(expected, sizeof(expected), "timer:%d! good ", EPROTO);
	t_log_is(expected);
	gev_loop_free(loop);
}

static int run_again(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	t_fails(gev_loop_run(loop, 0), EBUSY);
	t_fails(gev_loop_free(loop), EBUSY);
	return 0;
}

static void a_running_loop_is_busy(void)
{
	gev_timer_watcher t;

	virtual_loop();
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, run_again, NULL);
	t_eq(gev_loop_run(loop, 0), 0);
	gev_loop_free(loop);
}

static void *use_from_afar(void *arg)
{
	gev_timer_watcher *t = arg;
	gev_callback cb = GEV_CALLBACK_INIT;

	t_fails(gev_loop_run(loop, 0), EPERM);
	t_fails(gev_loop_break(loop), EPERM);
	t_fails(gev_loop_free(loop), EPERM);
	t_fails(gev_loop_set_virtual(loop, false), EPERM);
	t_fails(gev_loop_set_error_hook(loop, NULL, NULL), EPERM);
	t_fails(gev_timer_start(t, log_name, NULL), EPERM);
	t_fails(gev_watcher_stop(&t->w), EPERM);
	t_fails(gev_watcher_set_ref(&t->w, false), EPERM);
	t_fails(gev_watcher_set_priority(&t->w, 1), EPERM);
	t_fails(gev_loop_run_callback(loop, &cb, log_callback, NULL), EPERM);
	return NULL;
}

static void other_threads_are_kept_out(void)
{
	gev_timer_watcher t;
	pthread_t thread;

	virtual_loop();
	gev_timer_init(&t, loop, 0, 0);
	t_eq(pthread_create(&thread, NULL, use_from_afar, &t), 0);
	pthread_join(thread, NULL);
	t_ok(!gev_watcher_active(&t.w));
	gev_loop_free(loop);
}

static void bad_arguments_are_refused(void)
{
	gev_idle_watcher idle;

	virtual_loop();
	t_fails(gev_loop_run(NULL, 0), EINVAL);
	t_fails(gev_loop_run(loop, 4), EINVAL);
	t_fails(gev_loop_break(NULL), EINVAL);
	t_fails(gev_loop_fd(NULL), EINVAL);
	t_fails(gev_loop_set_virtual(NULL, true), EINVAL);
	t_fails(gev_loop_forked(NULL), EINVAL);
	t_eq(gev_loop_free(NULL), 0);
	t_eq(gev_loop_now(NULL), 0);
	t_fails(gev_idle_init(NULL, loop), EINVAL);
	t_fails(gev_idle_init(&idle, NULL), EINVAL);
	t_fails(gev_idle_start(&idle, log_name, NULL), EINVAL);
	t_fails(gev_idle_start(NULL, log_name, NULL), EINVAL);
	t_eq(gev_idle_init(&idle, loop), 0);
	t_fails(gev_idle_start(&idle, NULL, NULL), EINVAL);
	t_eq(gev_idle_start(&idle, log_name, NULL), 0);
	t_fails(gev_idle_start(&idle, log_name, NULL), EALREADY);
	t_fails(gev_watcher_stop(NULL), EINVAL);
	t_eq(gev_watcher_stop(&idle.w), 0);
	t_eq(gev_watcher_stop(&idle.w), 0);
	t_ok(!gev_watcher_active(NULL));
	gev_loop_free(loop);
}

static void next_tells_how_long_it_would_wait(void)
{
	gev_timer_watcher t;
	gev_callback cb = GEV_CALLBACK_INIT;

	virtual_loop();
	t_eq(gev_loop_next(loop), GEV_FOREVER);
	gev_timer_init(&t, loop, GEV_MS(30), 0);
	gev_timer_start(&t, log_name, "timer");
	t_eq(gev_loop_next(loop), GEV_MS(30));
	gev_loop_run_callback(loop, &cb, log_callback, "callback");
	t_eq(gev_loop_next(loop), 0);
	gev_loop_free(loop);
	t_ok(!gev_callback_pending(&cb));
	t_ok(!gev_watcher_active(&t.w));
}

static void free_stops_what_is_active(void)
{
	gev_timer_watcher t;
	gev_idle_watcher i;

	virtual_loop();
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, log_name, "timer");
	gev_idle_init(&i, loop);
	gev_idle_start(&i, log_name, "idle");
	t_eq(gev_loop_free(loop), 0);
	t_ok(!gev_watcher_active(&t.w));
	t_ok(!gev_watcher_active(&i.w));
	t_log_is("");
}

int main(void)
{
	T_RUN(c35_run_ends_when_nothing_counts);
	T_RUN(a_watcher_without_ref_does_not_count);
	T_RUN(an_iteration_goes_in_order);
	T_RUN(kinds_of_one_priority_go_in_order);
	T_RUN(higher_priorities_are_called_first);
	T_RUN(idle_runs_when_nothing_else_does);
	T_RUN(nowait_does_not_wait);
	T_RUN(once_is_one_iteration);
	T_RUN(break_ends_the_run);
	T_RUN(a_callback_may_stop_and_free_any_watcher);
	T_RUN(a_callback_may_free_its_own_watcher);
	T_RUN(c22_a_failing_callback_is_reported_once);
	T_RUN(a_running_loop_is_busy);
	T_RUN(other_threads_are_kept_out);
	T_RUN(bad_arguments_are_refused);
	T_RUN(next_tells_how_long_it_would_wait);
	T_RUN(free_stops_what_is_active);
	return t_done();
}
