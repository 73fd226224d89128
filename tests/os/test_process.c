/* SPDX-License-Identifier: MIT */
/* Running programs: how they start, what they are given, how they end. */
#include "os/os.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>

/* What the library is given instead of libc's. */
static int spawn_error;

int posix_spawnp(pid_t *pid, const char *file,
	const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
	__typeof__(posix_spawnp) *real =
		(__typeof__(posix_spawnp) *)dlsym(RTLD_NEXT, "posix_spawnp");

	return spawn_error ? spawn_error :
			     real(pid, file, actions, attr, argv, env);
}

static gev_process *sh_with(const char *command,
	const struct gev_process_options *o)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	gev_process *p = gev_process_spawn(argv, o);

	t_ok(p);
	return p;
}

static gev_process *sh(const char *command)
{
	return sh_with(command, NULL);
}

static void ends_with(gev_process *p, int code)
{
	int status = -1;

	t_eq(gev_process_wait(p, &status, GEV_FOREVER), 0);
	t_ok(WIFEXITED(status));
	t_eq(WEXITSTATUS(status), code);
}

static void ends_by(gev_process *p, int signum)
{
	int status = -1;

	t_eq(gev_process_wait(p, &status, GEV_FOREVER), 0);
	t_ok(WIFSIGNALED(status));
	t_eq(WTERMSIG(status), signum);
}

/* Standard output of a command that is given @o. */
static void says(const char *command, const struct gev_process_options *o,
	const char *text)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	struct gev_process_output output = { 0 };

	t_eq(gev_process_run(argv, o, NULL, 0, &output, GEV_FOREVER), 0);
	t_eq(output.status, 0);
	t_str(output.out, text);
	t_ok(!output.err);
	free(output.out);
}

static intptr_t close_input(void *p)
{
	t_log("others ");
	return gev_process_close_fd(p, 0);
}

static void c74_wait_lets_others_run(void)
{
	struct gev_process_options o = { .in = GEV_STDIO_PIPE };
	gev_process *p = sh_with("read x; exit 3", &o);
	pid_t pid = gev_process_pid(p);

	gev_go(close_input, p);
	ends_with(p, 3);
	t_log_is("others ");
	ends_with(p, 3);
	t_fails(waitpid(pid, NULL, 0), ECHILD);
	t_eq(gev_process_free(p), 0);
}

static void c74_wait_with_a_timeout(void)
{
	gev_process *p = sh("exec sleep 100");

	t_fails(gev_process_wait(p, NULL, 0), ETIMEDOUT);
	t_fails(gev_process_wait(p, NULL, GEV_MS(5)), ETIMEDOUT);
	t_fails(gev_process_wait(p, NULL, -2), EINVAL);
	t_eq(gev_process_kill(p), 0);
	ends_by(p, SIGKILL);
	t_eq(gev_process_free(p), 0);
}

static void c74_terminate_and_kill(void)
{
	gev_process *p = sh("exec sleep 100"), *q = sh("exec sleep 100");

	t_eq(gev_process_terminate(p), 0);
	t_fails(gev_process_signal(q, 999), EINVAL);
	t_eq(gev_process_signal(q, SIGUSR1), 0);
	ends_by(p, SIGTERM);
	ends_by(q, SIGUSR1);
	t_fails(gev_process_kill(p), ESRCH);
	t_fails(gev_process_signal(q, 0), ESRCH);
	gev_process_free(p);
	gev_process_free(q);
}

/* Though the loop has not run since: its number is nobody's now. */
static void one_that_ended_unnoticed_gets_no_signal(void)
{
	gev_process *p = sh("exit 0");
	siginfo_t info;

	t_eq(waitid(P_PID, (id_t)gev_process_pid(p), &info,
		     WEXITED | WNOWAIT), 0);
	t_fails(gev_process_kill(p), ESRCH);
	ends_with(p, 0);
	gev_process_free(p);
}

static void c74_a_missing_program_is_an_error(void)
{
	int before = open_descriptors();
	struct gev_process_options o = { .in = GEV_STDIO_PIPE,
		.out = GEV_STDIO_PIPE, .err = GEV_STDIO_PIPE };

	char *missing[] = { "no-such-program-anywhere", NULL };
	char *directory[] = { "/", NULL };
	char *shell[] = { "sh", NULL };

	if (!spawn_waits())
		return;
	t_fails(gev_process_spawn(missing, NULL), ENOENT);
	t_fails(gev_process_spawn(missing, &o), ENOENT);
	t_fails(gev_process_spawn(directory, &o), EACCES);
	o.cwd = "/no/such/directory";
	t_fails(gev_process_spawn(shell, &o), ENOENT);
	t_fails(gev_process_run(missing, NULL, "", 1, NULL, GEV_FOREVER),
		ENOENT);
	t_eq(open_descriptors(), before);
	t_ok(childless());
}

