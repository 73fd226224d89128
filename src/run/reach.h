/* SPDX-License-Identifier: MIT */
/* Memory of the program's, at addresses that may be wrong. */
#ifndef GEV_RUN_REACH_H
#define GEV_RUN_REACH_H

#include <stddef.h>
#include <ucontext.h>
#include "run/call.h"

/* Whether @size bytes from @at on are there. */
bool gev__run_readable(const void *at, size_t size);
bool gev__run_writable(void *at, size_t size);

/* The byte: the kernel is asked, wherever the signal of it would go. */
bool gev__run_is_there(const void *at);

/* Whether @uc was interrupted in finding that out.  It has its answer then. */
bool gev__run_missed(ucontext_t *uc);

/*
 * areas.c: whether all is there that we, not the kernel, read or write for the
 * call.  If not, the rest of it.
 */
bool gev__run_reaches(const struct gev__run_call *c);
struct gev__patch_answer gev__run_out_of_reach(struct gev__run_call *c);

#endif
