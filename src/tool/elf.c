/* SPDX-License-Identifier: MIT */
#include "tool/elf.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 65536u
#define GO_BUILD_ID 4 /* a note's type */
#define GNU_HASH_FIRST 4 /* where a DT_GNU_HASH says what it leaves out */

static const char *wrong_header(const struct gev__elf *elf)
{
	const uint8_t *id = elf->data;

	if (id[EI_CLASS] == ELFCLASS32)
		return "a 32-bit program";
	if (id[EI_CLASS] != ELFCLASS64)
		return "neither a 32-bit nor a 64-bit program";
	if (id[EI_DATA] != ELFDATA2LSB)
		return "a program for a big-endian CPU";
	if (!gev__elf_read(elf, 0, (void *)&elf->header, sizeof(elf->header)))
		return "cut off";
	if (elf->header.e_phentsize != sizeof(Elf64_Phdr))
		return "without program headers";
	return NULL;
}

static int map(struct gev__elf *elf, int fd)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < EI_NIDENT)
		return -ENOEXEC;
	elf->size = (size_t)st.st_size;
	data = mmap(NULL, elf->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	elf->data = data;
	return 0;
}

int gev__elf_open(struct gev__elf *elf, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	*elf = (struct gev__elf){ 0 };
	if (fd < 0)
		return -errno;
	r = map(elf, fd);
	close(fd);
	if (r < 0)
		return r;
	if (memcmp(elf->data, ELFMAG, SELFMAG)) {
		gev__elf_close(elf);
		return -ENOEXEC;
	}
	elf->wrong = wrong_header(elf);
	return 0;
}

void gev__elf_close(struct gev__elf *elf)
{
	if (elf->data)
		munmap((void *)elf->data, elf->size);
	elf->data = NULL;
	elf->size = 0;
}

bool gev__elf_read(const struct gev__elf *elf, uint64_t at, void *to,
	size_t size)
{
	if (at > elf->size || size > elf->size - at)
		return false;
	memcpy(to, elf->data + at, size);
	return true;
}

const char *gev__elf_string(const struct gev__elf *elf, uint64_t at)
{
	if (at >= elf->size || !memchr(elf->data + at, 0, elf->size - at))
		return NULL;
	return (const char *)elf->data + at;
}

bool gev__elf_segment(const struct gev__elf *elf, unsigned i, Elf64_Phdr *to)
{
	return i < elf->header.e_phnum &&
	       elf->header.e_phoff <= elf->size &&
	       gev__elf_read(elf, elf->header.e_phoff + i * sizeof(*to), to,
		       sizeof(*to));
}

bool gev__elf_find(const struct gev__elf *elf, uint32_t type, Elf64_Phdr *to)
{
	for (unsigned i = 0; gev__elf_segment(elf, i, to); i++)
		if (to->p_type == type)
			return true;
	return false;
}

bool gev__elf_offset(const struct gev__elf *elf, uint64_t address, uint64_t *at)
{
	Elf64_Phdr s;

	for (unsigned i = 0; gev__elf_segment(elf, i, &s); i++) {
		if (s.p_type != PT_LOAD || address < s.p_vaddr ||
			address - s.p_vaddr >= s.p_filesz)
			continue;
		*at = address - s.p_vaddr + s.p_offset;
		return true;
	}
	return false;
}

bool gev__elf_dynamic(const struct gev__elf *elf, int64_t tag, unsigned i,
	uint64_t *value)
{
	Elf64_Phdr s;
	Elf64_Dyn d;

	if (!gev__elf_find(elf, PT_DYNAMIC, &s) || s.p_offset > elf->size)
		return false;
	for (unsigned n = 0; n < ENTRIES_MAX; n++) {
		if (!gev__elf_read(elf, s.p_offset + n * sizeof(d), &d,
			    sizeof(d)) || d.d_tag == DT_NULL)
			return false;
		if (d.d_tag != tag || i-- > 0)
			continue;
		*value = d.d_un.d_val;
		return true;
	}
	return false;
}

/* Where in the file the table lies that an entry points at. */
static bool table(const struct gev__elf *elf, int64_t tag, uint64_t *at)
{
	uint64_t address;

	return gev__elf_dynamic(elf, tag, 0, &address) &&
	       gev__elf_offset(elf, address, at) && *at <= elf->size;
}

static const char *named(const struct gev__elf *elf, uint64_t strings,
	uint64_t name)
{
	return name < elf->size ? gev__elf_string(elf, strings + name) : NULL;
}

const char *gev__elf_dynamic_string(const struct gev__elf *elf, int64_t tag,
	unsigned i)
{
	uint64_t strings, name;

	if (!table(elf, DT_STRTAB, &strings) ||
		!gev__elf_dynamic(elf, tag, i, &name))
		return NULL;
	return named(elf, strings, name);
}

/*
 * How many symbols there are; nothing says so but the hash tables, and the
 * newer one leaves out just those at the front that are imported.
 */
static uint32_t count_symbols(const struct gev__elf *elf)
{
	uint32_t n = 0;
	uint64_t at;

	if (table(elf, DT_HASH, &at))
		gev__elf_read(elf, at + sizeof(n), &n, sizeof(n));
	else if (table(elf, DT_GNU_HASH, &at))
		gev__elf_read(elf, at + GNU_HASH_FIRST, &n, sizeof(n));
	return n;
}

