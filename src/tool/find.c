/* SPDX-License-Identifier: MIT */
#include "tool/find.h"
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_READ 256 /* of a script's first, as the kernel does */
#define BLANKS " \t"

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int in_directory(const char *directory, size_t length, const char *name,
	char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, directory,
		length ? "/" : "", name);

	return n < PATH_MAX ? executable(path) : -ENAMETOOLONG;
}

int gev__find_program(const char *name, char path[PATH_MAX])
{
	const char *all = getenv("PATH");
	int r, result = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/'))
		return in_directory("", 0, name, path);
	if (!all)
		all = _PATH_DEFPATH;
	for (const char *at = all;; at++) {
		size_t length = strcspn(at, ":");

		r = in_directory(at, length, name, path);
		if (r == 0)
			return 0;
		if (r == -EACCES || r == -EISDIR)
			result = -EACCES;
		at += length;
		if (!*at)
			return result;
	}
}

static ssize_t read_start(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, line, size);
	close(fd);
	return n;
}

bool gev__find_interpreter(const char *path, char interpreter[PATH_MAX],
	char argument[PATH_MAX])
{
	char line[LINE_MAX_READ + 1];
	ssize_t n = read_start(path, line, LINE_MAX_READ);
	char *at = line + 2, *end;

	if (n < 2 || memcmp(line, "#!", 2))
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	for (end = at + strlen(at); end > at && strchr(BLANKS, end[-1]); end--)
		end[-1] = '\0';
	at += strspn(at, BLANKS);
	n = (ssize_t)strcspn(at, BLANKS);
	snprintf(interpreter, PATH_MAX, "%.*s", (int)n, at);
	at += n;
	snprintf(argument, PATH_MAX, "%s", at + strspn(at, BLANKS));
	return *interpreter;
}

/* In the build directory; where it was installed to; where it was to be. */
int gev__find_preload(char path[PATH_MAX])
{
	static const char *const places[] = { "/../run", "/" GEV_LIBDIR_REL };
	char own[PATH_MAX] = "/", joined[2 * PATH_MAX];
	char *name;

	if (readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
		strcpy(own, "/"); /* without /proc the last place is left */
	name = strrchr(own, '/');
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(joined, sizeof(joined), "%.*s%s/libgev-run.so",
			(int)(name - own), own, places[i]);
		if (access(joined, R_OK) == 0 && realpath(joined, path))
			return 0;
	}
	snprintf(path, PATH_MAX, "%s/libgev-run.so", GEV_LIBDIR);
	return access(path, R_OK) == 0 ? 0 : -ENOENT;
}
