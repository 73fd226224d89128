/* SPDX-License-Identifier: MIT */
/* From the word on the command line to the file that is executed. */
#ifndef GEV_TOOL_FIND_H
#define GEV_TOOL_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The file execvp(3) would execute for @name: into @path.  0; -ENOENT,
 * -EACCES (there is one, but none that may be executed), -EISDIR,
 * -ENAMETOOLONG.
 */
int gev__find_program(const char *name, char path[PATH_MAX]);

/*
 * The interpreter that a script's first line names, and its argument, which
 * may be "".  False: it is no script.
 */
bool gev__find_interpreter(const char *path, char interpreter[PATH_MAX],
	char argument[PATH_MAX]);

/* The file that `gev run` preloads: into @path.  0 or -ENOENT. */
int gev__find_preload(char path[PATH_MAX]);

#endif
