/* SPDX-License-Identifier: MIT */
#include "server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <gev/greenlet.h>

#define PATIENCE GEV_SEC(40)

static gev_time now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return GEV_SEC(t.tv_sec) + t.tv_nsec;
}

static __attribute__((format(printf, 2, 3))) const char *because(
	struct server *s, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->why, sizeof(s->why), format, ap);
	va_end(ap);
	return s->why;
}

/* Who the server is to be: NULL if as the test. */
static const struct passwd *nobody(const struct server *s)
{
	return geteuid() == 0 && !s->as_root ? getpwnam("nobody") : NULL;
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool is_free(int port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	close(fd);
	return ok;
}

/*
 * Not one the kernel picks: by the time the server binds it, it could be the
 * near end of somebody's connection.  Those begin at 32768.
 */
static int free_port(void)
{
	int first = 10000 + getpid() * 7 % 20000;

	for (int i = 0; i < 1000; i++)
		if (is_free(first + i))
			return first + i;
	return 0;
}

static const char *give_away(struct server *s, const char *path)
{
	const struct passwd *p = nobody(s);

	if (p && chown(path, p->pw_uid, p->pw_gid) < 0)
		return because(s, "%s: %s", path, strerror(errno));
	return NULL;
}

const char *server_open(struct server *s)
{
	static const char template[] = "/tmp/gev-matrix-XXXXXX";

	strcpy(s->directory, template);
	if (!mkdtemp(s->directory)) {
		s->directory[0] = '\0';
		return because(s, "no directory: %s", strerror(errno));
	}
	s->port = free_port();
	if (!s->port)
		return because(s, "no free port");
	return give_away(s, s->directory);
}

static bool is_program(char *found, size_t size, const char *directory,
	const char *program)
{
	snprintf(found, size, "%s/%s", directory, program);
	return access(found, X_OK) == 0;
}

static bool find_in_glob(const char *pattern, const char *program, char *found,
	size_t size)
{
	bool ok = false;
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc && !ok; i++)
			ok = is_program(found, size, g.gl_pathv[i], program);
		globfree(&g);
	}
	return ok;
}

static bool find_in_path(const char *program, char *found, size_t size)
{
	const char *path = getenv("PATH");
	char *copy = strdup(path ? path : ""), *rest = copy, *directory;
	bool ok = false;

	while (!ok && (directory = strsep(&rest, ":")))
		ok = is_program(found, size, directory, program);
	free(copy);
	return ok;
}

const char *server_find(struct server *s, const char *program, char *found,
	size_t size)
{
	static const char *const more[] = { "/usr/sbin", "/usr/local/sbin",
		"/sbin" };

	if (program[0] == '/' && is_program(found, size, "", program + 1))
		return NULL;
	if (s->path && find_in_glob(s->path, program, found, size))
		return NULL;
	if (find_in_path(program, found, size))
		return NULL;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (is_program(found, size, more[i], program))
			return NULL;
	return because(s, "no program %s here", program);
}

const char *server_file(struct server *s, const char *name, const char *format,
	...)
{
	char path[128];
	va_list ap;
	FILE *f;
	int r;

	snprintf(path, sizeof(path), "%s/%s", s->directory, name);
	f = fopen(path, "we");
	if (!f)
		return because(s, "%s: %s", path, strerror(errno));
	va_start(ap, format);
	r = vfprintf(f, format, ap);
	va_end(ap);
	if (fclose(f) < 0 || r < 0)
		return because(s, "%s: %s", path, strerror(errno));
	return give_away(s, path);
}

/* In the child: to be who and where the server is. */
static bool settle(struct server *s, pid_t parent)
{
	const struct passwd *p = nobody(s);
	int log, null = open("/dev/null", O_RDONLY);

	if (p && (setgroups(0, NULL) < 0 || setgid(p->pw_gid) < 0 ||
			 setuid(p->pw_uid) < 0))
		return false;
	/* After that, which would undo it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(s->directory) < 0)
		return false;
	setpgid(0, 0);
	setenv("HOME", s->directory, 1);
	setenv("TMPDIR", s->directory, 1);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	return dup2(null, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2;
}

static const char *spawn(struct server *s, const char *const argv[], pid_t *pid)
{
	pid_t parent = getpid();
	char program[256];
	const char *why = server_find(s, argv[0], program, sizeof(program));

	if (why)
		return why;
	fflush(stdout);
	*pid = fork();
	if (*pid == 0) {
		if (settle(s, parent))
			execv(program, (char **)argv);
		_exit(127);
	}
	return *pid < 0 ? because(s, "fork: %s", strerror(errno)) : NULL;
}

/* What it wrote, as TAP has it. */
static void show_log(const struct server *s)
{
	char path[80], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", s->directory);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		printf("# %s\n", line);
	}
	if (f)
		fclose(f);
}

static bool has_ended(pid_t pid, int *status, gev_time patience)
{
	gev_time until = now() + patience;
	pid_t r;

	while ((r = waitpid(pid, status, WNOHANG)) == 0 && now() < until)
		gev_sleep(GEV_MS(5));
	return r == pid;
}

/* With what it started itself. */
static void kill_all(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

const char *server_run(struct server *s, const char *const argv[])
{
	const char *why;
	int status;
	pid_t pid;

	why = spawn(s, argv, &pid);
	if (why)
		return why;
	if (!has_ended(pid, &status, PATIENCE)) {
		kill_all(pid);
		status = SIGKILL;
	}
	if (status == 0)
		return NULL;
	show_log(s);
	return because(s, "%s: wait status %#x", argv[0], status);
}

bool server_accepts(int port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	close(fd);
	return ok;
}

const char *server_start(struct server *s, const char *const argv[],
	bool (*ready)(struct server *s))
{
	gev_time until = now() + PATIENCE;
	const char *why = spawn(s, argv, &s->pid);
	int status;

	if (why) {
		s->pid = 0;
		return why;
	}
	while (!(ready ? ready(s) : server_accepts(s->port))) {
		if (has_ended(s->pid, &status, GEV_MS(10))) {
			s->pid = 0;
			show_log(s);
			return because(s, "%s ended: wait status %#x", argv[0],
				status);
		}
		if (now() > until) {
			show_log(s);
			return because(s, "%s does not get ready", argv[0]);
		}
	}
	return NULL;
}

int server_none(int *port)
{
	struct sockaddr_in a = loopback(0);
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&a, size) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static int remove_one(const char *path, const struct stat *st, int type,
	struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void server_stop(struct server *s)
{
	int status;

	if (s->pid) {
		kill(s->pid, SIGTERM);
		if (!has_ended(s->pid, &status, GEV_SEC(5)))
			kill_all(s->pid);
		else
			kill(-s->pid, SIGKILL);
		s->pid = 0;
	}
	if (s->directory[0])
		nftw(s->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	s->directory[0] = '\0';
}
