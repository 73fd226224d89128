/* SPDX-License-Identifier: MIT */
/*
 * The objects of the process: what dl_iterate_phdr() tells of each, and where
 * its functions begin and end.
 */
#ifndef GEV_PATCH_OBJECT_H
#define GEV_PATCH_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GEV__EXTENTS 16

struct gev__object {
	char name[256];             /* its path; "" if it is the program */
	const char *path;           /* the whole of it, while it can't go away */
	uintptr_t base;
	uintptr_t text;             /* the one executable segment; 0: none */
	uintptr_t text_end;
	struct gev__extent {
		uintptr_t start;
		uintptr_t end;
		bool writable;
	} readable[GEV__EXTENTS];   /* its segments; there may be holes */
	int n;
	const uint8_t *frames;      /* .eh_frame_hdr, or NULL */
	struct gev__extent relro;   /* read-only since ld.so was done with it */
	const ElfW(Dyn) *dynamic;   /* PT_DYNAMIC, or NULL */
	const char *unusual;        /* why it can't be looked into, or NULL */
};

/* Calls @see for each; it ends the round by returning other than 0. */
int gev__objects_each(int (*see)(const struct gev__object *o, void *arg),
	void *arg);

/* Takes note of one of its segments; base and name are set. */
void gev__object_add(struct gev__object *o, const ElfW(Phdr) *segment);

/* Calls @fn while no object can come or go. */
int gev__objects_hold(int (*fn)(void *arg), void *arg);

/* How many have been loaded since the process began. */
unsigned long long gev__objects_loaded(void);

bool gev__object_is(const struct gev__object *o, const char *soname);

/* The one that loads the others. */
bool gev__object_is_loader(const struct gev__object *o);

/* Whether the program was linked statically, whatever it has loaded since. */
bool gev__object_static_program(void);

/* libc.so.6; 0, or -ENOENT (a static program). */
int gev__object_libc(struct gev__object *o);

/*
 * Calls @see for each function that the object's unwind tables describe, in
 * order.  0, what @see returned, or -ENOTSUP with *why set.
 */
int gev__object_functions(const struct gev__object *o,
	int (*see)(uintptr_t start, uintptr_t end, void *arg), void *arg,
	const char **why);

/* Whether @at is memory of the object; whether ld.so left it writable. */
bool gev__object_has(const struct gev__object *o, uintptr_t at);
bool gev__object_writable(const struct gev__object *o, uintptr_t at);

/* Up to where the object can be read from @at on; @at: not at all. */
uintptr_t gev__object_readable(const struct gev__object *o, uintptr_t at);

static inline bool gev__object_has_text(const struct gev__object *o,
	uintptr_t at)
{
	return at >= o->text && at < o->text_end;
}

#endif
