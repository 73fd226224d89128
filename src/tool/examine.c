/* SPDX-License-Identifier: MIT */
#include "tool/examine.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "tool/find.h"
#include "tool/tool.h"

#define NESTED_MAX 5 /* scripts that run scripts, as many as the kernel does */

static void examine_file(struct gev__findings *f, const char *path, int depth);

static bool find(struct gev__findings *f, const char *name, char path[PATH_MAX])
{
	int r = gev__find_program(name, path);

	if (r == 0)
		return true;
	gev__found_bad(f, "file", r == -ENOENT ? GEV__NOT_FOUND : GEV__NOT_EXECUTABLE,
		"%s: %s", name, r == -ENOENT ? "not found" : strerror(-r));
	return false;
}

/* The dynamic loader preloads nothing into a program that gains rights. */
static void examine_rights(struct gev__findings *f, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		gev__found_bad(f, "rights", GEV__REFUSED,
			"%s is setuid: nothing can be preloaded", path);
	else if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		 st.st_gid != getgid())
		gev__found_bad(f, "rights", GEV__REFUSED,
			"%s is setgid: nothing can be preloaded", path);
	else if (getuid() != 0 && getxattr(path, "security.capability", NULL,
					  0) > 0)
		gev__found_bad(f, "rights", GEV__REFUSED,
			"%s has capabilities: nothing can be preloaded", path);
}

/*
 * `#!/usr/bin/env python3` and `#!/usr/bin/env -S python3 -u` are about
 * python3, whose name is cut out of @argument.  NULL: it is another's.
 */
static char *named_program(const char *interpreter, char *argument)
{
	const char *slash = strrchr(interpreter, '/');
	bool split = strncmp(argument, "-S", 2) == 0;

	if (strcmp(slash ? slash + 1 : interpreter, "env"))
		return NULL;
	if (split) {
		argument += 2;
		argument += strspn(argument, " \t");
		argument[strcspn(argument, " \t")] = '\0';
	}
	return *argument && *argument != '-' && !strpbrk(argument, "= \t\\'\"$") ?
		       argument : NULL;
}

static void examine_script(struct gev__findings *f, const char *path,
	const char *interpreter, char *argument, int depth)
{
	char *program = named_program(interpreter, argument);
	char real[PATH_MAX];

	if (depth == NESTED_MAX) {
		gev__found_bad(f, "script", GEV__NOT_EXECUTABLE,
			"%s: too many scripts that run scripts", path);
		return;
	}
	gev__found(f, "script", GEV__FINE, "%s is run by %s", path,
		interpreter);
	if (access(interpreter, F_OK) < 0) {
		gev__found_bad(f, "script", GEV__NOT_FOUND, "%s: no interpreter %s",
			path, interpreter);
		return;
	}
	if (!find(f, interpreter, real))
		return;
	if (!program)
		examine_file(f, real, depth + 1);
	else if (find(f, program, real))
		examine_file(f, real, depth + 1);
}

/* execvp(3) hands what the kernel does not know to the shell. */
static void examine_other(struct gev__findings *f, const char *path, int depth)
{
	char interpreter[PATH_MAX], argument[PATH_MAX];

	if (!gev__find_interpreter(path, interpreter, argument)) {
		strcpy(interpreter, "/bin/sh");
		*argument = '\0';
	}
	examine_script(f, path, interpreter, argument, depth);
}

static void examine_file(struct gev__findings *f, const char *path, int depth)
{
	struct gev__elf elf;
	int r;

	examine_rights(f, path);
	r = gev__elf_open(&elf, path);
	if (r == -ENOEXEC) {
		examine_other(f, path, depth);
	} else if (r < 0) {
		gev__found(f, "file", GEV__NOTE, "%s can't be looked into: %s",
			path, strerror(-r));
	} else {
		gev__examine_binary(f, path, &elf);
		gev__elf_close(&elf);
	}
}

void gev__examine(struct gev__findings *f, const char *name)
{
	char path[PATH_MAX];

	if (!find(f, name, path))
		return;
	examine_file(f, path, 0);
	gev__examine_kernel(f);
}