static void bad_options(void)
{
	char *none[] = { NULL };
	char *argv[] = { "true", NULL };
	int closed = 999;

	t_fails(gev_process_spawn(NULL, NULL), EINVAL);
	t_fails(gev_process_spawn(none, NULL), EINVAL);
#define BAD(code, ...)                                                         \
	t_fails(gev_process_spawn(argv,                                        \
			&(struct gev_process_options){ __VA_ARGS__ }), code)
	BAD(EINVAL, .flags = 0x1000);
	BAD(EINVAL, .in = GEV_STDIO_OUT);
	BAD(EINVAL, .err = -4);
	BAD(EINVAL, .n_keep = 1);
	BAD(EINVAL, .n_keep = -1);
	if (spawn_waits()) {
		BAD(EBADF, .in = 999);
		BAD(EBADF, .keep = &closed, .n_keep = 1);
	}
	t_fails(gev_process_wait(NULL, NULL, 0), EINVAL);
	t_fails(gev_process_kill(NULL), EINVAL);
	t_fails(gev_process_pid(NULL), EINVAL);
	t_eq(gev_process_free(NULL), 0);
	t_ok(childless());
}

static void what_fails_leaves_nothing(void)
{
	struct gev_process_options o = { .in = GEV_STDIO_PIPE,
		.out = GEV_STDIO_PIPE, .err = GEV_STDIO_PIPE };
	char *argv[] = { "sleep", "100", NULL };
	int before = open_descriptors();

	spawn_error = EAGAIN;
	t_fails(gev_process_spawn(argv, &o), EAGAIN);
	spawn_error = 0;
	for (int after = 0; after < 3; after++) {
		inject(SYS_pipe2, EMFILE);
		gev__inject.after = after;
		t_fails(gev_process_spawn(argv, &o), EMFILE);
	}
	inject(SYS_pidfd_open, EMFILE);
	t_fails(gev_process_spawn(argv, &o), EMFILE);
	inject_nothing();
	t_eq(open_descriptors(), before);
	t_ok(childless());
}

static void pipes_to_and_fro(void)
{
	struct gev_process_options o = { .in = GEV_STDIO_PIPE,
		.out = GEV_STDIO_PIPE };
	int before = open_descriptors();
	char *argv[] = { "cat", NULL };
	gev_process *p = gev_process_spawn(argv, &o);
	char c[8] = "";

	t_eq(gev_write(gev_process_fd(p, 0), "one", 3), 3);
	t_eq(gev_read(gev_process_fd(p, 1), c, 8), 3);
	t_str(c, "one");
	t_fails(gev_process_fd(p, 2), EBADF);
	t_fails(gev_process_fd(p, 3), EBADF);
	t_eq(gev_process_close_fd(p, 0), 0);
	t_fails(gev_process_close_fd(p, 0), EBADF);
	t_eq(gev_read(gev_process_fd(p, 1), c, 8), 0);
	ends_with(p, 0);
	gev_process_free(p);
	t_eq(open_descriptors(), before);
}

static void a_pipe_may_outlive_its_process(void)
{
	struct gev_process_options o = { .out = GEV_STDIO_PIPE };
	gev_process *p = sh_with("echo late", &o);
	int fd = gev_process_take_fd(p, 1);
	char c[8] = "";

	t_fails(gev_process_fd(p, 1), EBADF);
	gev_process_free(p);
	t_eq(gev_read(fd, c, 8), 5);
	t_str(c, "late\n");
	t_eq(gev_close(fd), 0);
	while (!childless())
		gev_sleep(GEV_US(100));
}

static void environment_and_directory(void)
{
	char *env[] = { "NAME=value", "PATH=/usr/bin:/bin", NULL };
	struct gev_process_options o = { .env = env, .cwd = "/" };

	says("echo $NAME; pwd", &o, "value\n/\n");
	setenv("GEV_TEST", "inherited", 1);
	says("echo $GEV_TEST", NULL, "inherited\n");
	says("echo $0", &(struct gev_process_options){ .file = "/bin/sh" },
		"sh\n");
}

