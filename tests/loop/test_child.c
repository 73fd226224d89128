/* SPDX-License-Identifier: MIT */
/* Child watchers, by pidfd and without. */
#include "base/inject.h"
#include "t.h"
#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gev_loop *loop;

static pid_t child_exiting(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	t_ok(pid > 0);
	return pid;
}

static pid_t child_waiting(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	t_ok(pid > 0);
	return pid;
}

static int log_status(gev_watcher *w, int revents, void *arg)
{
	gev_child_watcher *c = arg;

	(void)revents;
	t_ok(&c->w == w);
	t_ok(!gev_watcher_active(w));
	t_eq(c->rpid, c->pid);
	if (WIFEXITED(c->rstatus))
		t_log("exit:%d ", WEXITSTATUS(c->rstatus));
	else
		t_log("signal:%d ", WTERMSIG(c->rstatus));
	return 0;
}

static void start(gev_child_watcher *w, pid_t pid)
{
	t_eq(gev_child_init(w, loop, pid), 0);
	t_eq(gev_child_start(w, log_status, w), 0);
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

static void tells_how_a_child_ended(void)
{
	gev_child_watcher w;
	int before;
	pid_t pid;

	loop = gev_loop_new();
	start(&w, child_exiting(7));
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("exit:7 ");
	before = open_descriptors();
	pid = child_waiting();
	start(&w, pid);
	kill(pid, SIGKILL);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("signal:9 ");
	t_eq(waitpid(pid, NULL, WNOHANG), -1);
	t_eq(open_descriptors(), before);
	gev_loop_free(loop);
}

static void one_that_ended_before_is_told_too(void)
{
	gev_child_watcher w;
	pid_t pid = child_exiting(8);
	siginfo_t info;

	loop = gev_loop_new();
	t_eq(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	start(&w, pid);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	t_log_is("exit:8 ");
	gev_loop_free(loop);
}

static void other_children_are_left_alone(void)
{
	gev_child_watcher w;
	pid_t other = child_exiting(3);
	int status = -1;

	loop = gev_loop_new();
	start(&w, child_exiting(4));
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("exit:4 ");
	t_eq(waitpid(other, &status, 0), other);
	t_eq(WEXITSTATUS(status), 3);
	gev_loop_free(loop);
}

static void a_stopped_watcher_reaps_nothing(void)
{
	gev_child_watcher w;
	pid_t pid = child_exiting(5);
	siginfo_t info;

	loop = gev_loop_new();
	start(&w, pid);
	t_eq(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	t_eq(gev_watcher_stop(&w.w), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("");
	t_eq(waitpid(pid, NULL, 0), pid);
	gev_loop_free(loop);
}

static int note_stranger(gev_watcher *w, int revents, void *arg)
{
	gev_child_watcher *c = arg;

	(void)w;
	(void)revents;
	t_eq(c->rpid, 0);
	t_log("reaped ");
	return 0;
}

static void somebody_else_may_reap_it(void)
{
	gev_child_watcher w;
	pid_t pid = child_exiting(6);

	loop = gev_loop_new();
	t_eq(gev_child_init(&w, loop, pid), 0);
	t_eq(gev_child_start(&w, note_stranger, &w), 0);
	t_eq(waitpid(pid, NULL, 0), pid);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("reaped ");
	gev_loop_free(loop);
}

static void bad_pids_are_refused(void)
{
	gev_child_watcher w;
	pid_t pid = child_exiting(0);

	loop = gev_loop_new();
	t_fails(gev_child_init(&w, loop, 0), EINVAL);
	t_fails(gev_child_init(&w, loop, -1), EINVAL);
	t_fails(gev_child_start(&w, log_status, &w), EINVAL);
	t_fails(gev_child_init(NULL, loop, 1), EINVAL);
	t_eq(gev_child_init(&w, loop, getppid()), 0);
	t_fails(gev_child_start(&w, log_status, &w), ECHILD);
	t_eq(waitpid(pid, NULL, 0), pid);
	t_eq(gev_child_init(&w, loop, pid), 0);
	t_fails(gev_child_start(&w, log_status, &w), ECHILD);
	t_ok(!gev_watcher_active(&w.w));
	gev_loop_free(loop);
}

static volatile sig_atomic_t handled;

static void on_child(int signum)
{
	handled = signum;
}

static void the_programs_sigchld_handler_still_runs(void)
{
	gev_child_watcher w;

	loop = gev_loop_new();
	signal(SIGCHLD, on_child);
	handled = 0;
	start(&w, child_exiting(1));
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("exit:1 ");
	t_eq(handled, SIGCHLD);
	start(&w, child_exiting(2));
	gev_loop_run(loop, 0);
	t_log_is("exit:2 ");
	signal(SIGCHLD, SIG_DFL);
	gev_loop_free(loop);
}

static void no_descriptor_left_is_an_error(void)
{
	gev_child_watcher w;
	pid_t pid = child_exiting(0);

	loop = gev_loop_new();
	gev_child_init(&w, loop, pid);
	gev__inject = (struct gev__inject){ .nr = SYS_pidfd_open,
		.error = -EMFILE, .times = 1 };
	t_fails(gev_child_start(&w, log_status, &w), EMFILE);
	gev__inject.nr = -1;
	t_ok(!gev_watcher_active(&w.w));
	t_eq(gev_child_start(&w, log_status, &w), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("exit:0 ");
	gev_loop_free(loop);
}

static void news_of_another_child_is_not_of_this(void)
{
	gev_child_watcher w;
	pid_t pid = child_waiting();

	loop = gev_loop_new();
	start(&w, pid);
	raise(SIGCHLD);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
	t_log_is("");
	kill(pid, SIGKILL);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("signal:9 ");
	gev_loop_free(loop);
}

static void without_pidfd(void (*test)(void))
{
	gev__inject = (struct gev__inject){ .nr = SYS_pidfd_open,
		.error = -ENOSYS, .times = -1 };
	test();
	t_ok(gev__inject.calls > 0);
	gev__inject.nr = -1;
}

static void without_pidfd_tells_how_a_child_ended(void)
{
	without_pidfd(tells_how_a_child_ended);
}

static void without_pidfd_one_that_ended_before_is_told(void)
{
	without_pidfd(one_that_ended_before_is_told_too);
}

static void without_pidfd_other_children_are_left_alone(void)
{
	without_pidfd(other_children_are_left_alone);
}

static void without_pidfd_news_of_another_is_not_of_this(void)
{
	without_pidfd(news_of_another_child_is_not_of_this);
}

static void without_pidfd_a_stopped_watcher_reaps_nothing(void)
{
	without_pidfd(a_stopped_watcher_reaps_nothing);
}

static void without_pidfd_bad_pids_are_refused(void)
{
	without_pidfd(bad_pids_are_refused);
}

static void without_pidfd_the_programs_handler_still_runs(void)
{
	without_pidfd(the_programs_sigchld_handler_still_runs);
}

int main(void)
{
	T_RUN(tells_how_a_child_ended);
	T_RUN(one_that_ended_before_is_told_too);
	T_RUN(other_children_are_left_alone);
	T_RUN(a_stopped_watcher_reaps_nothing);
	T_RUN(somebody_else_may_reap_it);
	T_RUN(bad_pids_are_refused);
	T_RUN(the_programs_sigchld_handler_still_runs);
	T_RUN(no_descriptor_left_is_an_error);
	T_RUN(without_pidfd_tells_how_a_child_ended);
	T_RUN(without_pidfd_one_that_ended_before_is_told);
	T_RUN(without_pidfd_other_children_are_left_alone);
	T_RUN(without_pidfd_news_of_another_is_not_of_this);
	T_RUN(without_pidfd_a_stopped_watcher_reaps_nothing);
	T_RUN(without_pidfd_bad_pids_are_refused);
	T_RUN(without_pidfd_the_programs_handler_still_runs);
	return t_done();
}
