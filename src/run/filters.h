/* SPDX-License-Identifier: MIT */
/*
 * Filters of system calls (seccomp) that the program sets up for itself.
 *
 * They were made for its calls, and would be asked about ours as well, which
 * may be the end of it.  One that has its filter before it has threads keeps
 * both, as the kernel's; with threads that are ours it can't have one.
 */
#ifndef GEV_RUN_FILTERS_H
#define GEV_RUN_FILTERS_H

#include <stdbool.h>

/* filters.c: what there is now was there before the program. */
void gev__run_filters_begin(void);

/* Whether there are more now. */
bool gev__run_filters_added(void);

#endif
