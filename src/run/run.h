/* SPDX-License-Identifier: MIT */
/*
 * The library that `gev run` preloads: a program's threads become greenlets.
 *
 * Until the program makes its first thread, it is left as it is; start.c says
 * what happens then.
 */
#ifndef GEV_RUN_RUN_H
#define GEV_RUN_RUN_H

#include <stdbool.h>

/* What the command asked for; options.c. */
struct gev__run_options {
	bool follow;           /* into programs that it executes */
	bool file_offload;
	bool stats;
	bool verbose;
};

extern struct gev__run_options gev__run_options;

/* Reads GEV_RUN; without it, false: this is not for us. */
bool gev__run_read_options(char **env);

/* Has programs that are executed from now on know nothing of us. */
void gev__run_hide(char **env);

/* say.c: to standard error, as one line that begins with "gev: ". */
void gev__run_say(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
