/* SPDX-License-Identifier: MIT */
/* Patching itself: twice, back, by threads, across fork, and when it fails. */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/inject.h"
#include "base/sys.h"
#include "patch/cpu.h"
#include "patch/state.h"

/* Linux 6.3. */
#define SET_MDWE 65
#define REFUSE_EXEC_GAIN 1

static void c80_twice_is_once(void)
{
	uint64_t before = code_sum(), once;
	char text[256];

	if (!patch(GEV_PATCH_IO))
		return;
	gev_patch_report(text, sizeof(text));
	t_ok(!strstr(text, "asked for"));
	once = code_sum();
	t_ok(once != before);
	t_eq(gev_patch_all(GEV_PATCH_SLEEP), 0);
	t_ok(code_sum() == once);
	t_ok(reads_cooperate());
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "; asked for 2 times") != NULL);
	t_eq(gev_unpatch_all(), 0);
	t_ok(code_sum() == before);
	t_eq(gev_unpatch_all(), 0);
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	t_ok(code_sum() == once);
	t_ok(reads_cooperate());
	t_eq(gev_unpatch_all(), 0);
	t_ok(code_sum() == before);
}

static void wrong_flags(void)
{
	t_fails(gev_patch_all(0), EINVAL);
	t_fails(gev_patch_all(1u << 20), EINVAL);
}

static bool veto_write(const char *name, void *arg)
{
	++*(int *)arg;
	return strcmp(name, "nanosleep") == 0 ||
	       strcmp(name, "clock_nanosleep") == 0;
}

static void c80_a_veto_is_heeded(void)
{
	int asked = 0;

	if (!patch(GEV_PATCH_ALL))
		return;
	gev_patch_set_veto(veto_write, &asked);
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	t_ok(asked > 10);
	t_eq(two_sleepers(), 1);
	gev_patch_set_veto(NULL, NULL);
	t_eq(gev_patch_all(GEV_PATCH_SLEEP), 0);
	t_eq(two_sleepers(), 2);
	t_eq(gev_unpatch_all(), 0);
}

static void groups_are_apart(void)
{
	if (!patch(GEV_PATCH_IO))
		return;
	t_eq(two_sleepers(), 1);
	t_eq(gev_patch_all(GEV_PATCH_SLEEP), 0);
	t_eq(two_sleepers(), 2);
	t_eq(gev_unpatch_all(), 0);
	t_eq(two_sleepers(), 1);
}

static void c80_originals_are_there(void)
{
	char c = 0;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(fds), 0);
	t_eq(gev_patch_original(SYS_write, fds[1], "x", 1), 1);
	t_eq(gev_patch_original(SYS_read, fds[0], &c, 1), 1);
	t_eq(c, 'x');
	t_fails(gev_patch_original(SYS_read, -1, &c, 1), EBADF);
	close(fds[0]);
	close(fds[1]);
	t_eq(gev_unpatch_all(), 0);
}

/* What is still waiting goes on in its own way. */
static void unpatched_in_mid_call(void)
{
	gev_greenlet *g;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(fds), 0);
	g = start(read_one, 0);
	gev_sleep(0);
	t_eq(gev_unpatch_all(), 0);
	t_eq(write(fds[1], "x", 1), 1);
	join(g);
	close(fds[0]);
	close(fds[1]);
}

static void *read_in_thread(void *arg)
{
	char c;

	return (void *)(intptr_t)(read(*(int *)arg, &c, 1) == 1 &&
				  usleep(1000) == 0 && c == 't');
}

static void threads_without_a_hub_block(void)
{
	pthread_t thread;
	void *ok = NULL;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(fds), 0);
	t_eq(pthread_create(&thread, NULL, read_in_thread, &fds[0]), 0);
	usleep(1000);
	t_eq(write(fds[1], "t", 1), 1);
	t_eq(pthread_join(thread, &ok), 0);
	t_ok(ok != NULL);
	close(fds[0]);
	close(fds[1]);
	t_eq(gev_unpatch_all(), 0);
}

#define BUSY 4
#define ROUNDS (gev__cpu_traps ? 1000 : 100)

static atomic_bool stop;
static atomic_int busy; /* a thread that starts blocks all signals */

