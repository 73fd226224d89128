/* SPDX-License-Identifier: MIT */
/*
 * An object that nobody linked: code right before memory that can't be read,
 * and an unwind table.
 */
#ifndef TESTS_PATCH_FAKE_H
#define TESTS_PATCH_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include "patch/site.h"

#define FAKE_PAGE 4096u
#define FAKE_CODE FAKE_PAGE  /* most of it */
#define FAKE_FUNCTIONS 32

struct fake_table {
	uint8_t version, frame, count_form, form;
	int32_t frames;
	uint32_t count;
	struct {
		int32_t start;
		int32_t description;
	} entry[FAKE_FUNCTIONS];
	struct {
		uint32_t length;
		uint32_t common;
		int32_t start;
		uint32_t size;
	} description[FAKE_FUNCTIONS];
};

struct fake {
	struct gev__object object;
	uint8_t *code;
	struct fake_table *table;
};

/* Code, a page that can't be read, the table, another such page. */
static inline bool fake_make(struct fake *f, const void *code, size_t size)
{
	const size_t all = 4 * FAKE_PAGE;
	uint8_t *p = mmap(NULL, all, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || size > FAKE_CODE)
		return false;
	mprotect(p + FAKE_PAGE, FAKE_PAGE, PROT_NONE);
	mprotect(p + 3 * FAKE_PAGE, FAKE_PAGE, PROT_NONE);
	*f = (struct fake){ .code = p + FAKE_PAGE - size,
		.table = (void *)(p + 2 * FAKE_PAGE) };
	memcpy(f->code, code, size);
	*f->table = (struct fake_table){ 1, 0x1b, 3, 0x3b, 0, 0, { { 0, 0 } },
		{ { 0, 0, 0, 0 } } };
	f->object = (struct gev__object){ .name = "fake", .base = (uintptr_t)p,
		.text = (uintptr_t)f->code,
		.text_end = (uintptr_t)p + FAKE_PAGE,
		.frames = (const uint8_t *)f->table,
		.n = 2 };
	f->object.readable[0] = (struct gev__extent){ (uintptr_t)f->code,
		(uintptr_t)p + FAKE_PAGE, false };
	f->object.readable[1] = (struct gev__extent){ (uintptr_t)f->table,
		(uintptr_t)p + 3 * FAKE_PAGE, false };
	return true;
}

/* [@from, @to) of the code is one; in the order of their starts. */
static inline void fake_function(struct fake *f, size_t from, size_t to)
{
	struct fake_table *t = f->table;
	uint32_t i = t->count++;

	t->entry[i].start = (int32_t)(f->code + from - (uint8_t *)t);
	t->entry[i].description = (int32_t)((uint8_t *)&t->description[i] -
					    (uint8_t *)t);
	t->description[i].start = (int32_t)(f->code + from -
					    (uint8_t *)&t->description[i].start);
	t->description[i].size = (uint32_t)(to - from);
}

static inline void fake_free(struct fake *f)
{
	munmap((void *)f->object.base, 4 * FAKE_PAGE);
}

#endif
