/* SPDX-License-Identifier: MIT */
/*
 * What a program's loader would load with it, and what is known of that.  The
 * loader itself is asked, since nobody else knows all of where it looks; it
 * runs nothing of what it lists.  Only the one that gev was loaded by is
 * trusted so far.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tool/examine.h"
#include "tool/tool.h"

static bool is_our_loader(const char *loader)
{
	char real[PATH_MAX], own[PATH_MAX];
	struct gev__elf self;
	const char *interpreter;
	bool same = false;

	if (gev__elf_open(&self, "/proc/self/exe") < 0)
		return false;
	interpreter = gev__elf_interpreter(&self);
	if (interpreter && realpath(interpreter, own) && realpath(loader, real))
		same = strcmp(own, real) == 0;
	gev__elf_close(&self);
	return same;
}

_Noreturn static void run_loader(const char *loader, const char *path, int out)
{
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);
	execl(loader, loader, path, (char *)NULL);
	_exit(1);
}

/* What the loader says as ldd(1) has it, or NULL. */
static FILE *list(const char *loader, const char *path, pid_t *pid)
{
	FILE *lines;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	lines = fdopen(ends[0], "r");
	if (!lines) {
		close(ends[0]);
		close(ends[1]);
		return NULL;
	}
	*pid = fork();
	if (*pid == 0)
		run_loader(loader, path, ends[1]);
	close(ends[1]);
	if (*pid > 0)
		return lines;
	fclose(lines);
	return NULL;
}

static void examine_library(struct gev__findings *f, const char *path)
{
	struct gev__elf elf;

	if (gev__elf_open(&elf, path) < 0)
		return;
	if (gev__elf_is_go(&elf))
		gev__found(f, "library", GEV__NOTE, "%s is written in Go, "
			"which makes its system calls without libc", path);
	if (gev__elf_needs(&elf, "libseccomp.so"))
		gev__found(f, "library", GEV__NOTE, "%s can filter system calls: "
			"if it does before there are threads, those are left "
			"to the kernel", path);
	gev__elf_close(&elf);
}

/* "name => path (0x...)", or that something was not found. */
static void read_line(struct gev__findings *f, const char *program, char *line)
{
	char *path = strstr(line, " => "), *end;

	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, "\t");
	if (path && strcmp(path, " => not found") == 0) {
		gev__found_bad(f, "library", GEV__NOT_FOUND,
			"%s needs %.*s, which is not there", program,
			(int)(path - line), line);
	} else if (strstr(line, " not found (required by ")) {
		gev__found_bad(f, "library", GEV__NOT_FOUND, "%s", line);
	} else if (path) {
		path += strlen(" => ");
		end = strstr(path, " (0x");
		if (end)
			*end = '\0';
		examine_library(f, path);
	}
}

void gev__examine_libraries(struct gev__findings *f, const char *loader,
	const char *path)
{
	char real[PATH_MAX], *line = NULL;
	size_t room = 0;
	FILE *lines;
	pid_t pid;

	/* $ORIGIN is where the program is, not a link to it. */
	if (!is_our_loader(loader) || !realpath(path, real))
		return;
	lines = list(loader, real, &pid);
	if (!lines)
		return;
	while (getline(&line, &room, lines) >= 0)
		read_line(f, path, line);
	free(line);
	fclose(lines);
	waitpid(pid, NULL, 0);
}
