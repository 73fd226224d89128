/* SPDX-License-Identifier: MIT */
/* What was found out about a libc, kept from one run to the next. */
#ifndef GEV_TOOL_CACHE_H
#define GEV_TOOL_CACHE_H

#include "run/hint.h"
#include "tool/elf.h"

struct gev__searched {
	size_t calls;              /* system calls it makes */
	size_t refused;            /* that can't be rewritten */
	char hint[GEV__HINT_SIZE]; /* where the others are; hint.h */
};

/* False: not known, for whatever reason. */
bool gev__cache_get(const struct gev__elf *libc, struct gev__searched *s);

/* Has later runs know it, if that can be. */
void gev__cache_put(const struct gev__elf *libc, const struct gev__searched *s);

#endif
