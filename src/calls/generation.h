/* SPDX-License-Identifier: MIT */
/*
 * The process-wide generation of each descriptor number, and whether more than
 * one hub knows it.
 */
#ifndef GEV_CALLS_GENERATION_H
#define GEV_CALLS_GENERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GEV__FD_MAX (1 << 22)

struct gev__generation {
	_Atomic uint32_t count;  /* from 1 */
	_Atomic uint32_t user;   /* id of the hub that knows it; 0: none */
	atomic_bool shared;      /* another one does as well */
};

/* That of @fd, which is below GEV__FD_MAX.  NULL: no memory. */
struct gev__generation *gev__generation(int fd);

#endif