static void *call_and_call(void *arg)
{
	int pair[2];
	long n = 0;
	char c = 0;

	(void)arg;
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	busy++;
	for (; !stop; n++) {
		t_eq(send(pair[0], "y", 1, 0), 1);
		t_eq(recv(pair[1], &c, 1, 0), 1);
		t_eq(poll(&(struct pollfd){ .fd = pair[1], .events = POLLIN }, 1,
			     0), 0);
	}
	close(pair[0]);
	close(pair[1]);
	return (void *)n;
}

static void patched_while_threads_run(void)
{
	pthread_t thread[BUSY];
	void *calls;

	if (!patch(GEV_PATCH_ALL))
		return;
	stop = false;
	busy = 0;
	for (int i = 0; i < BUSY; i++)
		t_eq(pthread_create(&thread[i], NULL, call_and_call, NULL), 0);
	while (busy < BUSY)
		sched_yield();
	for (int i = 0; i < ROUNDS; i++) {
		t_eq(gev_unpatch_all(), 0);
		t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	}
	t_ok(reads_cooperate());
	stop = true;
	for (int i = 0; i < BUSY; i++) {
		t_eq(pthread_join(thread[i], &calls), 0);
		t_ok((long)calls > 0);
	}
	t_eq(gev_unpatch_all(), 0);
}

static void in_a_forked_child(void)
{
	int status = -1;
	pid_t pid;

	if (!patch(GEV_PATCH_ALL))
		return;
	pid = fork();
	if (pid == 0) {
		t_eq(two_sleepers(), 2);
		t_ok(reads_cooperate());
		t_eq(gev_unpatch_all(), 0);
		t_eq(two_sleepers(), 1);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_ok(reads_cooperate());
	t_eq(gev_unpatch_all(), 0);
}

/* A child that borrows our memory closes its own descriptors. */
static void spawned_children_change_nothing(void)
{
	static char *const argv[] = { "true", NULL };
	posix_spawn_file_actions_t actions;
	gev_greenlet *g;
	int status = -1;
	pid_t pid;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pipe(fds), 0);
	g = start(read_one, 0);
	gev_sleep(0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	t_eq(posix_spawnp(&pid, "true", &actions, NULL, argv, NULL), 0);
	posix_spawn_file_actions_destroy(&actions);
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_ok(!gev_ready(g));
	t_eq(write(fds[1], "x", 1), 1);
	join(g);
	close(fds[0]);
	close(fds[1]);
	t_eq(gev_unpatch_all(), 0);
}

static void code_is_written_by_other_means(void)
{
	char text[256];

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(gev_unpatch_all(), 0);
	gev__inject = (struct gev__inject){ .nr = SYS_mprotect,
		.error = -EACCES, .times = -1 };
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "/proc/self/mem") != NULL);
	t_ok(reads_cooperate());
	t_eq(gev_unpatch_all(), 0);
	gev__inject.nr = -1;
}

/* The first time, when there are no stubs yet. */
static void first_failures_change_nothing(void)
{
	static const long calls[] = { SYS_mmap, SYS_rt_sigaction };
	size_t n = gev__cpu_traps ? 2 : 1;
	uint64_t before = code_sum();

	for (size_t i = 0; i < n; i++) {
		int pid = fork(), status = -1;

		if (pid == 0) {
			gev__inject = (struct gev__inject){ .nr = calls[i],
				.error = -ENOMEM, .times = -1 };
			t_ok(gev_patch_all(GEV_PATCH_ALL) == -1 || by_name());
			gev__inject.nr = -1;
			t_ok(code_sum() == before);
			t_eq(two_sleepers(), by_name() ? 2 : 1);
			t_ok(gev_patch_all(GEV_PATCH_ALL) == 0 ||
				errno == ENOTSUP);
			_exit(t_failures != 0);
		}
		t_eq(waitpid(pid, &status, 0), pid);
		t_eq(status, 0);
	}
}

