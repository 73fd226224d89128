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
	bool eager;            /* with the first process as with a thread */
};

extern struct gev__run_options gev__run_options;

/* Reads GEV_RUN; without it, false: this is not for us. */
bool gev__run_read_options(char **env);

/* What the command found out about libc (hint.h), or NULL. */
const char *gev__run_hint(char **env);

/*
 * start.c: all calls are to be caught from now on.  False: they can't be, which
 * has been said.
 */
bool gev__run_complete(void);

/* say.c: standard error may be closed from now on, and stats be asked for. */
void gev__run_say_open(void);

/* A line on it. */
void gev__run_say(const char *what, const char *more);

/* At the process's end: the first time, if they were asked for. */
void gev__run_say_stats(void);

/*
 * Somebody asked by a SIGSYS, which is ours anyway: that, and what each thread
 * waits for, at once or when the hub comes to it, which calls the second.
 */
void gev__run_stats_asked(void);
void gev__run_say_asked(void);

/* How the calls of libc come to us; @what of the others. */
void gev__run_say_sites(const char *what);

/* names.c: what the call is called, or NULL. */
const char *gev__run_call_name(long nr);

#endif
