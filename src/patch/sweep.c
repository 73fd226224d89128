/* SPDX-License-Identifier: MIT */
/*
 * Finding the system calls of an object, and the proof that they can be
 * patched.
 *
 * Every function is decoded from its first byte to its last; one that does not
 * come out even is not touched.  On the way all places that are jumped to are
 * noted: by direct jumps and calls, and by whatever may be a jump table, which
 * is taken to be all that a lea points at as long as it reads as one.  A site
 * is refused if such a place lies inside its window, if an instruction there
 * can't be moved, or if a vector register lives across the call: a greenlet
 * that parks does not keep those.
 */
#include "patch/cpu.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include "base/mem.h"
#include "patch/decode.h"

#define RECENT 8u /* power of two */
#define TABLE_MAX 16384u

struct sweep {
	struct gev__sites *sites;
	uint8_t *targets;        /* a bit for each byte of text */
	uint8_t *padding;        /* likewise */
	size_t size;             /* of each, in bytes */
	bool unreached;          /* what comes now, if nobody jumps to it */
	uintptr_t recent[RECENT]; /* instructions of this straight line */
	unsigned n;
	uintptr_t done;          /* all below was decoded */
};

static void set_bit(uint8_t *bits, size_t bit, bool on)
{
	if (on)
		bits[bit / 8] |= 1u << bit % 8;
	else
		bits[bit / 8] &= ~(1u << bit % 8);
}

static bool has_bit(const uint8_t *bits, size_t bit)
{
	return bits[bit / 8] & 1u << bit % 8;
}

static void note_target(struct sweep *s, uintptr_t to)
{
	const struct gev__object *o = &s->sites->object;

	if (gev__object_has_text(o, to))
		set_bit(s->targets, to - o->text, true);
}

static bool is_target(const struct sweep *s, uintptr_t at)
{
	return has_bit(s->targets, at - s->sites->object.text);
}

static void set_padding(struct sweep *s, uintptr_t at, size_t size, bool on)
{
	for (size_t i = 0; i < size; i++)
		set_bit(s->padding, at - s->sites->object.text + i, on);
}

/* Nobody runs the @size bytes at @at. */
static bool is_padding(const struct sweep *s, uintptr_t at, size_t size)
{
	const struct gev__object *o = &s->sites->object;

	for (size_t i = 0; i < size; i++)
		if (!gev__object_has_text(o, at + i) ||
			!has_bit(s->padding, at + i - o->text) ||
			is_target(s, at + i))
			return false;
	return true;
}

/* Offsets of code from the table's own start, as compilers write them. */
static void note_table(struct sweep *s, uintptr_t table)
{
	const struct gev__object *o = &s->sites->object;
	uintptr_t end = gev__object_readable(o, table);

	if (table % sizeof(int32_t) || gev__object_has_text(o, table))
		return;
	if (end - table > TABLE_MAX)
		end = table + TABLE_MAX;
	for (uintptr_t p = table; p + sizeof(int32_t) <= end;
		p += sizeof(int32_t)) {
		uintptr_t to = table + (uintptr_t)(long)*(const int32_t *)p;

		if (!gev__object_has_text(o, to))
			return;
		note_target(s, to);
	}
}

/* One instruction; more are added once it is known that they have to be. */
static void set_window(struct sweep *s, struct gev__site *site, uintptr_t end)
{
	site->window = site->wide = site->at;
	for (unsigned i = 1; i <= RECENT && i <= s->n; i++) {
		uintptr_t at = s->recent[(s->n - i) & (RECENT - 1)];

		if (!gev__decode_movable(at, end))
			break;
		if (i == 1)
			site->window = at;
		site->wide = at;
		site->widening = (uint8_t)i;
		if (site->at - at >= GEV__JUMP_SIZE)
			break;
	}
}

static long number(const struct sweep *s, uintptr_t end)
{
	int reg = 0;

	for (unsigned i = 1; i <= RECENT && i <= s->n; i++) {
		long nr = gev__decode_number(
			s->recent[(s->n - i) & (RECENT - 1)], end, &reg);

		if (nr != -2)
			return nr;
	}
	return -1;
}

static void add_site(struct sweep *s, uintptr_t at, uintptr_t end)
{
	struct gev__site *site;

	if (s->sites->n == s->sites->room)
		return;
	site = &s->sites->site[s->sites->n++];
	site->at = at;
	site->nr = number(s, end);
	set_window(s, site, end);
	if (gev__decode_vectors_live(at + 2, end))
		site->refused = "vector registers live across it";
}

static void refuse_from(struct sweep *s, size_t first, const char *why)
{
	for (size_t i = first; i < s->sites->n; i++)
		s->sites->site[i].refused = why;
}

/* glibc calls exit() in a loop, which it never goes round. */
static bool follows_exit(const struct sweep *s, uintptr_t at)
{
	const struct gev__sites *sites = s->sites;

	return sites->n && sites->site[sites->n - 1].nr == SYS_exit &&
	       sites->site[sites->n - 1].at + 2 == at;
}

