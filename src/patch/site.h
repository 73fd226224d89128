/* SPDX-License-Identifier: MIT */
/*
 * A place in an object that makes a system call, and what can be done there.
 *
 *	      window                 at
 *	... | mov $0, %eax         | syscall | cmp $-4096, %rax ...
 *	... | jmp stub             | syscall | cmp $-4096, %rax ...
 *
 * The window is what comes before the syscall and gives room for a jump: one
 * instruction if it can be.  If that is too short, there may be padding nearby:
 *
 *	... | xor %eax, %eax | syscall | ... | ret | nop, which nobody runs
 *	... | jmp hop        | syscall | ... | ret | hop: jmp stub
 *
 * Else it is the fewest whole instructions.  The syscall itself stays: a thread
 * that is in it, or is sent back to it by SA_RESTART, finds what it left.
 *
 * On aarch64 the svc itself is the window, a word as a jump is.
 */
#ifndef GEV_PATCH_SITE_H
#define GEV_PATCH_SITE_H

#include "patch/object.h"

#define GEV__JUMP_SIZE 5u
#define GEV__HOP_SIZE 2u
#define GEV__HOP_REACH 120u
#define GEV__WINDOW_MAX 20u

struct gev__site {
	uintptr_t at;            /* the syscall */
	uintptr_t window;        /* what is to be replaced begins there */
	long nr;                 /* -1: not known here */
	const char *refused;     /* why it can't be patched, or NULL */
	uintptr_t wide;          /* the window, if one instruction is not enough */
	uintptr_t hop;           /* a jump in padding, or 0 */
	uint8_t instructions;    /* of the window */
	uint8_t widening;        /* of the wide one */
	bool patched;
	uint8_t original[GEV__JUMP_SIZE];
	uint8_t padding[GEV__JUMP_SIZE]; /* what was at the hop */
	const void *stub;        /* made once, kept for ever; or NULL */
};

struct gev__sites {
	struct gev__object object;
	struct gev__site *site;
	size_t n;
	size_t room;
	const char *why;         /* why there are none, or NULL */
};

/* All of @o.  0; -ENOTSUP (why is set), -ENOMEM. */
int gev__sites_find(struct gev__sites *sites, const struct gev__object *o);
void gev__sites_free(struct gev__sites *sites);

/* For who finds them: room for @n.  0 or -ENOMEM. */
int gev__sites_reserve(struct gev__sites *sites, size_t n);

#endif
