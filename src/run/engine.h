/* SPDX-License-Identifier: MIT */
/*
 * How the system calls of a program that is run come to us.
 *
 * Those of libc are rewritten, as by gev_patch_all(), but all of them, and to
 * stubs of another kind (stub.c).  The kernel sends us what is left, from
 * wherever it comes: dispatched.c.
 */
#ifndef GEV_RUN_ENGINE_H
#define GEV_RUN_ENGINE_H

#include "patch/site.h"

#define GEV__SYSCALL_SIZE 2
#define GEV__RED_ZONE 128 /* below rsp, used without being taken */

/*
 * Has those calls of libc come to us that make processes and threads, where
 * @hint (hint.h) says.  Why that can't be, or NULL.
 */
const char *gev__run_engine_begin(const char *hint);

/* All others as well, from anywhere.  Why not, or NULL. */
const char *gev__run_engine_complete(void);

/* What was found of libc. */
const struct gev__sites *gev__run_engine_sites(void);

/* How code was written. */
const char *gev__run_engine_way(void);

/* The stub of a site, which says where it is to be run, as bytes. */
void gev__run_stub(uint8_t *to, const struct gev__site *site);

/* x86_64.S */
void gev__run_enter(void);
extern uint8_t gev__run_stubs[], gev__run_stubs_end[];

/*
 * dispatched.c: has the kernel send us all calls but our own, in this thread.
 * 0 or -errno.  To be called in the child of a fork again.
 */
long gev__run_dispatch_on(void);

/* Ours are those from here to there. */
void gev__run_own_text(uintptr_t *start, uintptr_t *end);

#endif
