/* SPDX-License-Identifier: MIT */
/* One machine instruction, as far as finding system calls needs it. */
#ifndef GEV_PATCH_DECODE_H
#define GEV_PATCH_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gev__insn {
	uint8_t length;
	bool syscall;        /* without prefixes */
	bool branches;       /* to @target */
	bool ends;           /* what follows is not reached from here */
	bool points;         /* loads the address @target: of a jump table? */
	bool fills;          /* does nothing: padding, if it is never reached */
	uintptr_t target;
};

/* False: it is none, or goes beyond @end. */
bool gev__decode(uintptr_t at, uintptr_t end, struct gev__insn *insn);

/*
 * Whether the instruction does the same elsewhere, and with whatever is below
 * the stack pointer: no jump, no address relative to itself, no push.
 */
bool gev__decode_movable(uintptr_t at, uintptr_t end);

/*
 * What it sets a register to (at first *reg is 0: eax), if that is a number;
 * -1: to something else; -2: it stays as it is, or comes from another one, which
 * is *reg from there on.
 */
long gev__decode_number(uintptr_t at, uintptr_t end, int *reg);

/*
 * Whether an instruction from @at on, with nothing but straight lines in
 * between, reads a vector register that was set before @at.
 */
bool gev__decode_vectors_live(uintptr_t at, uintptr_t end);

#endif
