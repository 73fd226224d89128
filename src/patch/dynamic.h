/* SPDX-License-Identifier: MIT */
/*
 * What ld.so was told of an object, by its PT_DYNAMIC: its name, what it
 * needs, and where the addresses of other objects' functions are put.
 */
#ifndef GEV_PATCH_DYNAMIC_H
#define GEV_PATCH_DYNAMIC_H

#include "patch/object.h"

struct gev__dynamic {
	const ElfW(Dyn) *entries;
	const ElfW(Dyn) *end;
	const ElfW(Sym) *symbols;
	const char *strings;
	size_t strings_size;
	const char *soname;          /* or NULL */
	struct gev__relocations {
		const ElfW(Rela) *at;
		size_t n;
	} all, calls;                /* of the PLT; either may be empty */
	const char *why;             /* its slots can't be found, or NULL */
};

/* To be used while @o can't go away. */
void gev__dynamic_read(struct gev__dynamic *d, const struct gev__object *o);

/* The name of the object's @i-th dependency, or NULL. */
const char *gev__dynamic_needs(const struct gev__dynamic *d, size_t i);

/* A place that holds, or is to hold, the address of another's function. */
struct gev__slot {
	uintptr_t *at;
	const char *name;
	bool called;                 /* by the PLT: may not be bound yet */
};

/* Calls @see for each.  0, or what it returned. */
int gev__dynamic_slots(const struct gev__dynamic *d,
	const struct gev__object *o,
	int (*see)(const struct gev__slot *slot, void *arg), void *arg);

#endif
