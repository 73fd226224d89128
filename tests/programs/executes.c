/* SPDX-License-Identifier: MIT */
/*
 * What a program has when another executes it: the environment, the signals
 * that are ignored and those that are blocked; and what that one has itself.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "waiting.h"

extern char **environ;

static char *self;
static char *const clean[] = { "ONLY=this", NULL };

/* The child says what it has. */
static int tell(void)
{
	sigset_t blocked;

	printf("  environment:");
	for (char **e = environ; *e; e++)
		printf(" %s", *e);
	printf("; ignored:");
	for (int i = 1; i < NSIG; i++) {
		struct sigaction a;

		if (sigaction(i, NULL, &a) == 0 && a.sa_handler == SIG_IGN)
			printf(" %d", i);
	}
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	printf("; blocked:");
	for (int i = 1; i < NSIG; i++)
		if (sigismember(&blocked, i) == 1)
			printf(" %d", i);
	printf("\n");
	return 0;
}

static void ends_well(pid_t pid, const char *what)
{
	int status = -1;

	say(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, what);
}

static void by_fork(void)
{
	char *argv[] = { self, "child", NULL };
	pid_t pid = fork();

	if (pid == 0)
		_exit(execve(self, argv, clean));
	ends_well(pid, "fork and execve");
	pid = fork();
	if (pid == 0)
		_exit(fexecve(open(self, O_RDONLY), argv, clean));
	ends_well(pid, "fork and fexecve");
}

static void by_vfork(void)
{
	char *argv[] = { self, "child", NULL };
	pid_t pid = vfork();

	if (pid == 0)
		_exit(execve(self, argv, clean));
	ends_well(pid, "vfork and execve");
	pid = vfork();
	if (pid == 0) {
		execve("/nowhere", argv, clean);
		_exit(errno != ENOENT);
	}
	ends_well(pid, "vfork and none");
	pid = vfork();
	if (pid == 0) {
		signal(SIGHUP, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execve("/nowhere", argv, clean);
		_exit(execve(self, argv, clean));
	}
	ends_well(pid, "vfork, signals by default, at the second try");
	pid = vfork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(syscall(SYS_execve, self, argv, 8) == 0 ||
			errno != EFAULT);
	}
	ends_well(pid, "vfork, no environment, signals by default");
	pid = vfork();
	if (pid == 0)
		_exit(syscall(SYS_rt_sigaction, SIGSEGV, NULL, 8, 8) == 0 ||
			errno != EFAULT);
	ends_well(pid, "vfork, no room for what a signal does");
}

static void by_spawn(void)
{
	char *argv[] = { self, "child", NULL };
	posix_spawnattr_t attr;
	sigset_t set;
	pid_t pid = -1;

	posix_spawn(&pid, self, NULL, NULL, argv, clean);
	ends_well(pid, "posix_spawn");
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn(&pid, self, NULL, &attr, argv, clean);
	ends_well(pid, "posix_spawn with signals by default");
	posix_spawnattr_destroy(&attr);
}

/* As much as can be had. */
static void with_all_room(void)
{
	const size_t size = 130000; /* half of it: a quarter of a stack's */
	struct rlimit limit = { 1 << 20, 1 << 20 };
	char *much = malloc(size + 1);
	char *argv[] = { self, "child", much, much, NULL };
	pid_t pid;

	memset(much, 'x', size);
	much[size] = '\0';
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_STACK, &limit);
		_exit(execve(self, argv, clean));
	}
	ends_well(pid, "with all the room there is");
	free(much);
}

static void by_shell(void)
{
	char command[4096];

	snprintf(command, sizeof(command), "env -i ONLY=this %s child", self);
	say(system(command) == 0, "a shell, and what clears it");
}

static void in_vain(void)
{
	char *argv[] = { self, "child", NULL };

	say(syscall(SYS_execve, self, argv, 8) < 0 && errno == EFAULT,
		"a wrong environment");
	say(execve("/nowhere", argv, environ) < 0 && errno == ENOENT,
		"a wrong path");
}

static void *all(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGBUS);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	by_fork();
	by_vfork();
	by_spawn();
	with_all_room();
	by_shell();
	in_vain();
	return arg;
}

static void own(void)
{
	int n = 0;

	while (environ[n])
		n++;
	printf("  %d variables, %s\n", n, getenv("LD_PRELOAD") ?: "no preload");
	setenv("MORE", "yes", 1);
	say(getenv("MORE") != NULL && !getenv("GEV_RUN"), "it is its own");
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1)
		return tell();
	own();
	by_fork();
	by_vfork();
	by_spawn();
	signal(SIGSEGV, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	finish(begin(all, NULL));
	signal(SIGPIPE, SIG_IGN);
	finish(begin(all, NULL));
	all(NULL);
	return 0;
}
