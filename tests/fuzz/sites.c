/* SPDX-License-Identifier: MIT */
/*
 * Finding system calls in any code: whatever it is, nothing is read that is not
 * there, and no place is accepted that a jump leads into.
 *
 *	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address
 *	ninja -C build-fuzz && build-fuzz/tests/fuzz/sites tests/fuzz/sites
 *
 * The input: how long each of up to 16 functions is, and pieces of code.
 */
#include <stdlib.h>
#include "operations.h"
#include "patch/cpu.h"
#include "patch/fake.h"

#define FUNCTIONS 16u
#define MOST 2048u

#if defined(__aarch64__)
static const uint32_t pieces[][2] = { { 0xd2800008, 0xd4000001 }, { 0xd4000001 },
	{ 0x52800808 }, { 0x54000040 }, { 0x17fffffe }, { 0xd65f03c0 },
	{ 0x94000001 }, { 0xf9400008 } };

static size_t add_piece(uint8_t *to, uint8_t choice, uint8_t value)
{
	const uint32_t *p = pieces[choice % 8];
	uint32_t word = choice & 8 ? value * 0x01010101u : p[0];

	memcpy(to, &word, sizeof(word));
	if (choice & 8 || !p[1])
		return 4;
	memcpy(to + 4, &p[1], 4);
	return 8;
}

/* Here nothing but the call itself is replaced. */
static bool is_sound(const struct fake *f, const struct gev__site *s)
{
	uint32_t word;

	memcpy(&word, (void *)s->at, sizeof(word));
	return s->at % 4 == 0 && s->window == s->at && word == 0xd4000001 &&
	       gev__object_has_text(&f->object, s->at);
}
#else
#include "patch/decode.h"

static const struct {
	uint8_t size;
	uint8_t bytes[8];
} pieces[] = {
	{ 7, { 0xb8, 1, 0, 0, 0, 0x0f, 0x05 } },
	{ 2, { 0x0f, 0x05 } },
	{ 2, { 0x31, 0xc0 } },
	{ 2, { 0xeb } },
	{ 2, { 0x75 } },
	{ 1, { 0xc3 } },
	{ 1, { 0x90 } },
	{ 5, { 0x0f, 0x1f, 0x44, 0, 0 } },
	{ 5, { 0xe9 } },
	{ 5, { 0xe8 } },
	{ 3, { 0x48, 0x89, 0xfe } },
	{ 7, { 0x48, 0x8d, 0x15, 0, 0x10 } },
	{ 1, { 0x50 } },
	{ 4, { 0x0f, 0x6f, 0xc1, 0x90 } },
};

/* One of them, its last byte or a jump's distance being @value; or that. */
static size_t add_piece(uint8_t *to, uint8_t choice, uint8_t value)
{
	const size_t n = sizeof(pieces) / sizeof(*pieces);
	size_t size = choice % 16 < n ? pieces[choice % 16].size : 1;

	if (choice % 16 >= n) {
		*to = value;
		return 1;
	}
	memcpy(to, pieces[choice % 16].bytes, size);
	if (to[0] == 0xeb || to[0] == 0x75)
		to[1] = value;
	if (to[0] == 0xe9 || to[0] == 0xe8)
		memcpy(to + 1, &(int32_t){ (int8_t)value }, 4);
	return size;
}

/* Whether an instruction of the function jumps to where code will change. */
static bool leads_into(uintptr_t from, uintptr_t to, const struct gev__site *s)
{
	struct gev__insn insn;

	for (; from < to && gev__decode(from, to, &insn); from += insn.length) {
		if (!insn.branches)
			continue;
		if (insn.target > s->window && insn.target <= s->at)
			return true;
		if (s->hop && insn.target >= s->hop &&
			insn.target < s->hop + GEV__JUMP_SIZE)
			return true;
	}
	return false;
}

static bool is_sound(const struct fake *f, const struct gev__site *s)
{
	const struct gev__object *o = &f->object;
	uintptr_t from = o->text, to;

	if (memcmp((void *)s->at, "\x0f\x05", 2) != 0 || s->window < o->text ||
		s->at - s->window < (s->hop ? GEV__HOP_SIZE : GEV__JUMP_SIZE) ||
		(s->hop && !gev__object_has_text(o, s->hop)))
		return false;
	for (uint32_t i = 0; i < f->table->count; i++) {
		to = from + f->table->description[i].size;
		if (leads_into(from, to, s))
			return false;
		from = to;
	}
	return true;
}
#endif

static size_t make_code(uint8_t *code, const uint8_t *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < size && n < MOST; i += 2)
		n += add_piece(code + n, data[i], data[i + 1]);
	return n;
}

/* One behind the other. */
static void make_functions(struct fake *f, const uint8_t *sizes, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < FUNCTIONS && from < n; i++) {
		size_t to = i + 1 < FUNCTIONS ? from + 4u * sizes[i] : n;

		if (to > n)
			to = n;
		fake_function(f, from, to);
		from = to;
	}
}

static bool all_sound(const struct fake *f)
{
	struct gev__sites sites;
	bool ok = true;

	if (gev__sites_find(&sites, &f->object) < 0)
		return sites.why != NULL && !sites.site;
	for (size_t i = 0; i < sites.n; i++)
		ok = ok && (sites.site[i].refused || is_sound(f, &sites.site[i]));
	gev__sites_free(&sites);
	return ok;
}

int run_operations(const uint8_t *data, size_t size)
{
	uint8_t code[MOST + 16];
	struct fake f;
	size_t n;
	bool ok;

	if (size < FUNCTIONS || gev__cpu_missing())
		return 0;
	n = make_code(code, data + FUNCTIONS, size - FUNCTIONS);
	if (!fake_make(&f, code, n))
		abort();
	make_functions(&f, data, n);
	ok = all_sound(&f);
	fake_free(&f);
	return ok ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (run_operations(data, size) < 0)
		abort();
	return 0;
}
