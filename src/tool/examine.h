/* SPDX-License-Identifier: MIT */
/* What is to be known of a program before it is run. */
#ifndef GEV_TOOL_EXAMINE_H
#define GEV_TOOL_EXAMINE_H

#include "tool/elf.h"
#include "tool/findings.h"

/*
 * All of it for @name, as a shell would find it.  What it is made of (a
 * script's interpreter) is followed.
 */
void gev__examine(struct gev__findings *f, const char *name);

/* binary.c: the file at @path, which is an ELF file. */
void gev__examine_binary(struct gev__findings *f, const char *path,
	const struct gev__elf *elf);

/* libc.c: the libc that this program would load, and its system calls. */
void gev__examine_libc(struct gev__findings *f, const char *loader,
	const struct gev__elf *elf);

/* libraries.c: what this program would be loaded with. */
void gev__examine_libraries(struct gev__findings *f, const char *loader,
	const char *path);

/* kernel.c: what the kernel has to offer. */
void gev__examine_kernel(struct gev__findings *f);

#endif
