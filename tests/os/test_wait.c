/* SPDX-License-Identifier: MIT */
/* Waiting for children: by pidfd, by SIGCHLD, and watched from the fork on. */
#include "os/os.h"
#include <dlfcn.h>
#include <fcntl.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int fork_error;

/* What the library is given instead of libc's. */
pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");

	errno = fork_error;
	return fork_error ? -1 : real();
}

/* A child that ends with @status when @gate is closed by all others. */
static pid_t child_behind(int gate[2], int status)
{
	pid_t pid;
	char c;

	t_eq(pipe2(gate, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(gate[1]);
		while (read(gate[0], &c, 1) > 0)
			;
		_exit(status);
	}
	t_ok(pid > 0);
	close(gate[0]);
	return pid;
}

static pid_t child_exiting(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	t_ok(pid > 0);
	return pid;
}

static intptr_t open_gate(void *gate)
{
	t_log("open ");
	return close(((int *)gate)[1]);
}

static void wait_for(pid_t id, pid_t pid, int status)
{
	int s = -1;

	t_eq(gev_waitpid(id, &s, 0), pid);
	t_ok(WIFEXITED(s));
	t_eq(WEXITSTATUS(s), status);
}

static void c74_waits_for_one_while_others_run(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 3);

	gev_go(open_gate, gate);
	wait_for(pid, pid, 3);
	t_log_is("open ");
	t_ok(childless());
}

static void c74_waits_for_any_while_others_run(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 4);

	gev_go(open_gate, gate);
	wait_for(-1, pid, 4);
	t_log_is("open ");
	t_fails(gev_waitpid(-1, NULL, 0), ECHILD);
}

static void c74_no_such_child(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 0);

	t_fails(gev_waitpid(1, NULL, 0), ECHILD);
	t_fails(gev_waitpid(-2, NULL, 0), ECHILD);
	t_fails(gev_waitpid(pid, NULL, 0x10000), EINVAL);
	close(gate[1]);
	wait_for(pid, pid, 0);
}

static void wnohang_does_not_wait(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 0);

	go_note("not yet");
	t_eq(gev_waitpid(pid, NULL, WNOHANG), 0);
	t_eq(gev_waitpid(-1, NULL, WNOHANG), 0);
	t_log_is("");
	close(gate[1]);
	t_eq(gev_wait(NULL), pid);
	t_log_is("not yet ");
}

static void a_process_group(void)
{
	int gate[2], other_gate[2];
	pid_t other = child_behind(other_gate, 1);
	pid_t pid = child_behind(gate, 6);

	t_eq(setpgid(pid, pid), 0);
	close(other_gate[1]);
	gev_go(open_gate, gate);
	wait_for(-pid, pid, 6);
	wait_for(0, other, 1);
	t_log_is("open ");
}

static intptr_t stop_it(void *pid)
{
	return kill((pid_t)(intptr_t)pid, SIGSTOP);
}

static intptr_t continue_it(void *pid)
{
	return kill((pid_t)(intptr_t)pid, SIGCONT);
}

static void stops_and_goings_on(void)
{
	int gate[2], status = 0;
	pid_t pid = child_behind(gate, 0);
	siginfo_t info;

	gev_go(stop_it, (void *)(intptr_t)pid);
	t_eq(gev_waitpid(pid, &status, WUNTRACED), pid);
	t_ok(WIFSTOPPED(status));
	t_eq(WSTOPSIG(status), SIGSTOP);
	gev_go(continue_it, (void *)(intptr_t)pid);
	t_eq(gev_waitid(P_PID, pid, &info, WCONTINUED), 0);
	t_eq(info.si_code, CLD_CONTINUED);
	close(gate[1]);
	wait_for(pid, pid, 0);
}

static void waitid_leaves_and_takes(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 9);
	siginfo_t info;

	gev_go(open_gate, gate);
	t_eq(gev_waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	t_eq(info.si_pid, pid);
	t_eq(info.si_status, 9);
	t_eq(gev_waitid(P_ALL, 0, NULL, WEXITED), 0);
	t_fails(gev_waitid(P_PID, pid, &info, WEXITED), ECHILD);
	t_fails(gev_waitid(P_ALL, 0, &info, 0), EINVAL);
}

static void waitid_by_a_pidfd(void)
{
	int before = open_descriptors(), gate[2];
	pid_t pid = child_behind(gate, 2);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	siginfo_t info;

	if (fd < 0) {
		close(gate[1]);
		wait_for(pid, pid, 2);
		t_skip("no pidfds here");
		return;
	}
	t_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	t_fails(gev_waitid(P_PIDFD, fd, &info, WEXITED), EAGAIN);
	t_eq(fcntl(fd, F_SETFL, 0), 0);
	gev_go(open_gate, gate);
	t_eq(gev_waitid(P_PIDFD, fd, &info, WEXITED), 0);
	t_eq(info.si_status, 2);
	t_fails(gev_waitid(P_PIDFD, fd, &info, WEXITED), ECHILD);
	close(fd);
	t_eq(open_descriptors(), before);
}

