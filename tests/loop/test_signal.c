/* SPDX-License-Identifier: MIT */
/* Signal watchers, and what becomes of the program's own handlers. */
#include "loop/backend.h"
#include "t.h"
#include <pthread.h>
#include <signal.h>
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

static void start(gev_signal_watcher *w, gev_loop *l, int signum,
	const char *name)
{
	t_eq(gev_signal_init(w, l, signum), 0);
	t_eq(gev_signal_start(w, log_name, (void *)name), 0);
}

static void turn(gev_loop *l)
{
	t_ok(gev_loop_run(l, GEV_RUN_NOWAIT) >= 0);
}

static void called_in_the_loop_once(void)
{
	gev_signal_watcher w;

	loop = gev_loop_new();
	start(&w, loop, SIGUSR1, "usr1");
	raise(SIGUSR1);
	raise(SIGUSR1);
	t_log_is("");
	turn(loop);
	turn(loop);
	t_log_is("usr1 ");
	raise(SIGUSR1);
	turn(loop);
	t_log_is("usr1 ");
	gev_loop_free(loop);
}

static void c30_a_signal_watcher_does_not_count(void)
{
	gev_signal_watcher w;

	loop = gev_loop_new();
	start(&w, loop, SIGUSR1, "usr1");
	t_ok(!gev_watcher_ref(&w.w));
	t_eq(gev_loop_run(loop, 0), 0);
	gev_loop_free(loop);
}

static void several_loops_are_told(void)
{
	gev_loop *second = gev_loop_new();
	gev_signal_watcher a, b, c;

	loop = gev_loop_new();
	start(&a, loop, SIGUSR1, "a");
	start(&b, second, SIGUSR1, "b");
	start(&c, second, SIGUSR2, "c");
	raise(SIGUSR1);
	turn(loop);
	turn(second);
	t_log_is("a b ");
	gev_watcher_stop(&a.w);
	raise(SIGUSR1);
	raise(SIGUSR2);
	turn(loop);
	turn(second);
	t_log_is("b c ");
	gev_loop_free(second);
	gev_loop_free(loop);
}

static volatile sig_atomic_t handled;

static void on_signal(int signum)
{
	handled = signum;
}

static void (*disposition(int signum))(int)
{
	struct sigaction now;

	t_eq(sigaction(signum, NULL, &now), 0);
	return now.sa_handler;
}

static void the_disposition_is_put_back(void)
{
	struct sigaction theirs = { .sa_handler = on_signal,
		.sa_flags = SA_NODEFER };
	struct sigaction now;
	gev_signal_watcher a, b;

	loop = gev_loop_new();
	sigaddset(&theirs.sa_mask, SIGHUP);
	t_eq(sigaction(SIGUSR1, &theirs, NULL), 0);
	start(&a, loop, SIGUSR1, "a");
	start(&b, loop, SIGUSR1, "b");
	raise(SIGUSR1);
	t_eq(handled, 0);
	gev_watcher_stop(&a.w);
	t_ok(disposition(SIGUSR1) != on_signal);
	gev_watcher_stop(&b.w);
	t_eq(sigaction(SIGUSR1, NULL, &now), 0);
	t_ok(now.sa_handler == on_signal);
	t_ok(now.sa_flags & SA_NODEFER);
	t_eq(sigismember(&now.sa_mask, SIGHUP), 1);
	raise(SIGUSR1);
	t_eq(handled, SIGUSR1);
	gev_loop_free(loop);
	signal(SIGUSR1, SIG_DFL);
}

static void a_handler_set_meanwhile_is_kept(void)
{
	gev_signal_watcher w;

	loop = gev_loop_new();
	start(&w, loop, SIGUSR1, "a");
	signal(SIGUSR1, on_signal);
	gev_watcher_stop(&w.w);
	t_ok(disposition(SIGUSR1) == on_signal);
	signal(SIGUSR1, SIG_DFL);
	gev_loop_free(loop);
}

