/* SPDX-License-Identifier: MIT */
/*
 * What all hubs have to know of a descriptor number: its generation, who uses
 * it, and how O_NONBLOCK looks to the program.
 */
#ifndef GEV_CALLS_NUMBER_H
#define GEV_CALLS_NUMBER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GEV__FD_MAX (1 << 22)

struct gev__number {
	_Atomic uint32_t generation; /* from 1 */
	_Atomic uint32_t user;       /* first hub that knows it; 0: none */
	atomic_bool shared;          /* another one does as well */
	atomic_bool nonblock;        /* O_NONBLOCK as the program sees it */
	atomic_bool listens;         /* made O_NONBLOCK by us, for accept */
	atomic_bool copied;          /* its flags are another number's too */
	atomic_bool plain;           /* run/: a file with no flags to heed */
	_Atomic uint32_t made;       /* gev__fd_families then; 0: unknown */
};

/* That of @fd, which is below GEV__FD_MAX.  NULL: no memory. */
struct gev__number *gev__number(int fd);

/* The first number from @fd on that some hub knows; GEV__FD_MAX: none. */
int gev__number_in_use(int fd);

#endif
