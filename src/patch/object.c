/* SPDX-License-Identifier: MIT */
#include "patch/object.h"
#include <errno.h>
#include <gnu/libc-version.h>
#include <string.h>
#include <unistd.h>

/* As ld.so does: the page that is not whole stays writable. */
static struct gev__extent pages(uintptr_t start, uintptr_t end)
{
	uintptr_t mask = -(uintptr_t)getpagesize();

	return (struct gev__extent){ start & mask, end & mask, false };
}

void gev__object_add(struct gev__object *o, const ElfW(Phdr) *segment)
{
	uintptr_t start = o->base + segment->p_vaddr;
	uintptr_t end = start + segment->p_filesz;

	if (segment->p_type == PT_GNU_EH_FRAME)
		o->frames = (const uint8_t *)start;
	if (segment->p_type == PT_DYNAMIC)
		o->dynamic = (const void *)start;
	if (segment->p_type == PT_GNU_RELRO)
		o->relro = pages(start, start + segment->p_memsz);
	if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R))
		return;
	if (o->n < GEV__EXTENTS)
		o->readable[o->n++] = (struct gev__extent){ start, end,
			segment->p_flags & PF_W };
	if (!(segment->p_flags & PF_X))
		return;
	if (o->text)
		o->unusual = "several executable segments";
	o->text = start;
	o->text_end = end;
}

struct round {
	int (*see)(const struct gev__object *o, void *arg);
	void *arg;
};

static int see_one(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct round *round = arg;
	struct gev__object o = { .base = info->dlpi_addr,
		.path = info->dlpi_name };

	(void)size;
	strncat(o.name, info->dlpi_name, sizeof(o.name) - 1);
	for (int i = 0; i < info->dlpi_phnum; i++)
		gev__object_add(&o, &info->dlpi_phdr[i]);
	return round->see(&o, round->arg);
}

int gev__objects_each(int (*see)(const struct gev__object *o, void *arg),
	void *arg)
{
	struct round round = { see, arg };

	return dl_iterate_phdr(see_one, &round);
}

struct held {
	int (*fn)(void *arg);
	void *arg;
	int result;
};

static int run_held(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct held *held = arg;

	(void)info;
	(void)size;
	held->result = held->fn(held->arg);
	return 1;
}

/* ld.so has a lock for the round, which its holder may take again. */
int gev__objects_hold(int (*fn)(void *arg), void *arg)
{
	struct held held = { .fn = fn, .arg = arg };

	dl_iterate_phdr(run_held, &held);
	return held.result;
}

static int take_loaded(struct dl_phdr_info *info, size_t size, void *loaded)
{
	(void)size;
	*(unsigned long long *)loaded = info->dlpi_adds;
	return 1;
}

unsigned long long gev__objects_loaded(void)
{
	unsigned long long loaded = 0;

	dl_iterate_phdr(take_loaded, &loaded);
	return loaded;
}

static const struct gev__extent *extent_of(const struct gev__object *o,
	uintptr_t at)
{
	for (int i = 0; i < o->n; i++)
		if (at >= o->readable[i].start && at < o->readable[i].end)
			return &o->readable[i];
	return NULL;
}

bool gev__object_has(const struct gev__object *o, uintptr_t at)
{
	return extent_of(o, at) != NULL;
}

bool gev__object_writable(const struct gev__object *o, uintptr_t at)
{
	const struct gev__extent *e = extent_of(o, at);

	return e && e->writable;
}

uintptr_t gev__object_readable(const struct gev__object *o, uintptr_t at)
{
	const struct gev__extent *e = extent_of(o, at);

	return e ? e->end : at;
}

static const char *soname_of(const struct gev__object *o)
{
	const char *slash = strrchr(o->name, '/');

	return slash ? slash + 1 : o->name;
}

bool gev__object_is(const struct gev__object *o, const char *soname)
{
	return strcmp(soname_of(o), soname) == 0;
}

bool gev__object_is_loader(const struct gev__object *o)
{
	static const char prefix[] = "ld-linux";

	return strncmp(soname_of(o), prefix, sizeof(prefix) - 1) == 0;
}

/* A static program that loads a library gets another one with it. */
static bool is_ours(const struct gev__object *o)
{
	uintptr_t in_libc = (uintptr_t)gnu_get_libc_version();

	return gev__object_readable(o, in_libc) != in_libc;
}

static int take_libc(const struct gev__object *o, void *found)
{
	if (!gev__object_is(o, "libc.so.6") || !is_ours(o))
		return 0;
	*(struct gev__object *)found = *o;
	return 1;
}

static int has_loader(struct dl_phdr_info *program, size_t size, void *arg)
{
	(void)size;
	for (int i = 0; i < program->dlpi_phnum; i++)
		if (program->dlpi_phdr[i].p_type == PT_INTERP)
			*(bool *)arg = true;
	return 1;
}

bool gev__object_static_program(void)
{
	bool loaded = false;

	dl_iterate_phdr(has_loader, &loaded);
	return !loaded;
}

int gev__object_libc(struct gev__object *o)
{
	return gev__objects_each(take_libc, o) ? 0 : -ENOENT;
}