static void on_child(int signum, siginfo_t *info, void *context)
{
	(void)context;
	handled = info->si_signo == signum ? signum : -1;
}

static void the_programs_sigchld_handler_runs_all_the_same(void)
{
	struct sigaction theirs = { .sa_sigaction = on_child,
		.sa_flags = SA_SIGINFO };
	gev_signal_watcher w;

	loop = gev_loop_new();
	t_eq(sigaction(SIGCHLD, &theirs, NULL), 0);
	start(&w, loop, SIGCHLD, "chld");
	handled = 0;
	raise(SIGCHLD);
	t_eq(handled, SIGCHLD);
	turn(loop);
	t_log_is("chld ");
	gev_loop_free(loop);
	t_ok(disposition(SIGCHLD) == (void (*)(int))(void *)on_child);
	signal(SIGCHLD, SIG_DFL);
}

static int stop_loop(gev_watcher *w, int revents, void *arg)
{
	log_name(w, revents, arg);
	return gev_loop_break(loop);
}

static void *send_signal(void *arg)
{
	(void)arg;
	kill(getpid(), SIGUSR1);
	return NULL;
}

static void a_signal_ends_the_wait(void)
{
	gev_signal_watcher w;
	pthread_t thread;

	loop = gev_loop_new();
	gev_signal_init(&w, loop, SIGUSR1);
	gev_watcher_set_ref(&w.w, true);
	t_eq(gev_signal_start(&w, stop_loop, "usr1"), 0);
	t_eq(pthread_create(&thread, NULL, send_signal, NULL), 0);
	t_eq(gev_loop_run(loop, 0), 1);
	pthread_join(thread, NULL);
	t_log_is("usr1 ");
	gev_loop_free(loop);
}

/* Each process hears of its own signals. */
static void works_on_both_sides_of_a_fork(void)
{
	gev_signal_watcher w;
	int status = -1;
	pid_t pid;

	loop = gev_loop_new();
	start(&w, loop, SIGUSR1, "usr1");
	turn(loop);
	pid = fork();
	if (pid == 0) {
		t_eq(gev_loop_forked(loop), 0);
		turn(loop);
		raise(SIGUSR1);
		turn(loop);
		t_log_is("usr1 ");
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_eq(loop->backend->wait(loop, 0), 0);
	raise(SIGUSR1);
	turn(loop);
	t_log_is("usr1 ");
	gev_loop_free(loop);
}

static void bad_signals_are_refused(void)
{
	static const int bad[] = { 0, -1, 65, SIGKILL, SIGSTOP, 32, 33 };
	gev_signal_watcher w;

	loop = gev_loop_new();
	for (int i = 0; i < 7; i++)
		t_fails(gev_signal_init(&w, loop, bad[i]), EINVAL);
	t_fails(gev_signal_start(&w, log_name, NULL), EINVAL);
	t_fails(gev_signal_init(NULL, loop, SIGUSR1), EINVAL);
	t_fails(gev_signal_start(NULL, log_name, NULL), EINVAL);
	start(&w, loop, SIGRTMIN, "rt");
	t_fails(gev_signal_start(&w, log_name, NULL), EALREADY);
	raise(SIGRTMIN);
	turn(loop);
	t_log_is("rt ");
	gev_loop_free(loop);
}

int main(void)
{
	T_RUN(called_in_the_loop_once);
	T_RUN(c30_a_signal_watcher_does_not_count);
	T_RUN(several_loops_are_told);
	T_RUN(the_disposition_is_put_back);
	T_RUN(a_handler_set_meanwhile_is_kept);
	T_RUN(the_programs_sigchld_handler_runs_all_the_same);
	T_RUN(a_signal_ends_the_wait);
	T_RUN(works_on_both_sides_of_a_fork);
	T_RUN(bad_signals_are_refused);
	return t_done();
}
