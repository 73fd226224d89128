/* SPDX-License-Identifier: MIT */
/*
 * What the command tells the library of libc, so that no program has to search
 * it: which one it looked at, and where its system calls are.
 *
 *	4f2e...90 e5a67 28a3c+7;28a19 8a+3-12 ...
 *
 * The build id; sites that make processes, or execute programs in them, for
 * which the others wait behind the semicolon.  Of each how far it is from the
 * one before, how long the window before it is unless that is a jump, and how
 * far from there the hop (site.h) is if there is one.
 */
#ifndef GEV_RUN_HINT_H
#define GEV_RUN_HINT_H

#include "patch/site.h"

#define GEV__HINT "GEV_RUN_LIBC"
#define GEV__HINT_SIZE 16384

/* False: it does not fit. */
bool gev__hint_write(char text[GEV__HINT_SIZE], const struct gev__sites *sites,
	const uint8_t *id, size_t size);

/*
 * Reads it for sites->object, whose sites it fills in: at first those that make
 * processes.  What of @text is left for later, or NULL: it is about another, or
 * makes no sense.
 */
const char *gev__hint_begin(const char *text, struct gev__sites *sites,
	const uint8_t *id, size_t size);

/* The others, from there.  False: they make no sense. */
bool gev__hint_complete(const char *rest, struct gev__sites *sites);

#endif
