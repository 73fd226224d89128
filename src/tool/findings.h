/* SPDX-License-Identifier: MIT */
/* What was found out about a program, and how that is told. */
#ifndef GEV_TOOL_FINDINGS_H
#define GEV_TOOL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include "run/hint.h"

enum gev__level {
	GEV__FINE,
	GEV__NOTE,   /* worth knowing; it can be run */
	GEV__BAD,    /* it can't */
};

#define GEV__FINDINGS 48

struct gev__findings {
	struct gev__finding {
		const char *about;
		enum gev__level level;
		char text[512];
	} found[GEV__FINDINGS];
	size_t n;
	char hint[GEV__HINT_SIZE]; /* for the library, or "" */
	bool deep;    /* its libraries are to be looked at as well */
	int status;   /* what `gev run` exits with: 0, 125, 126 or 127 */
};

__attribute__((format(printf, 4, 5))) void gev__found(struct gev__findings *f,
	const char *about, enum gev__level level, const char *format, ...);

/* The same for what makes it impossible, with the status to exit with. */
__attribute__((format(printf, 4, 5))) void gev__found_bad(
	struct gev__findings *f, const char *about, int status,
	const char *format, ...);

/* The first that is BAD, or NULL. */
const struct gev__finding *gev__findings_bad(const struct gev__findings *f);

void gev__findings_print(const struct gev__findings *f, const char *program);
void gev__findings_json(const struct gev__findings *f, const char *program);

#endif
