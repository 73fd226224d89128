/* SPDX-License-Identifier: MIT */
/*
 * Listeners that go from one process to another, as systemd passes them:
 * descriptors from 3 on, and three variables of the environment.
 */
#include <fcntl.h>
#include <gev/io.h>
#include <gev/service.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/error.h"

#define FIRST 3

/* A variable that is a number; 0 if there is none, -EINVAL if it is not. */
static long number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text)
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || end == text || *end || n <= 0 || n > INT_MAX ? -EINVAL :
								       n;
}

/* Whether the name that comes next in @names is @name; moves on behind it. */
static bool is_next(const char **names, const char *name)
{
	size_t length = strcspn(*names, ":");
	bool same = strlen(name) == length &&
		    memcmp(name, *names, length) == 0;

	*names += length + ((*names)[length] == ':');
	return same;
}

static int inherited(const char *name, int *fds, int max)
{
	long pid = number("LISTEN_PID"), n = number("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	int found = 0;

	if (pid < 0 || n < 0 || n > INT_MAX - FIRST)
		return -EINVAL;
	if (pid != getpid())
		return 0;
	if (!names)
		names = "";
	for (int fd = FIRST; fd < FIRST + n; fd++) {
		bool wanted = is_next(&names, name ? name : "") || !name;

		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
		if (wanted && found < max)
			fds[found] = fd;
		found += wanted;
	}
	return found;
}

int gev_listen_fds(const char *name, int *fds, int max)
{
	return (int)gev__ret(inherited(name, fds, max));
}

/* What the child needs, made before it is there: it must not allocate. */
struct child {
	const int *fds;
	int n;
	const char *path;
	char *const *argv;
	char **env;
	int report;               /* where it says why it could not begin */
	sigset_t mask;
	char pid[32];
	char count[32];
	char *names;
};

static void set_pid(char *text)
{
	char digits[16];
	int i = 0;

	for (int pid = getpid(); pid > 0; pid /= 10)
		digits[i++] = (char)('0' + pid % 10);
	text += strlen("LISTEN_PID=");
	while (i > 0)
		*text++ = digits[--i];
	*text = '\0';
}

/* Out of the way first, so that none overwrites another. */
static int move_fds(struct child *c, int *moved)
{
	c->report = fcntl(c->report, F_DUPFD_CLOEXEC, FIRST + c->n);
	for (int i = 0; i < c->n; i++) {
		moved[i] = fcntl(c->fds[i], F_DUPFD_CLOEXEC, FIRST + c->n);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < c->n; i++)
		if (dup2(moved[i], FIRST + i) < 0)
			return -1;
	return 0;
}

/* Handlers are not for the child, not even until it is another program. */
static void reset_signals(const sigset_t *mask)
{
	struct sigaction action;

	for (int i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &action) < 0 ||
			action.sa_handler == SIG_IGN)
			continue;
		action.sa_handler = SIG_DFL;
		action.sa_flags = 0;
		sigaction(i, &action, NULL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
}

static _Noreturn void become(struct child *c, int *moved)
{
	int error;

	set_pid(c->pid);
	if (move_fds(c, moved) == 0) {
		reset_signals(&c->mask);
		execve(c->path, c->argv, c->env);
	}
	error = errno;
	if (write(c->report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* This process's, but for what the child is told. */
static char **make_env(struct child *c)
{
	size_t n = 0, at = 0;
	char **env;

	while (environ[n])
		n++;
	env = malloc((n + 4) * sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LISTEN_PID=", 11) != 0 &&
			strncmp(environ[i], "LISTEN_FDS=", 11) != 0 &&
			strncmp(environ[i], "LISTEN_FDNAMES=", 15) != 0)
			env[at++] = environ[i];
	env[at++] = c->pid;
	env[at++] = c->count;
	if (c->names)
		env[at++] = c->names;
	env[at] = NULL;
	return env;
}

/* 0 when the program runs, or why it does not. */
static int await_exec(int fd, pid_t pid)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(error))
		return 0;
	waitpid(pid, NULL, 0);
	return -error;
}

static int fork_child(struct child *c, int *moved)
{
	sigset_t all;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	c->report = fds[1];
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &c->mask);
	pid = _Fork();
	if (pid == 0)
		become(c, moved);
	r = pid < 0 ? -errno : pid;
	pthread_sigmask(SIG_SETMASK, &c->mask, NULL);
	close(fds[1]);
	if (pid > 0 && (r = await_exec(fds[0], pid)) == 0)
		r = pid;
	close(fds[0]);
	return r;
}

static int spawn(struct child *c, const char *names)
{
	int *moved = malloc((size_t)c->n * sizeof(*moved) + 1);
	int r = -ENOMEM;

	strcpy(c->pid, "LISTEN_PID=");
	snprintf(c->count, sizeof(c->count), "LISTEN_FDS=%d", c->n);
	if (!names || asprintf(&c->names, "LISTEN_FDNAMES=%s", names) >= 0)
		c->env = make_env(c);
	if (c->env && moved)
		r = fork_child(c, moved);
	free(c->env);
	free(c->names);
	free(moved);
	return r;
}

int gev_listen_spawn(const int *fds, int n, const char *names,
	const char *path, char *const argv[])
{
	struct child c = { .fds = fds, .n = n, .path = path, .argv = argv };

	if (n < 0 || (n > 0 && !fds) || !path || !argv)
		return (int)gev__ret(-EINVAL);
	return (int)gev__ret(spawn(&c, names));
}