static void sessions_and_groups(void)
{
	struct gev_process_options o = { .flags = GEV_PROCESS_SESSION };
	gev_process *p;

	if (!spawn_waits())
		return;
	p = sh_with("exec sleep 100", &o);
	t_eq(getsid(gev_process_pid(p)), gev_process_pid(p));
	gev_process_kill(p);
	ends_by(p, SIGKILL);
	gev_process_free(p);
	o.flags = GEV_PROCESS_GROUP;
	p = sh_with("exec sleep 100", &o);
	t_eq(getpgid(gev_process_pid(p)), gev_process_pid(p));
	t_eq(kill(-gev_process_pid(p), SIGTERM), 0);
	ends_by(p, SIGTERM);
	gev_process_free(p);
}

static void only_what_is_kept_is_open(void)
{
	int a = dup(2), b = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct gev_process_options o = { 0 };
	char text[64];

	says("[ -e /proc/self/fd/2 ] && [ ! -e /proc/$$/fd/3 ] && "
	     "[ ! -e /proc/$$/fd/4 ] && [ ! -e /proc/$$/fd/5 ]", NULL, "");
	o.keep = &b;
	o.n_keep = 1;
	snprintf(text, sizeof(text),
		"[ -e /proc/$$/fd/%d ] && [ ! -e /proc/$$/fd/%d ]", b, a);
	says(text, &o, "");
	o = (struct gev_process_options){ .flags = GEV_PROCESS_KEEP_FDS };
	snprintf(text, sizeof(text),
		"[ ! -e /proc/$$/fd/%d ] && [ -e /proc/$$/fd/%d ]", b, a);
	says(text, &o, "");
	close(a);
	close(b);
}

static void standard_descriptors(void)
{
	char *argv[] = { "sh", "-c", "read x; echo out$x; echo err >&2", NULL };
	struct gev_process_options o = { .in = GEV_STDIO_NULL,
		.err = GEV_STDIO_OUT };
	struct gev_process_output output = { 0 };
	FILE *file = tmpfile();
	char text[16] = "";

	says("read x; echo out$x; echo err >&2", &o, "out\nerr\n");
	o.err = GEV_STDIO_PIPE;
	o.out = fileno(file);
	t_eq(gev_process_run(argv, &o, "put\n", 4, &output, GEV_FOREVER), 0);
	t_ok(!output.out);
	t_str(output.err, "err\n");
	free(output.err);
	t_eq(pread(fileno(file), text, sizeof(text), 0), 7);
	t_str(text, "output\n");
	fclose(file);
}

/* 1 and 2 change places. */
static void descriptors_that_are_in_the_way(void)
{
	int out = dup(1), err = dup(2), fds[2][2];
	struct gev_process_options o = { .out = 2, .err = 1 };
	gev_process *p;
	char c[2][8] = { "", "" };

	for (int i = 0; i < 2; i++) {
		t_eq(pipe2(fds[i], O_CLOEXEC), 0);
		dup2(fds[i][1], i + 1);
		close(fds[i][1]);
	}
	p = sh_with("echo out; echo err >&2", &o);
	dup2(out, 1);
	dup2(err, 2);
	for (int i = 0; i < 2; i++) {
		t_eq(read(fds[i][0], c[i], 8), 4);
		close(fds[i][0]);
	}
	t_str(c[0], "err\n");
	t_str(c[1], "out\n");
	ends_with(p, 0);
	gev_process_free(p);
	close(out);
	close(err);
}

/* Pipes get the lowest numbers then. */
static void without_standard_descriptors_of_our_own(void)
{
	struct gev_process_options o = { .in = GEV_STDIO_PIPE,
		.out = GEV_STDIO_PIPE, .err = GEV_STDIO_PIPE };
	int saved[3];
	gev_process *p;
	char c[2][8] = { "", "" };

	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		gev_close(i);
	}
	p = sh_with("cat; echo err >&2", &o);
	gev_write(gev_process_fd(p, 0), "in", 2);
	gev_process_close_fd(p, 0);
	gev_read(gev_process_fd(p, 1), c[0], 8);
	gev_read(gev_process_fd(p, 2), c[1], 8);
	ends_with(p, 0);
	gev_process_free(p);
	for (int i = 0; i < 3; i++) {
		if (saved[i] < 0)
			continue;
		gev_dup2(saved[i], i);
		close(saved[i]);
	}
	t_str(c[0], "in");
	t_str(c[1], "err\n");
}

