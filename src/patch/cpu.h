/* SPDX-License-Identifier: MIT */
/*
 * What is different on each CPU: stubs and jumps.  x86_64.c has them; on CPUs
 * without, none.c says so.
 *
 * aarch64 will fit in: each site is one svc of four bytes, which a b to the
 * stub replaces, and a window is just that.
 */
#ifndef GEV_PATCH_CPU_H
#define GEV_PATCH_CPU_H

#include "patch/site.h"

/* Room for a stub; how far away one may be. */
#define GEV__STUB_SIZE 64u
#define GEV__STUB_REACH (1ul << 30)

/* Why sites can't be patched here, or NULL. */
const char *gev__cpu_missing(void);

/* Writes the stub of @site to @to, which will be run at @at. */
void gev__cpu_stub(uint8_t to[GEV__STUB_SIZE], const struct gev__site *site,
	uintptr_t at);

/* A jump from @from to @dest, and one of gev__site_size() from the window. */
void gev__cpu_jump(uint8_t to[GEV__JUMP_SIZE], uintptr_t from, uintptr_t dest);
void gev__cpu_enter(uint8_t to[GEV__JUMP_SIZE], const struct gev__site *site);

/*
 * Has a signal handler's thread, which came upon a site that is just being
 * written (gev__cpu_trap), go on at its stub.  False: it is at none of @sites.
 */
#define GEV__TRAP 0xcc
bool gev__cpu_detour(void *context, const struct gev__sites *sites);

/* Runs instead of a system call; see x86_64.S. */
void gev__patch_enter(void);

#endif
