/* SPDX-License-Identifier: MIT */
/* The commands of gev. */
#ifndef GEV_TOOL_TOOL_H
#define GEV_TOOL_TOOL_H

/* As of env(1) and timeout(1). */
enum {
	GEV__REFUSED = 125,        /* gev itself failed, or would not */
	GEV__NOT_EXECUTABLE = 126,
	GEV__NOT_FOUND = 127,
};

/* Each gets its own name as argv[0], and returns the status to exit with. */
int gev__tool_run(int argc, char **argv);
int gev__tool_check(int argc, char **argv);
int gev__tool_version(int argc, char **argv);
int gev__tool_help(int argc, char **argv);

/* Says on standard error how to get help with @command: GEV__REFUSED. */
int gev__tool_misused(const char *command);

/* Whether all of standard output was written: 0 or GEV__REFUSED. */
int gev__tool_flush(void);

#endif
