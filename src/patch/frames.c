/* SPDX-License-Identifier: MIT */
/*
 * A stub lies in no object that could have unwind tables.  But a thread can be
 * interrupted in it, to be cancelled or profiled, and on aarch64 the kernel's
 * calls are made in stubs.  So libgcc, whose unwinder glibc uses, is told of
 * them: a common part, and for each stub a description, which gives the place
 * behind the system call for its return address.
 */
#include "patch/frames.h"
#include <dlfcn.h>
#include "base/mem.h"
#include "patch/cpu.h"

#define COMMON_SIZE 16
#define STUB_SIZE 128 /* at the most */
#define VERSION 1

/* What precedes the whole is its length, without that itself. */
static uint8_t *finish(uint8_t *start, uint8_t *end)
{
	uint32_t length;

	while ((end - start) % sizeof(void *))
		*end++ = 0; /* DW_CFA_nop */
	length = (uint32_t)(end - start) - sizeof(length);
	memcpy(start, &length, sizeof(length));
	return end;
}

static uint8_t *add_common(uint8_t *to)
{
	uint8_t *p = to + sizeof(uint32_t) + sizeof(uint32_t);

	*p++ = VERSION;
	*p++ = 0;         /* nothing special: pointers are absolute */
	*p++ = 1;         /* code is measured in bytes, */
	*p++ = -8 & 0x7f; /* the stack in words, downwards */
	*p++ = gev__cpu_return_column;
	return finish(to, p);
}

static uint8_t *add_stub(uint8_t *to, const uint8_t *common,
	const struct gev__site *s)
{
	uint8_t *p = to + sizeof(uint32_t);
	const uint32_t distance = (uint32_t)(p - common);
	const uintptr_t extent[] = { (uintptr_t)s->stub, GEV__STUB_SIZE };

	p = mempcpy(p, &distance, sizeof(distance));
	p = mempcpy(p, extent, sizeof(extent));
	return finish(to, gev__cpu_frame(p, s));
}

static size_t size_of(const struct gev__sites *sites)
{
	size_t size = COMMON_SIZE + sizeof(uint32_t);

	for (size_t i = 0; i < sites->n; i++)
		if (sites->site[i].stub)
			size += STUB_SIZE;
	return size;
}

/* As long as there are stubs, which is for ever. */
void gev__frames_add(const struct gev__sites *sites)
{
	void *libgcc = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
	void (*add)(void *) = libgcc ? dlsym(libgcc, "__register_frame") : NULL;
	uint8_t *tables = add ? gev__map(size_of(sites)) : NULL;
	uint8_t *end;

	if (!tables)
		return;
	end = add_common(tables);
	for (size_t i = 0; i < sites->n; i++)
		if (sites->site[i].stub)
			end = add_stub(end, tables, &sites->site[i]);
	add(tables);
}