static void failures_change_nothing(void)
{
	struct rlimit old, none = { 0, 0 };
	uint64_t before;

	t_eq(gev_unpatch_all(), 0);
	before = code_sum();
	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(gev_unpatch_all(), 0);
	getrlimit(RLIMIT_NOFILE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	gev__inject = (struct gev__inject){ .nr = SYS_mprotect,
		.error = -EACCES, .times = -1 };
	t_fails(gev_patch_all(GEV_PATCH_ALL), EMFILE);
	gev__inject.nr = -1;
	setrlimit(RLIMIT_NOFILE, &old);
	t_ok(code_sum() == before);
	t_eq(two_sleepers(), 1);
}

/* No memory may be both written and run, from now on. */
static void with_write_and_execute_denied(void)
{
	int status = -1;
	pid_t pid;

	if (t_under("valgrind")) {
		t_skip("valgrind makes such memory itself");
		return;
	}
	pid = fork();
	if (pid == 0) {
		if (prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
			_exit(77);
		if (!patch(GEV_PATCH_ALL))
			_exit(t_failures ? 1 : 77);
		t_eq(two_sleepers(), 2);
		t_ok(reads_cooperate());
		t_eq(gev_unpatch_all(), 0);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		t_skip("no PR_SET_MDWE, or nothing to patch");
	else
		t_eq(status, 0);
}

static int signals;

static void count_signal(int signum)
{
	(void)signum;
	signals++;
}

/* What a handler returns to is a system call in libc. */
static void signal_handlers_return(void)
{
	signals = 0;
	if (!patch(GEV_PATCH_ALL))
		return;
	signal(SIGUSR1, count_signal);
	for (int i = 0; i < 3; i++)
		raise(SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	t_eq(signals, 3);
	t_eq(gev_unpatch_all(), 0);
}

/* The system calls that others than libc make are found, and left alone. */
static void sites_elsewhere_are_listed(void)
{
	static const char *const without[] = { "libpq.so.5", "libcurl.so.4",
		"libhiredis.so.0.14", "libssl.so.3" };
	static char text[1 << 18], line[64];
	void *crypto = dlopen("libcrypto.so.3", RTLD_NOW);

	if (!patch(GEV_PATCH_ALL))
		return;
	for (int i = 0; i < 4; i++) {
		void *library = dlopen(without[i], RTLD_NOW);

		if (!library)
			continue;
		gev_patch_report(text, sizeof(text));
		snprintf(line, sizeof(line), "/%s: 0 system calls, 0 patched\n",
			without[i]);
		t_ok(strstr(text, line) != NULL);
		dlclose(library);
	}
	gev_patch_report(text, sizeof(text));
	t_eq(strstr(text, "left alone, only libc is patched") != NULL,
		crypto && gev__cpu_traps);
	if (crypto)
		dlclose(crypto);
	t_eq(gev_unpatch_all(), 0);
}

static void the_report_tells(void)
{
	static char text[1 << 18];
	size_t n;

	if (!patch(GEV_PATCH_ALL))
		return;
	n = gev_patch_report(text, sizeof(text));
	t_eq(n, strlen(text));
	t_ok(strstr(text, "patched: io sleep dns process") == text);
	t_ok(strstr(text, "libc.so.6: ") != NULL);
	t_ok(strstr(text, "recvfrom") != NULL);
	t_ok(strstr(strstr(text, "greenlets wait in:"), " gettid") == NULL);
	t_eq(gev_patch_report(NULL, 0), n);
	t_eq(gev_unpatch_all(), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "not patched\n") == text);
	t_ok(strstr(text, " recvfrom") == NULL);
}

int main(void)
{
	T_RUN(first_failures_change_nothing);
	T_RUN(with_write_and_execute_denied);
	T_RUN(wrong_flags);
	T_RUN(c80_twice_is_once);
	T_RUN(groups_are_apart);
	T_RUN(c80_a_veto_is_heeded);
	T_RUN(c80_originals_are_there);
	T_RUN(unpatched_in_mid_call);
	T_RUN(threads_without_a_hub_block);
	T_RUN(patched_while_threads_run);
	T_RUN(in_a_forked_child);
	T_RUN(spawned_children_change_nothing);
	T_RUN(code_is_written_by_other_means);
	T_RUN(failures_change_nothing);
	T_RUN(signal_handlers_return);
	T_RUN(sites_elsewhere_are_listed);
	T_RUN(the_report_tells);
	return t_done();
}
