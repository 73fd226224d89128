/* SPDX-License-Identifier: MIT */
/*
 * ELF files, read by hand.
 *
 * Nothing in a file is believed: whatever it points at is looked up by
 * gev__elf_read() or gev__elf_string(), which know where the file ends.
 */
#ifndef GEV_TOOL_ELF_H
#define GEV_TOOL_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gev__elf {
	const uint8_t *data;
	size_t size;
	Elf64_Ehdr header;      /* of the 64-bit class only */
	const char *wrong;      /* why no more than its name is known, or NULL */
};

/* What begins like one: 0.  -ENOEXEC: no ELF file; -errno: can't be read. */
int gev__elf_open(struct gev__elf *elf, const char *path);
void gev__elf_close(struct gev__elf *elf);

/* False: not all of it is in the file. */
bool gev__elf_read(const struct gev__elf *elf, uint64_t at, void *to,
	size_t size);

/* The string at @at of the file; NULL: it does not end there. */
const char *gev__elf_string(const struct gev__elf *elf, uint64_t at);

/* The @i-th segment; false: there is none. */
bool gev__elf_segment(const struct gev__elf *elf, unsigned i, Elf64_Phdr *to);

/* The first of @type. */
bool gev__elf_find(const struct gev__elf *elf, uint32_t type, Elf64_Phdr *to);

/* Where in the file that lies which is to be at @address. */
bool gev__elf_offset(const struct gev__elf *elf, uint64_t address,
	uint64_t *at);

/* The @i-th entry of the dynamic section with @tag. */
bool gev__elf_dynamic(const struct gev__elf *elf, int64_t tag, unsigned i,
	uint64_t *value);

/* The string that this entry names, or NULL. */
const char *gev__elf_dynamic_string(const struct gev__elf *elf, int64_t tag,
	unsigned i);

/* Whether it wants function @name of some library. */
bool gev__elf_imports(const struct gev__elf *elf, const char *name);

/* Whether others can call its function @name. */
bool gev__elf_exports(const struct gev__elf *elf, const char *name);

bool gev__elf_has_section(const struct gev__elf *elf, const char *name);

/* The bytes of a note, and how many; NULL: there is none. */
const uint8_t *gev__elf_note(const struct gev__elf *elf, const char *owner,
	uint32_t type, uint32_t *size);

/* The loader it asks for, or NULL. */
const char *gev__elf_interpreter(const struct gev__elf *elf);

/* Whether it needs a library whose name begins like @library. */
bool gev__elf_needs(const struct gev__elf *elf, const char *library);

/* Whether Go's linker made it. */
bool gev__elf_is_go(const struct gev__elf *elf);

#endif
