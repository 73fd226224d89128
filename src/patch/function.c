/* SPDX-License-Identifier: MIT */
/*
 * Functions by their unwind tables: .eh_frame_hdr is a sorted table of where
 * each begins, and the description it points at says how long it is.  Stripped
 * objects have it too, since exceptions need it.
 *
 *	header  version 1, three encodings, pointer to .eh_frame, count,
 *	        count * { start, description }, relative to the header
 *	description  length, offset of the common part, start, length
 *
 * The linker writes it in one way only, which is all that is read here; the
 * start has to come out the same from both places.
 */
#include "patch/object.h"
#include <errno.h>
#include <string.h>

#define PCREL_SDATA4 0x1b
#define UDATA4 0x03
#define DATAREL_SDATA4 0x3b

struct header {
	uint8_t version;
	uint8_t frame_encoding;
	uint8_t count_encoding;
	uint8_t table_encoding;
	int32_t frame;
	uint32_t count;
	struct entry {
		int32_t start;
		int32_t description;
	} entries[];
};

struct description {
	uint32_t length;
	uint32_t common;
	int32_t start;
	uint32_t size;
};

static bool holds(const struct gev__object *o, const void *p, size_t size)
{
	uintptr_t at = (uintptr_t)p;

	return size <= gev__object_readable(o, at) - at;
}

static const char *wrong_header(const struct gev__object *o,
	const struct header *h)
{
	if (!h || !holds(o, h, sizeof(*h)))
		return "no unwind table";
	if (h->version != 1 || h->frame_encoding != PCREL_SDATA4 ||
		h->count_encoding != UDATA4 ||
		h->table_encoding != DATAREL_SDATA4)
		return "unwind table of an unusual form";
	if (!holds(o, h->entries, h->count * sizeof(*h->entries)))
		return "unwind table beyond the object";
	return NULL;
}

/* False: it does not describe what the table says. */
static bool extent(const struct gev__object *o, const struct header *h,
	const struct entry *entry, uintptr_t *start, uintptr_t *end)
{
	const char *at = (const char *)h + entry->description;
	struct description d;

	if (!holds(o, at, sizeof(d)))
		return false;
	memcpy(&d, at, sizeof(d));
	*start = (uintptr_t)((const char *)h + entry->start);
	*end = *start + d.size;
	return (uintptr_t)(at + offsetof(struct description, start) + d.start)
			== *start &&
	       gev__object_has_text(o, *start) && *end <= o->text_end;
}

int gev__object_functions(const struct gev__object *o,
	int (*see)(uintptr_t start, uintptr_t end, void *arg), void *arg,
	const char **why)
{
	const struct header *h = (const void *)o->frames;
	uintptr_t start, end;
	int r = 0;

	*why = o->unusual ? o->unusual : wrong_header(o, h);
	for (uint32_t i = 0; !*why && r == 0 && i < h->count; i++) {
		if (extent(o, h, &h->entries[i], &start, &end))
			r = see(start, end, arg);
		else
			*why = "unwind table with an unusual entry";
	}
	return *why ? -ENOTSUP : r;
}