static void sigpipe_is_what_it_was(void)
{
	signal(SIGPIPE, SIG_IGN);
	says("grep -q '^SigIgn:.*[13579bdf]...$' /proc/self/status && "
	     "echo ignored; :", NULL, "");
	signal(SIGPIPE, SIG_DFL);
}

static void c74_an_event_to_choose(void)
{
	gev_process *p = sh("exec sleep 100"), *q = sh("exit 1");
	gev_choice choices[] = { GEV_CHOOSE_EVENT(gev_process_event(p)),
		GEV_CHOOSE_EVENT(gev_process_event(q)) };

	t_eq(gev_choose(choices, 2, GEV_FOREVER), 1);
	gev_process_kill(p);
	t_eq(gev_choose(choices, 1, GEV_FOREVER), 0);
	gev_process_free(p);
	gev_process_free(q);
}

static void waiting_for_any_child_takes_no_status_away(void)
{
	gev_process *p = sh("exit 5");
	siginfo_t info;

	t_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
	t_eq(gev_waitpid(-1, NULL, 0), gev_process_pid(p));
	ends_with(p, 5);
	gev_process_free(p);
	p = sh("exit 5");
	t_eq(waitpid(gev_process_pid(p), NULL, 0), gev_process_pid(p));
	t_fails(gev_process_wait(p, NULL, GEV_FOREVER), ECHILD);
	t_fails(gev_process_kill(p), ESRCH);
	gev_process_free(p);
}

static void without_pidfds(void)
{
	gev_process *p;

	inject(SYS_pidfd_open, ENOSYS);
	p = sh("exec sleep 100");
	t_fails(gev_process_wait(p, NULL, GEV_MS(1)), ETIMEDOUT);
	t_eq(gev_process_terminate(p), 0);
	ends_by(p, SIGTERM);
	gev_process_free(p);
	inject_nothing();
	t_ok(childless());
}

static void a_freed_one_is_reaped_all_the_same(void)
{
	int before = open_descriptors();
	gev_process *p = sh("exit 0"), *q = sh("exec sleep 100");
	pid_t pid = gev_process_pid(q);

	t_eq(gev_process_free(p), 0);
	t_eq(gev_process_free(q), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	kill(pid, SIGKILL);
	while (!childless())
		gev_sleep(GEV_US(100));
	t_eq(open_descriptors(), before);
}

static intptr_t wait_for_it(void *p)
{
	return gev_process_wait(p, NULL, GEV_FOREVER);
}

static void killed_while_waiting(void)
{
	gev_process *p = sh("exec sleep 100");
	gev_greenlet *g = gev_spawn(wait_for_it, p);

	gev_yield();
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	gev_process_kill(p);
	ends_by(p, SIGKILL);
	gev_process_free(p);
}

static void it_may_outlive_its_hub(void)
{
	gev_process *p = sh("exec sleep 100"), *q = sh("exec sleep 100");
	pid_t pids[] = { gev_process_pid(p), gev_process_pid(q) };

	t_eq(gev_process_free(q), 0);
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	t_fails(gev_process_wait(p, NULL, 0), EPERM);
	t_fails(gev_process_event(p), EPERM);
	t_eq(gev_process_free(p), 0);
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		t_eq(waitpid(pids[i], NULL, 0), pids[i]);
	}
}

int main(void)
{
	T_RUN(c74_wait_lets_others_run);
	T_RUN(c74_wait_with_a_timeout);
	T_RUN(c74_terminate_and_kill);
	T_RUN(one_that_ended_unnoticed_gets_no_signal);
	T_RUN(c74_a_missing_program_is_an_error);
	T_RUN(bad_options);
	T_RUN(what_fails_leaves_nothing);
	T_RUN(pipes_to_and_fro);
	T_RUN(a_pipe_may_outlive_its_process);
	T_RUN(environment_and_directory);
	T_RUN(sessions_and_groups);
	T_RUN(only_what_is_kept_is_open);
	T_RUN(standard_descriptors);
	T_RUN(descriptors_that_are_in_the_way);
	T_RUN(without_standard_descriptors_of_our_own);
	T_RUN(sigpipe_is_what_it_was);
	T_RUN(c74_an_event_to_choose);
	T_RUN(waiting_for_any_child_takes_no_status_away);
	T_RUN(without_pidfds);
	T_RUN(a_freed_one_is_reaped_all_the_same);
	T_RUN(killed_while_waiting);
	T_RUN(it_may_outlive_its_hub);
	return t_done();
}