bool gev__elf_imports(const struct gev__elf *elf, const char *name)
{
	uint64_t symbols, strings;
	uint32_t n = count_symbols(elf);
	Elf64_Sym s;

	if (!table(elf, DT_SYMTAB, &symbols) || !table(elf, DT_STRTAB,
						&strings))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const char *found;

		if (!gev__elf_read(elf, symbols + i * sizeof(s), &s, sizeof(s)))
			return false;
		found = s.st_shndx == SHN_UNDEF ?
				named(elf, strings, s.st_name) : NULL;
		if (found && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

static bool is_named(const struct gev__elf *elf, uint32_t symbol,
	const char *name)
{
	uint64_t symbols, strings;
	const char *found;
	Elf64_Sym s;

	if (!table(elf, DT_SYMTAB, &symbols) ||
		!table(elf, DT_STRTAB, &strings) ||
		!gev__elf_read(elf, symbols + (uint64_t)symbol * sizeof(s), &s,
			sizeof(s)))
		return false;
	found = named(elf, strings, s.st_name);
	return found && strcmp(found, name) == 0;
}

/*
 * DT_GNU_HASH: how many buckets, the first symbol, how many words of a filter;
 * those words, the buckets' first symbols, and for each symbol its hash, which
 * is odd at a bucket's last.
 */
bool gev__elf_exports(const struct gev__elf *elf, const char *name)
{
	const uint32_t wanted = hash_of(name);
	uint32_t head[4], symbol, hash = 0;
	uint64_t at;

	if (!table(elf, DT_GNU_HASH, &at) ||
		!gev__elf_read(elf, at, head, sizeof(head)) || !head[0])
		return false;
	at += sizeof(head) + head[2] * sizeof(uint64_t);
	if (!gev__elf_read(elf, at + wanted % head[0] * sizeof(symbol), &symbol,
		    sizeof(symbol)) || symbol < head[1])
		return false;
	at += (uint64_t)head[0] * sizeof(symbol);
	for (; !(hash & 1); symbol++) {
		if (!gev__elf_read(elf, at + (uint64_t)(symbol - head[1]) *
				    sizeof(hash), &hash, sizeof(hash)))
			return false;
		if ((hash | 1) == (wanted | 1) && is_named(elf, symbol, name))
			return true;
	}
	return false;
}

static bool section(const struct gev__elf *elf, unsigned i, Elf64_Shdr *to)
{
	return elf->header.e_shentsize == sizeof(*to) &&
	       elf->header.e_shoff <= elf->size &&
	       gev__elf_read(elf, elf->header.e_shoff + i * sizeof(*to), to,
		       sizeof(*to));
}

bool gev__elf_has_section(const struct gev__elf *elf, const char *name)
{
	Elf64_Shdr names, s;

	if (!section(elf, elf->header.e_shstrndx, &names))
		return false;
	for (unsigned i = 0; i < elf->header.e_shnum && section(elf, i, &s);
		i++) {
		const char *found = named(elf, names.sh_offset, s.sh_name);

		if (found && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~(uint64_t)3;
}

/* Of one segment: those are 4-byte aligned, whatever the segment says. */
static const uint8_t *note_in(const struct gev__elf *elf, const Elf64_Phdr *s,
	const char *owner, uint32_t type, uint32_t *size)
{
	const size_t length = strlen(owner) + 1;
	uint64_t at = s->p_offset;
	Elf64_Nhdr n;

	while (at >= s->p_offset && at - s->p_offset < s->p_filesz &&
		gev__elf_read(elf, at, &n, sizeof(n))) {
		const uint64_t name = at + sizeof(n);
		const uint64_t text = name + padded(n.n_namesz);

		at = text + padded(n.n_descsz);
		if (at > elf->size)
			return NULL;
		if (n.n_type != type || n.n_namesz != length ||
			memcmp(elf->data + name, owner, length))
			continue;
		*size = n.n_descsz;
		return elf->data + text;
	}
	return NULL;
}

const uint8_t *gev__elf_note(const struct gev__elf *elf, const char *owner,
	uint32_t type, uint32_t *size)
{
	Elf64_Phdr s;

	for (unsigned i = 0; gev__elf_segment(elf, i, &s); i++) {
		const uint8_t *found = s.p_type != PT_NOTE ? NULL :
			note_in(elf, &s, owner, type, size);

		if (found)
			return found;
	}
	return NULL;
}

bool gev__elf_is_go(const struct gev__elf *elf)
{
	uint32_t size;

	return gev__elf_note(elf, "Go", GO_BUILD_ID, &size) ||
	       gev__elf_has_section(elf, ".note.go.buildid") ||
	       gev__elf_has_section(elf, ".gopclntab");
}

const char *gev__elf_interpreter(const struct gev__elf *elf)
{
	Elf64_Phdr s;

	if (!gev__elf_find(elf, PT_INTERP, &s))
		return NULL;
	return gev__elf_string(elf, s.p_offset);
}

bool gev__elf_needs(const struct gev__elf *elf, const char *library)
{
	const char *name;

	for (unsigned i = 0;
		(name = gev__elf_dynamic_string(elf, DT_NEEDED, i)); i++)
		if (strncmp(name, library, strlen(library)) == 0)
			return true;
	return false;
}
