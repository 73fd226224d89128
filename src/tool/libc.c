/* SPDX-License-Identifier: MIT */
/*
 * The libc a program would load, and whether its system calls can be found.
 * The file is mapped as it would be, only that nothing of it may be executed,
 * and searched as `gev run` will search it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "patch/engine.h"
#include "tool/cache.h"
#include "tool/examine.h"
#include "tool/tool.h"

#define SPAN_MAX (1ul << 30)
#define NAME "libc.so.6"

struct image {
	char *base;
	size_t span;
};

static size_t page_of(uint64_t address)
{
	return address & -(size_t)sysconf(_SC_PAGESIZE);
}

/* How much address space it takes; 0: it can't be so. */
static size_t span_of(const struct gev__elf *elf)
{
	size_t span = 0;
	Elf64_Phdr s;

	for (unsigned i = 0; gev__elf_segment(elf, i, &s); i++) {
		if (s.p_type != PT_LOAD)
			continue;
		if (s.p_vaddr > SPAN_MAX || s.p_memsz > SPAN_MAX ||
			s.p_filesz > s.p_memsz || s.p_offset > elf->size ||
			s.p_filesz > elf->size - s.p_offset ||
			s.p_vaddr - page_of(s.p_vaddr) !=
				s.p_offset - page_of(s.p_offset))
			return 0;
		if (s.p_vaddr + s.p_memsz > span)
			span = s.p_vaddr + s.p_memsz;
	}
	return span;
}

static bool map_segment(const struct image *image, int fd, const Elf64_Phdr *s)
{
	size_t skip = s->p_vaddr - page_of(s->p_vaddr);

	return !s->p_filesz ||
	       mmap(image->base + s->p_vaddr - skip, s->p_filesz + skip,
		       PROT_READ, MAP_PRIVATE | MAP_FIXED, fd,
		       (off_t)(s->p_offset - skip)) != MAP_FAILED;
}

static bool map(struct image *image, const struct gev__elf *elf,
	const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool done = true;
	Elf64_Phdr s;

	if (fd < 0)
		return false;
	image->base = mmap(NULL, image->span, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image->base == MAP_FAILED)
		done = false;
	for (unsigned i = 0; done && gev__elf_segment(elf, i, &s); i++)
		if (s.p_type == PT_LOAD)
			done = map_segment(image, fd, &s);
	close(fd);
	return done;
}

static void describe(struct gev__object *o, const struct gev__elf *elf)
{
	Elf64_Phdr s;

	for (unsigned i = 0; gev__elf_segment(elf, i, &s); i++)
		gev__object_add(o, &s);
}

static void tell(struct gev__findings *f, const char *path,
	const struct gev__searched *s)
{
	gev__found(f, "libc", s->calls ? GEV__FINE : GEV__NOTE,
		"%s makes %zu system calls: %zu can be rewritten, %zu are "
		"left to the kernel's dispatch", path, s->calls,
		s->calls - s->refused, s->refused);
	memcpy(f->hint, s->hint, sizeof(f->hint));
}

/* The library can do nothing without the hint. */
static void sum_up(struct gev__searched *s, const struct gev__sites *sites,
	const struct gev__elf *elf)
{
	uint32_t size;
	const uint8_t *id = gev__elf_note(elf, "GNU", NT_GNU_BUILD_ID, &size);

	s->calls = sites->n;
	s->refused = 0;
	for (size_t i = 0; i < sites->n; i++)
		s->refused += sites->site[i].refused != NULL;
	if (!id || !gev__hint_write(s->hint, sites, id, size))
		*s->hint = '\0';
}

/* Says so if it can't be done. */
static bool search(struct gev__findings *f, const char *path,
	const struct image *image, const struct gev__elf *elf,
	struct gev__searched *s)
{
	struct gev__object o = { .base = (uintptr_t)image->base };
	struct gev__sites sites;

	snprintf(o.name, sizeof(o.name), "%.*s",
		(int)sizeof(o.name) - 1, path);
	describe(&o, elf);
	if (gev__sites_find(&sites, &o) < 0) {
		gev__found_bad(f, "libc", GEV__REFUSED, "%s: %s", path,
			sites.why ? sites.why : strerror(ENOMEM));
		return false;
	}
	sum_up(s, &sites, elf);
	gev__sites_free(&sites);
	return true;
}

static bool map_and_search(struct gev__findings *f, const char *path,
	const struct gev__elf *elf, struct gev__searched *s)
{
	struct image image = { .span = elf->wrong ? 0 : span_of(elf) };
	bool found = false;

	if (!image.span) {
		gev__found_bad(f, "libc", GEV__REFUSED, "%s is no library for this "
			"CPU", path);
		return false;
	}
	if (map(&image, elf, path))
		found = search(f, path, &image, elf, s);
	else
		gev__found_bad(f, "libc", GEV__REFUSED, "%s can't be mapped: %s",
			path, strerror(errno));
	if (image.base && image.base != MAP_FAILED)
		munmap(image.base, image.span);
	return found;
}

static void examine(struct gev__findings *f, const char *path,
	const struct gev__elf *elf)
{
	struct gev__searched s;

	if (!gev__cache_get(elf, &s)) {
		if (!map_and_search(f, path, elf, &s))
			return;
		if (*s.hint)
			gev__cache_put(elf, &s);
	}
	tell(f, path, &s);
}

static bool try(const char *directory, size_t length, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%.*s/" NAME, (int)length, directory) <
		       PATH_MAX && access(path, R_OK) == 0;
}

/* In one of the directories of a list as of LD_LIBRARY_PATH. */
static bool try_list(const char *list, char path[PATH_MAX])
{
	while (list && *list) {
		size_t length = strcspn(list, ":");

		if (*list == '/' && try(list, length, path))
			return true;
		list += length + (list[length] == ':');
	}
	return false;
}

static bool try_next_to(const char *loader, char path[PATH_MAX])
{
	char real[PATH_MAX];

	return realpath(loader, real) &&
	       try(real, (size_t)(strrchr(real, '/') - real), path);
}

/* Where the loader looks; what it has been told of in its cache is last. */
static bool find(const char *loader, const struct gev__elf *elf,
	char path[PATH_MAX])
{
	struct gev__object own;

	if (try_list(gev__elf_dynamic_string(elf, DT_RPATH, 0), path) ||
		try_list(getenv("LD_LIBRARY_PATH"), path) ||
		try_list(gev__elf_dynamic_string(elf, DT_RUNPATH, 0), path) ||
		try_next_to(loader, path))
		return true;
	if (gev__object_libc(&own) < 0)
		return false;
	snprintf(path, PATH_MAX, "%s", own.name);
	return true;
}

void gev__examine_libc(struct gev__findings *f, const char *loader,
	const struct gev__elf *program)
{
	const char *refused = gev__process_refused();
	char path[PATH_MAX];
	struct gev__elf elf;
	int r;

	if (refused) {
		gev__found_bad(f, "libc", GEV__REFUSED, "can't be patched: %s",
			refused);
		return;
	}
	if (!find(loader, program, path)) {
		gev__found(f, "libc", GEV__NOTE, "not found beforehand");
		return;
	}
	r = gev__elf_open(&elf, path);
	if (r < 0) {
		gev__found_bad(f, "libc", GEV__REFUSED, "%s: %s", path,
			strerror(-r));
		return;
	}
	examine(f, path, &elf);
	gev__elf_close(&elf);
}
