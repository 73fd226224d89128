/* SPDX-License-Identifier: MIT */
/*
 * Finding the system calls of an object, on aarch64.
 *
 * Instructions are words, and a site is one of them, so whoever jumps wherever
 * is none of our business: only that the word is an instruction is to be
 * proven.  It is one if it lies in a function and the same straight line has
 * set x8, the call's number, before; data would not look like that.
 */
#include <errno.h>
#include "patch/cpu.h"

#define WORD sizeof(uint32_t)
#define SVC_0 0xd4000001u

/* What is known of x8. */
#define UNSET (-2)
#define ANY (-1)

static bool matches(uint32_t insn, uint32_t mask, uint32_t bits)
{
	return (insn & mask) == bits;
}

/* What follows is not reached from here, or by way of a call that changes x8. */
static bool ends(uint32_t insn)
{
	return matches(insn, 0x7c000000, 0x14000000) || /* b, bl */
	       matches(insn, 0xfe000000, 0xd6000000) || /* br, blr, ret, eret */
	       matches(insn, 0xffe00000, 0xd4200000) || /* brk */
	       matches(insn, 0xffff0000, 0);            /* udf */
}

/* movz x8 or w8, unshifted. */
static bool is_number(uint32_t insn)
{
	return matches(insn, 0x7fe0001f, 0x52800008);
}

/*
 * Whether x8 may be its destination: the first register that is named, or the
 * second of a pair that is loaded.  A store looks like that, too: no harm.
 */
static bool may_write_x8(uint32_t insn)
{
	return (insn & 31) == 8 || matches(insn, 0x3a407c00, 0x28402000);
}

/* Where a branch within an object leads to, or 0. */
static uintptr_t target(const uint32_t *at)
{
	uintptr_t from = (uintptr_t)at;
	uint32_t i = *at;

	if (matches(i, 0x7c000000, 0x14000000)) /* b, bl */
		return from + (uintptr_t)((int32_t)(i << 6) >> 4);
	if (matches(i, 0xff000000, 0x54000000) || /* b.cond */
		matches(i, 0x7e000000, 0x34000000)) /* cbz */
		return from + (uintptr_t)(((int32_t)(i << 8) >> 11) & ~3);
	if (matches(i, 0x7e000000, 0x36000000)) /* tbz */
		return from + (uintptr_t)(((int32_t)(i << 13) >> 16) & ~3);
	return 0;
}

/* Whether a branch of the function leads behind @from and up to @to. */
static bool is_entered(const uint32_t *start, const uint32_t *end,
	const uint32_t *from, const uint32_t *to)
{
	for (const uint32_t *p = start; p < end; p++)
		if (target(p) > (uintptr_t)from && target(p) <= (uintptr_t)to)
			return true;
	return false;
}

static void add_site(struct gev__sites *sites, const uint32_t *at, long nr)
{
	struct gev__site *site = &sites->site[sites->n++];

	site->at = site->window = (uintptr_t)at;
	site->instructions = 1;
	site->nr = nr == UNSET ? ANY : nr;
	if (nr == UNSET)
		site->refused = "nothing before it says which call it is";
}

struct search {
	struct gev__sites *sites;
	uintptr_t done;          /* all functions below were looked into */
};

static int search_function(uintptr_t from, uintptr_t to, void *arg)
{
	const uint32_t *start = (const uint32_t *)from;
	const uint32_t *end = (const uint32_t *)(to & -WORD);
	struct search *s = arg;
	const uint32_t *set = start;
	long nr = UNSET;

	if (from < s->done || from % WORD)
		return 0;
	for (const uint32_t *p = start; p < end; p++) {
		if (is_number(*p) || may_write_x8(*p)) {
			nr = is_number(*p) ? (long)(*p >> 5 & 0xffff) : ANY;
			set = p;
		} else if (*p == SVC_0) {
			if (nr >= 0 && is_entered(start, end, set, p))
				nr = ANY;
			add_site(s->sites, p, nr);
		} else if (ends(*p)) {
			nr = UNSET;
		}
	}
	s->done = to;
	return 0;
}

/* As many as there can be at the most. */
static size_t count_words(const struct gev__object *o)
{
	size_t n = 0;

	for (uintptr_t p = (o->text + WORD - 1) & -WORD; p + WORD <= o->text_end;
		p += WORD)
		n += *(const uint32_t *)p == SVC_0;
	return n;
}

int gev__cpu_find(struct gev__sites *sites)
{
	struct search s = { sites, sites->object.text };
	int r = gev__sites_reserve(sites, count_words(&sites->object));

	if (r < 0 || !sites->room)
		return r;
	return gev__object_functions(&sites->object, search_function, &s,
		&sites->why);
}
