/* SPDX-License-Identifier: MIT */
/*
 * Programs that the program executes.
 *
 * What the command has told the library in the environment, the program does
 * not see: its own is what it would be natively.  In that of a program that it
 * executes, whatever that is, it is told again.
 */
#ifndef GEV_RUN_FOLLOW_H
#define GEV_RUN_FOLLOW_H

#include <stdbool.h>

/* How the entries begin; that of the hint: hint.h. */
#define GEV__PRELOAD "LD_PRELOAD="
#define GEV__OPTIONS "GEV_RUN="

/* Entries, whole; the first without what else is preloaded.  NULL: there are
 * none, and nobody is followed. */
struct gev__run_told {
	const char *preload;
	const char *options;
	const char *hint;
};

extern struct gev__run_told gev__run_told;

/* options.c: takes it out of @env, to be told again if @follow. */
void gev__run_hide(char **env, bool follow);

/*
 * follow.c: @env with it, until the next time.  @env itself if it is told that
 * already, is wrong, or nobody is followed.
 */
char **gev__run_tell(char **env);

#endif
