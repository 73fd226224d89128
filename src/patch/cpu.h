/* SPDX-License-Identifier: MIT */
/*
 * What is different on each CPU: where system calls are, what can be put in
 * their place, and how.  sweep.c and x86_64.c have it for x86-64, svc.c and
 * aarch64.c for aarch64; where nobody has it, none.c says so.
 */
#ifndef GEV_PATCH_CPU_H
#define GEV_PATCH_CPU_H

#include "patch/site.h"

/* Why nothing can be patched here, or NULL. */
const char *gev__cpu_missing(void);

/* Fills in the sites of sites->object.  0; -ENOTSUP (why is set), -ENOMEM. */
int gev__cpu_find(struct gev__sites *sites);

/* Room for a stub; within how many bytes all of it and of the object lies. */
#define GEV__STUB_SIZE 64u
extern const size_t gev__cpu_reach;

/* Writes the stub of @site to @to, which will be run at @at. */
void gev__cpu_stub(uint8_t to[GEV__STUB_SIZE], const struct gev__site *site,
	uintptr_t at);

/*
 * What its unwind table says (frames.h), and which of the table's columns is
 * the return address.
 */
extern const uint8_t gev__cpu_return_column;
uint8_t *gev__cpu_frame(uint8_t *to, const struct gev__site *site);

/* In which order a site is rewritten; no CPU has less than HEAD. */
enum gev__step {
	GEV__STEP_HOP,       /* what HEAD leads to */
	GEV__STEP_TRAP,      /* keeps out those who come by */
	GEV__STEP_TAIL,
	GEV__STEP_HEAD,      /* from now on it is the other code */
	GEV__STEP_CLEAR,     /* what nobody comes to any more */
};

struct gev__piece {
	uintptr_t at;
	size_t size;
	uint8_t bytes[GEV__JUMP_SIZE];
};

/*
 * What is to be written at @site in @step, so that it becomes a jump to its
 * stub or what it was.  False: nothing.
 */
bool gev__cpu_piece(struct gev__piece *piece, const struct gev__site *site,
	enum gev__step step, bool jump);

/*
 * Whether threads may trap meanwhile; and has a signal handler's thread that
 * did go on at the stub.  False: it is at none of @sites.
 */
extern const bool gev__cpu_traps;
bool gev__cpu_detour(void *context, const struct gev__sites *sites);

/* Runs instead of a system call; see the CPU's assembly. */
void gev__patch_enter(void);

#endif
