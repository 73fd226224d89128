/* SPDX-License-Identifier: MIT */
/*
 * Guard pages under stacks.
 */
#ifndef GEV_SWITCH_GUARD_H
#define GEV_SWITCH_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* Guards GEV__STACK_GUARD bytes from @p on, if it can be.  True if that cost
 * mappings, which gev__guard_unmapped() is to be told of at the end. */
bool gev__guard(void *p);
void gev__guard_unmapped(uint32_t guards);

/* How many could not be guarded, in the whole process. */
unsigned long gev__guard_missing(void);

#endif
