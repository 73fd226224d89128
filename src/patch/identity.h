/* SPDX-License-Identifier: MIT */
/* Greenlets that are threads of their own to libc; see task.h. */
#ifndef GEV_PATCH_IDENTITY_H
#define GEV_PATCH_IDENTITY_H

#include "patch/site.h"

/*
 * New greenlets get a TCB from now on.  Returns why they can't, or NULL.
 */
const char *gev__identity_start(const struct gev__sites *libc);

/*
 * New greenlets are the thread again.  Those of the calling thread that are in
 * nobody's use end; true if there are others left, whose end libc's calls have
 * to be caught for.
 */
bool gev__identity_stop(void);

/*
 * Makes one that nobody uses, unless there were threads before.  As long as
 * there never was one, glibc does without the futexes of locks.  0 or -errno.
 */
int gev__identity_first(void);

#endif
