/* SPDX-License-Identifier: MIT */
/*
 * What the command tells the library of libc, so that programs start without
 * searching it: which one it looked at, and where that makes processes.
 *
 *	4f2e...90 e5a67+5 10e8a3+7-12
 *
 * The build id; then sites: where the syscall is, how long the window before
 * it is, and perhaps how far away the hop (site.h) is.
 */
#ifndef GEV_RUN_HINT_H
#define GEV_RUN_HINT_H

#include "patch/site.h"

#define GEV__HINT "GEV_RUN_LIBC"
#define GEV__HINT_SIZE 1024

/* Calls that are to be caught from the beginning. */
bool gev__hint_concerns(long nr);

/* False: it does not fit. */
bool gev__hint_write(char text[GEV__HINT_SIZE], const struct gev__sites *sites,
	const uint8_t *id, size_t size);

/*
 * Reads it for sites->object, whose sites it fills in.  False: it is about
 * another, or makes no sense.
 */
bool gev__hint_read(const char *text, struct gev__sites *sites,
	const uint8_t *id, size_t size);

#endif