static void wait4_tells_what_it_used(void)
{
	struct rusage usage = { .ru_maxrss = -1 };
	int status;
	pid_t pid = child_exiting(1);

	t_eq(gev_wait4(pid, &status, 0, &usage), pid);
	t_ok(usage.ru_maxrss >= 0);
}

static void by_sigchld_where_there_is_no_pidfd(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 5);

	inject(SYS_pidfd_open, ENOSYS);
	gev_go(open_gate, gate);
	wait_for(pid, pid, 5);
	inject_nothing();
	t_log_is("open ");
}

static void by_sigchld_where_descriptors_ran_out(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 5);

	inject(SYS_pidfd_open, EMFILE);
	gev_go(open_gate, gate);
	wait_for(pid, pid, 5);
	inject_nothing();
	t_log_is("open ");
}

static int heard;

static void on_sigchld(int signum)
{
	(void)signum;
	heard++;
}

/* By each wait for any child, and the kernel's own. */
static void the_programs_handler_is_called(void)
{
	struct sigaction ours = { .sa_handler = on_sigchld }, old, now;
	int gate[2];
	pid_t pid = child_behind(gate, 0);

	heard = 0;
	t_eq(sigaction(SIGCHLD, &ours, &old), 0);
	gev_go(open_gate, gate);
	wait_for(-1, pid, 0);
	t_eq(heard, 1);
	t_eq(sigaction(SIGCHLD, &old, &now), 0);
	t_ok(now.sa_handler == on_sigchld);
}

static void a_blocked_sigchld_does_not_matter(void)
{
	sigset_t set, old;
	int gate[2];
	pid_t pid = child_behind(gate, 8);

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	gev_go(open_gate, gate);
	wait_for(-1, pid, 8);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static intptr_t wait_for_it(void *pid)
{
	int status = -1;
	pid_t got = gev_waitpid((pid_t)(intptr_t)pid, &status, 0);

	if (got < 0)
		t_log("%s ", strerrorname_np(errno));
	else
		t_log("%d ", WEXITSTATUS(status));
	return 0;
}

static void spawn_waiters(gev_greenlet *gs[3], pid_t id)
{
	for (int i = 0; i < 3; i++)
		gs[i] = gev_spawn(wait_for_it, (void *)(intptr_t)id);
	gev_yield();
}

static void join_waiters(gev_greenlet *gs[3])
{
	t_eq(gev_joinall(gs, 3, GEV_FOREVER), 3);
	for (int i = 0; i < 3; i++)
		gev_unref(gs[i]);
}

static void one_of_many_waiters_gets_it(void)
{
	gev_greenlet *gs[3];
	int gate[2];
	pid_t pid = child_behind(gate, 7);

	spawn_waiters(gs, pid);
	close(gate[1]);
	join_waiters(gs);
	t_log_is("7 ECHILD ECHILD ");
}

static void each_of_many_waiters_gets_one(void)
{
	gev_greenlet *gs[3];
	int gates[3][2];

	for (int i = 0; i < 3; i++)
		child_behind(gates[i], i + 1);
	spawn_waiters(gs, -1);
	for (int i = 2; i >= 0; i--) {
		close(gates[i][1]);
		while (!gev_dead(gs[2 - i]))
			gev_sleep(GEV_US(100));
	}
	join_waiters(gs);
	t_log_is("3 2 1 ");
}

/* A wait that ends early has reaped nothing, and leaves nothing. */
static void killed(pid_t id)
{
	struct sigaction action;
	int before = open_descriptors(), gate[2];
	pid_t pid = child_behind(gate, 1);
	gev_greenlet *g = gev_spawn(wait_for_it, (void *)(intptr_t)(id ? id :
			pid));

	gev_yield();
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_log_is("ECANCELED ");
	close(gate[1]);
	wait_for(pid, pid, 1);
	t_eq(open_descriptors(), before);
	t_eq(sigaction(SIGCHLD, NULL, &action), 0);
	t_ok(action.sa_handler == SIG_DFL);
}

static void killed_while_waiting(void)
{
	killed(0);
	killed(-1);
}

static void a_timeout_ends_the_wait(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 0);
	gev_timeout t;

	t_eq(gev_timeout_start(&t, GEV_MS(1)), 0);
	t_fails(gev_waitpid(-1, NULL, 0), ETIMEDOUT);
	t_ok(gev_timeout_fired(&t));
	t_eq(gev_timeout_start(&t, GEV_MS(1)), 0);
	t_fails(gev_waitpid(pid, NULL, 0), ETIMEDOUT);
	gev_timeout_cancel(&t);
	close(gate[1]);
	wait_for(pid, pid, 0);
}

static int waits_in_the_hub(void *gate)
{
	t_fails(gev_waitpid(-1, NULL, 0), EDEADLK);
	t_eq(gev_waitpid(-1, NULL, WNOHANG), 0);
	close(((int *)gate)[1]);
	return 0;
}

static void not_in_a_callback(void)
{
	int gate[2];
	pid_t pid = child_behind(gate, 0);

	t_eq(gev_hub_post(gev_hub_get(), waits_in_the_hub, gate), 0);
	wait_for(pid, pid, 0);
}

