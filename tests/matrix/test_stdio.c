/* SPDX-License-Identifier: MIT */
/* stdio on sockets and pipes, and what libc does with other programs. */
#include <gnu/libc-version.h>
#include <signal.h>
#include <spawn.h>
#include "matrix/matrix.h"
#include "matrix/slow_http.h"

#define CALLS 20

extern char **environ;

static FILE *open_connection(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)slow.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	t_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fdopen(fd, "r+");
}

/* The head by line, the body as a block. */
static bool read_answer(FILE *f, char *said)
{
	size_t length = 0, room = 0;
	char *line = NULL;
	bool ok;

	while (getline(&line, &room, f) > 0 && strcmp(line, "\r\n") != 0)
		sscanf(line, "Content-Length: %zu", &length);
	free(line);
	ok = length > 0 && fread(said, 1, length, f) == length;
	said[ok ? length : 0] = '\0';
	return ok && fgetc(f) == EOF && !ferror(f);
}

static void ask(const char *path, char *said)
{
	FILE *f = open_connection();

	enter();
	fprintf(f, "GET /%s HTTP/1.0\r\n\r\n", path);
	fflush(f);
	if (!read_answer(f, said))
		snprintf(said, MATRIX_SAID, "%s%s", ferror(f) ? "error: " : "",
			strerror(errno));
	leave();
	fclose(f);
}

static void call_stdio(int i, char *said)
{
	int many = matrix_now.expected ? matrix_now.expected : 1;
	char path[64];

	snprintf(path, sizeof(path), "gate/%d/%d", many, i);
	ask(path, said);
}

static void stuck_stdio(int i, char *said)
{
	(void)i;
	ask("never", said);
}

/* Slow, if others are to be run meanwhile. */
static void make_command(char *command, int i)
{
	sprintf(command, "%s%s echo %d; exit %d",
		i % 3 ? "exec >/dev/null;" : "",
		matrix_now.expected ? "sleep 0.7;" : "", i, i);
}

static int by_popen(char *command, char *output)
{
	FILE *f = popen(command, "re");

	if (!fgets(output, MATRIX_SAID, f))
		strcpy(output, "nothing\n");
	return pclose(f);
}

static int by_spawn(char *command)
{
	char *argv[] = { "sh", "-c", command, NULL };
	int status = -1;
	pid_t pid;

	t_eq(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ), 0);
	t_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void call_processes(int i, char *said)
{
	char command[64], output[MATRIX_SAID] = "";
	int status;

	make_command(command, i);
	enter();
	if (i % 3 == 0)
		status = by_popen(command, output);
	else if (i % 3 == 1)
		status = by_spawn(command);
	else
		status = system(command);
	leave();
	snprintf(said, MATRIX_SAID, "status %d, %.64s",
		WIFEXITED(status) ? WEXITSTATUS(status) : -1, output);
}

static void stuck_processes(int i, char *said)
{
	char *argv[] = { "sleep", "60", NULL };
	int status;
	pid_t pid;

	(void)i;
	t_eq(posix_spawnp(&pid, "sleep", NULL, NULL, argv, environ), 0);
	enter();
	t_eq(waitpid(pid, &status, 0), -1);
	leave();
	snprintf(said, MATRIX_SAID, "%s", strerror(errno));
	kill(pid, SIGKILL);
}

static const struct matrix rows[] = {
	{ .library = "glibc's stdio", .calls = CALLS, .call = call_stdio,
		.stuck = stuck_stdio, .at_timeout = "error: Connection timed",
		.at_kill = "error: Operation canceled" },
	{ .library = "glibc's popen, system, posix_spawn", .calls = CALLS,
		.call = call_processes, .stuck = stuck_processes,
		.at_timeout = "Connection timed out",
		.at_kill = "Operation canceled" },
};

static void run_row(struct matrix row)
{
	row.version = gnu_get_libc_version();
	matrix_row(&row);
}

static int ends[2];

/* Numbers and words, a byte at a time. */
static intptr_t drip(void *arg)
{
	for (const char *p = arg; *p; p++) {
		t_eq(write(ends[1], p, 1), 1);
		usleep(500);
	}
	close(ends[1]);
	return 0;
}

static intptr_t scan(void *f)
{
	char word[32];
	int number;

	for (int i = 0; i < 3; i++) {
		t_eq(fscanf(f, "%d %31s", &number, word), 2);
		t_eq(number, i);
		t_str(word, "words");
	}
	t_eq(fscanf(f, "%d", &number), EOF);
	return 0;
}

static void scanf_reads_what_drips(void)
{
	static char text[] = "0 words 1 words\n2   words";
	gev_greenlet *reader;
	FILE *f;

	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	t_eq(pipe(ends), 0);
	f = fdopen(ends[0], "r");
	reader = start(scan, (intptr_t)f);
	join(start(drip, (intptr_t)text));
	join(reader);
	fclose(f);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t complain(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)(intptr_t)arg);
	errno = 1 + (int)(intptr_t)arg;
	usleep(5000);
	perror(name);
	return 0;
}

static void perror_tells_ones_own(void)
{
	char line[128], expected[128];
	gev_greenlet *g[CALLS];
	bool seen[CALLS] = { 0 };
	int saved = dup(2), i;
	FILE *f;

	t_eq(pipe(ends), 0);
	dup2(ends[1], 2);
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	for (i = 0; i < CALLS; i++)
		g[i] = start(complain, i);
	for (i = 0; i < CALLS; i++)
		join(g[i]);
	t_eq(gev_unpatch_all(), 0);
	dup2(saved, 2);
	close(saved);
	close(ends[1]);
	f = fdopen(ends[0], "r");
	while (fgets(line, sizeof(line), f)) {
		i = atoi(line);
		snprintf(expected, sizeof(expected), "%d: %s\n", i,
			strerror(1 + i));
		t_str(line, expected);
		seen[i] = true;
	}
	for (i = 0; i < CALLS; i++)
		t_ok(seen[i]);
	fclose(f);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (matrix_begin(slow_start)) {
		run_row(rows[0]);
		run_row(rows[1]);
		T_RUN(scanf_reads_what_drips);
		T_RUN(perror_tells_ones_own);
	}
	return matrix_end(slow_stop);
}
