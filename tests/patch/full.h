/* SPDX-License-Identifier: MIT */
/* For tests of greenlets that are threads of their own to libc. */
#ifndef TESTS_PATCH_FULL_H
#define TESTS_PATCH_FULL_H

#include <pthread.h>
#include "patch/patch.h"

/* Patches; false and the case skipped if there can be no such greenlets. */
static inline bool patch_full(void)
{
	static char text[512];
	char *line;

	if (!patch(GEV_PATCH_ALL))
		return false;
	gev_patch_report(text, sizeof(text));
	line = strstr(text, "greenlets are their thread");
	if (!line)
		return true;
	*strchrnul(line, '\n') = '\0';
	t_skip(line);
	gev_unpatch_all();
	return false;
}

/* @fn(@arg) in a greenlet, to its end. */
static inline void run(gev_fn *fn, void *arg)
{
	join(gev_spawn(fn, arg));
}

#endif
