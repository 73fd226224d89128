/* SPDX-License-Identifier: MIT */
/* What is to be patched by name, as it was asked for. */
#ifndef GEV_PATCH_REQUEST_H
#define GEV_PATCH_REQUEST_H

#include <stdbool.h>
#include "patch/dynamic.h"

struct gev__request {
	struct gev__request *next;
	unsigned flags;             /* 0: none, it goes when settled */
	unsigned before;            /* until settled: what they were */
	bool every;                 /* object, whatever its name */
	char name[];                /* "": the program */
};

/* All of them. */
extern struct gev__request *gev__requests;

/* That of @name, or the one of every object if it is NULL; or NULL. */
struct gev__request *gev__request_find(const char *name);

/* The same, made if need be; NULL: no memory. */
struct gev__request *gev__request_get(const char *name);

/* What was changed is kept, or taken back. */
void gev__requests_settle(bool keep);

/* Whether @name means that object: its soname, its file, or a path to it. */
bool gev__request_means(const char *name, const struct gev__object *o,
	const struct gev__dynamic *d);

#endif