/* The waiters are the parent's; the forked child has children of its own. */
static void in_a_forked_child(void)
{
	gev_greenlet *gs[3];
	int gate[2], status;
	pid_t pid = child_behind(gate, 7), other;

	spawn_waiters(gs, -1);
	other = gev_fork();
	if (other == 0) {
		close(gate[1]);
		wait_for(-1, child_exiting(4), 4);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(other, &status, 0), other);
	t_eq(status, 0);
	close(gate[1]);
	join_waiters(gs);
	t_log_is("7 ECHILD ECHILD ");
	(void)pid;
}

static void note_child(pid_t pid, int status, void *arg)
{
	*(pid_t *)arg = pid;
	t_log(status < 0 ? "unknown " : "watched %d ", WEXITSTATUS(status));
}

static pid_t fork_watched(int status, pid_t *told)
{
	pid_t pid = gev_fork_and_watch(note_child, told);

	if (pid == 0) {
		gev_sleep(GEV_MS(1));
		_exit(status);
	}
	t_ok(pid > 0);
	return pid;
}

static void c74_fork_and_watch(void)
{
	pid_t told = 0, pid = fork_watched(3, &told);

	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("watched 3 ");
	t_eq(told, pid);
	wait_for(pid, pid, 3);
	t_ok(childless());
}

static void c74_fork_and_watch_then_wait_for_any(void)
{
	pid_t told = 0, pid = fork_watched(4, &told);

	go_note("others");
	wait_for(-1, pid, 4);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("others watched 4 ");
	t_eq(told, pid);
}

static void reaped_before_its_watch_can_look(void)
{
	pid_t told = 0, pid = fork_watched(5, &told);
	siginfo_t info;

	t_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	wait_for(pid, pid, 5);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("watched 5 ");
	t_eq(told, pid);
}

static void reap(pid_t pid, int status, void *arg)
{
	note_child(pid, status, arg);
	t_eq(gev_waitpid(pid, NULL, WNOHANG), pid);
}

static void the_callback_may_reap(void)
{
	pid_t told = 0, pid = gev_fork_and_watch(reap, &told);

	if (pid == 0)
		_exit(6);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("watched 6 ");
	t_ok(childless());
}

static void watched_but_reaped_behind_our_back(void)
{
	pid_t told = 0, pid = fork_watched(4, &told);

	t_eq(waitpid(pid, NULL, 0), pid);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("unknown ");
	t_eq(told, pid);
}

static void many_are_watched(void)
{
	pid_t told[20] = { 0 }, pids[20];
	int before = open_descriptors();

	for (int i = 0; i < 20; i++) {
		pids[i] = gev_fork_and_watch(reap, &told[i]);
		if (pids[i] == 0)
			_exit(0);
	}
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	for (int i = 0; i < 20; i++)
		t_eq(told[i], pids[i]);
	t_ok(childless());
	t_eq(open_descriptors(), before);
	t_log_text[0] = '\0';
}

static void fork_and_watch_fails(void)
{
	pid_t told;

	t_fails(gev_fork_and_watch(NULL, NULL), EINVAL);
	fork_error = EAGAIN;
	t_fails(gev_fork_and_watch(note_child, &told), EAGAIN);
	fork_error = 0;
	inject(SYS_mmap, ENOMEM);
	for (int i = 0; i < 10000 && gev_spawn(note_once, "") != NULL; i++)
		;
	t_fails(gev_fork_and_watch(note_child, &told), ENOMEM);
	inject_nothing();
	gev_hub_join(GEV_FOREVER);
	t_log_text[0] = '\0';
}

int main(void)
{
	T_RUN(c74_waits_for_one_while_others_run);
	T_RUN(c74_waits_for_any_while_others_run);
	T_RUN(c74_no_such_child);
	T_RUN(wnohang_does_not_wait);
	T_RUN(a_process_group);
	T_RUN(stops_and_goings_on);
	T_RUN(waitid_leaves_and_takes);
	T_RUN(waitid_by_a_pidfd);
	T_RUN(wait4_tells_what_it_used);
	T_RUN(by_sigchld_where_there_is_no_pidfd);
	T_RUN(by_sigchld_where_descriptors_ran_out);
	T_RUN(the_programs_handler_is_called);
	T_RUN(a_blocked_sigchld_does_not_matter);
	T_RUN(one_of_many_waiters_gets_it);
	T_RUN(each_of_many_waiters_gets_one);
	T_RUN(killed_while_waiting);
	T_RUN(a_timeout_ends_the_wait);
	T_RUN(not_in_a_callback);
	T_RUN(in_a_forked_child);
	T_RUN(c74_fork_and_watch);
	T_RUN(c74_fork_and_watch_then_wait_for_any);
	T_RUN(reaped_before_its_watch_can_look);
	T_RUN(the_callback_may_reap);
	T_RUN(watched_but_reaped_behind_our_back);
	T_RUN(many_are_watched);
	T_RUN(fork_and_watch_fails);
	return t_done();
}
