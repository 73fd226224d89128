/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait for others by going round in a small loop, as they may with
 * a processor for each: barriers of OpenMP, adaptive mutexes, spin locks.  What
 * they wait for can't come as long as they run, so that each step of such
 * threads would take a turn of all of them.
 *
 * Who is found at a pause, the instruction that was made for it and takes longer
 * than all others of such a loop, spins for certain.  Others do if the tick
 * before found them close by with all they work with as it is now, but for a few
 * registers.  Some that compute look like that too; but unlike those who wait
 * for each other, they do so while nobody makes a call, and are taken for
 * spinning once only.
 */
#include "run/spin.h"
#include <stddef.h>
#include "base/mem.h"

#define LOOP 64            /* bytes */
#define CHANGING 4         /* registers */
#define VECTOR_WORDS 64

static const int general[] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI,
	REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
	REG_R13, REG_R14, REG_R15 };

#define GENERAL (sizeof(general) / sizeof(*general))

/* How the last tick found a thread.  Those that spin are few. */
struct seen {
	uint64_t serial;
	unsigned calls;   /* when it was last seen to spin */
	greg_t at;
	greg_t general[GENERAL];
	uint64_t vectors; /* a sum of them */
};

#define SEEN 16

static struct seen table[SEEN];

static bool is_pause(const uint8_t *code)
{
	return code[0] == 0xf3 && code[1] == 0x90;
}

/* Before one or after.  What is read is on a page with it. */
static bool is_at_pause(uintptr_t at)
{
	const uint8_t *code = (const uint8_t *)at;
	const size_t offset = at % GEV__PAGE;

	return (offset >= 2 && is_pause(code - 2)) ||
	       (offset <= GEV__PAGE - 2 && is_pause(code));
}

static uint64_t distance(greg_t a, greg_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static uint64_t sum_of_vectors(const mcontext_t *now)
{
	const uint32_t *word = (const uint32_t *)now->fpregs->_xmm;
	uint64_t sum = 0;

	for (int i = 0; i < VECTOR_WORDS; i++)
		sum = sum * 31 + word[i];
	return sum;
}

static bool is_near(struct seen *s, const mcontext_t *now)
{
	const greg_t at = now->gregs[REG_RIP];
	const bool near = distance(s->at, at) < LOOP;

	s->at = at;
	return near;
}

static bool keeps_vectors(struct seen *s, const mcontext_t *now)
{
	const uint64_t vectors = sum_of_vectors(now);
	const bool same = s->vectors == vectors;

	s->vectors = vectors;
	return same;
}

static bool keeps_registers(struct seen *s, const mcontext_t *now)
{
	unsigned changed = 0;

	for (size_t i = 0; i < GENERAL; i++) {
		changed += s->general[i] != now->gregs[general[i]];
		s->general[i] = now->gregs[general[i]];
	}
	return changed <= CHANGING;
}

/* All of it is noted for the next tick. */
static bool goes_round(struct seen *s, const mcontext_t *now)
{
	const bool near = is_near(s, now);
	const bool vectors = keeps_vectors(s, now);

	return keeps_registers(s, now) && near && vectors;
}

bool gev__run_spins(uint64_t serial, const mcontext_t *now, unsigned calls)
{
	struct seen *s = &table[serial % SEEN];
	const bool known = s->serial == serial;
	const bool round = goes_round(s, now) && known && s->calls != calls;
	const bool spins = round || is_at_pause((uintptr_t)s->at);

	s->serial = serial;
	if (spins)
		s->calls = calls;
	return spins;
}