static void note(struct sweep *s, uintptr_t at, const struct gev__insn *insn)
{
	if (insn->branches && !follows_exit(s, at))
		note_target(s, insn->target);
	if (insn->points)
		note_table(s, insn->target);
	s->recent[s->n++ & (RECENT - 1)] = at;
	if (insn->ends || insn->syscall)
		s->n = 0;
	s->unreached = insn->ends || (s->unreached && insn->fills);
	if (s->unreached && insn->fills)
		set_padding(s, at, insn->length, true);
}

/*
 * Between functions only jumps are of interest, and those may be none.  If all
 * of it does nothing it is padding.  False: it does not come out even.
 */
static bool sweep_gap(struct sweep *s, uintptr_t end)
{
	struct gev__insn insn;
	bool even = true, fills = true;

	for (uintptr_t at = s->done; at < end; at += insn.length) {
		if (!gev__decode(at, end, &insn)) {
			insn = (struct gev__insn){ .length = 1 };
			even = false;
		}
		if (insn.syscall) {
			s->n = 0;
			add_site(s, at, end);
			refuse_from(s, s->sites->n - 1, "in no known function");
		}
		if (insn.branches)
			note_target(s, insn.target);
		fills = fills && insn.fills;
	}
	if (fills && end > s->done)
		set_padding(s, s->done, end - s->done, true);
	return even;
}

static int sweep_function(uintptr_t start, uintptr_t end, void *arg)
{
	struct sweep *s = arg;
	size_t first = s->sites->n;
	uintptr_t at = start;
	struct gev__insn insn;
	bool even;

	if (start < s->done)
		return 0;
	even = sweep_gap(s, start);
	s->n = 0;
	s->unreached = false;
	note_target(s, start);
	while (at < end && gev__decode(at, end, &insn)) {
		if (insn.syscall)
			add_site(s, at, end);
		note(s, at, &insn);
		at += insn.length;
	}
	/* clone's is where its description ends: it returns twice. */
	if (at == end && s->n && gev__decode(at, s->sites->object.text_end,
				       &insn) && insn.syscall) {
		add_site(s, at, at + insn.length);
		end = at += insn.length;
	}
	if (at != end)
		refuse_from(s, first, "in a function that can't be decoded");
	else if (!even)
		refuse_from(s, first, "behind what can't be decoded");
	s->done = end;
	return 0;
}

static bool is_entered(const struct sweep *s, uintptr_t from, uintptr_t to)
{
	for (uintptr_t at = from + 1; at <= to; at++)
		if (is_target(s, at))
			return true;
	return false;
}

/* Padding for a hop near @at, which is taken; 0: there is none. */
static uintptr_t take_hop(struct sweep *s, uintptr_t at)
{
	for (uintptr_t hop = at - GEV__HOP_REACH; hop < at + GEV__HOP_REACH;
		hop++) {
		if (!is_padding(s, hop, GEV__JUMP_SIZE))
			continue;
		set_padding(s, hop, GEV__JUMP_SIZE, false);
		return hop;
	}
	return 0;
}

static void settle_window(struct sweep *s, struct gev__site *site)
{
	size_t size = site->at - site->window;

	site->instructions = 1;
	if (is_entered(s, site->window, site->at)) {
		site->refused = "is jumped to";
		return;
	} else if (size >= GEV__JUMP_SIZE) {
		return;
	} else if (size >= GEV__HOP_SIZE) {
		site->hop = take_hop(s, site->window);
		if (site->hop)
			return;
	}
	if (site->at - site->wide < GEV__JUMP_SIZE ||
		is_entered(s, site->wide, site->at))
		site->refused = "no room for a jump";
	site->window = site->wide;
	site->instructions = site->widening;
}

static void settle(struct sweep *s)
{
	for (size_t i = 0; i < s->sites->n; i++)
		if (!s->sites->site[i].refused)
			settle_window(s, &s->sites->site[i]);
}

/* As many as there can be at the most. */
static size_t count_pairs(const struct gev__object *o)
{
	size_t n = 0;

	for (const uint8_t *p = (const uint8_t *)o->text;
		p + 1 < (const uint8_t *)o->text_end; p++)
		n += p[0] == 0x0f && p[1] == 0x05;
	return n;
}

static int sweep_all(struct sweep *s)
{
	const struct gev__object *o = &s->sites->object;
	int r;

	s->done = o->text;
	r = gev__object_functions(o, sweep_function, s, &s->sites->why);
	if (r < 0) {
		s->sites->n = 0;
		return r;
	}
	s->n = 0;
	sweep_gap(s, o->text_end);
	settle(s);
	return 0;
}

int gev__cpu_find(struct gev__sites *sites)
{
	struct sweep s = { .sites = sites };
	const struct gev__object *o = &sites->object;
	int r = gev__sites_reserve(sites, count_pairs(o));

	if (r < 0 || !sites->room)
		return r;
	s.size = (o->text_end - o->text) / 8 + 1;
	s.targets = gev__map(2 * s.size);
	if (!s.targets)
		return -ENOMEM;
	s.padding = s.targets + s.size;
	r = sweep_all(&s);
	gev__unmap(s.targets, 2 * s.size);
	return r;
}
