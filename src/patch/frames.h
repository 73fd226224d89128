/* SPDX-License-Identifier: MIT */
/*
 * Unwind tables for stubs.  What the tables say is DWARF's "call frame
 * information"; a CPU writes its stub's with the functions below.
 */
#ifndef GEV_PATCH_FRAMES_H
#define GEV_PATCH_FRAMES_H

#include <string.h>
#include "patch/site.h"

/*
 * Has backtraces and exceptions find their way from inside the stubs of @sites.
 * They do without if there is no memory or no libgcc.
 */
void gev__frames_add(const struct gev__sites *sites);

/* From @bytes behind the last such place on, @bytes < 64; */
static inline uint8_t *gev__frame_advance(uint8_t *p, unsigned bytes)
{
	*p++ = (uint8_t)(0x40 | bytes); /* DW_CFA_advance_loc */
	return p;
}

/* the caller's stack pointer is @sp and @distance; */
static inline uint8_t *gev__frame_stack(uint8_t *p, uint8_t sp,
	unsigned distance)
{
	*p++ = 0x0c; /* DW_CFA_def_cfa */
	*p++ = sp;
	*p++ = (uint8_t)(distance & 0x7f) | 0x80;
	*p++ = (uint8_t)(distance >> 7);
	return p;
}

/* its register @r < 64 lies 8 * @slots below that; */
static inline uint8_t *gev__frame_saved(uint8_t *p, uint8_t r, uint8_t slots)
{
	*p++ = 0x80 | r; /* DW_CFA_offset */
	*p++ = slots;
	return p;
}

/* is as it was; */
static inline uint8_t *gev__frame_same(uint8_t *p, uint8_t r)
{
	*p++ = 0x08; /* DW_CFA_same_value */
	*p++ = r;
	return p;
}

/* is @value. */
static inline uint8_t *gev__frame_value(uint8_t *p, uint8_t r, uintptr_t value)
{
	*p++ = 0x16; /* DW_CFA_val_expression */
	*p++ = r;
	*p++ = 1 + sizeof(value);
	*p++ = 0x03; /* DW_OP_addr */
	memcpy(p, &value, sizeof(value));
	return p + sizeof(value);
}

#endif
