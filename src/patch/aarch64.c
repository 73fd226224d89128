/* SPDX-License-Identifier: MIT */
/*
 * aarch64: a svc becomes a b, both of which are among the few instructions that
 * other processors may run while they are exchanged.  They run the one or the
 * other, which comes to the same.
 */
#include <string.h>
#include "patch/cpu.h"
#include "patch/frames.h"

#define WORD 4u
#define B 0x14000000u
#define B_DISTANCE ((1u << 26) - 1)
#define STUB_BACK 12u /* words of a stub: see below */
#define STUB_ENTER 14u

const size_t gev__cpu_reach = 1ul << 27;
const bool gev__cpu_traps = false;
const uint8_t gev__cpu_return_column = 96; /* as in aarch64.S */

const char *gev__cpu_missing(void)
{
	return NULL;
}

static uint32_t branch(uintptr_t from, uintptr_t to)
{
	return B | ((uint32_t)((to - from) / WORD) & B_DISTANCE);
}

/*
 * gev__patch_enter() keeps all registers but x0 and, as any call does, x30.
 * The svc is made here with everything as it was at the site, so that children
 * of clone and calls that the kernel starts again after a signal find their
 * way: it is for good, while the site may be changed back.
 */
void gev__cpu_stub(uint8_t to[GEV__STUB_SIZE], const struct gev__site *site,
	uintptr_t at)
{
	const uint64_t enter = (uintptr_t)gev__patch_enter;
	const uint64_t back = site->at + WORD;
	const uint32_t code[] = {
		0xa9be7bfd,                    /* stp x29, x30, [sp, #-32]! */
		0x5800017e,                    /* ldr x30, back */
		0xf9000bfe,                    /* str x30, [sp, #16] */
		0x5800017e,                    /* ldr x30, enter */
		0xd63f03c0,                    /* blr x30 */
		0xf9400ffe,                    /* ldr x30, [sp, #24] */
		0xb500007e,                    /* cbnz x30, pass */
		0xa8c27bfd,                    /* ldp x29, x30, [sp], #32 */
		branch(at + 8 * WORD, back),
		0xa8c27bfd,                    /* pass: the same */
		0xd4000001,                    /* svc #0 */
		branch(at + 11 * WORD, back),
	};

	memcpy(to, code, sizeof(code));
	memcpy(to + STUB_BACK * WORD, &back, sizeof(back));
	memcpy(to + STUB_ENTER * WORD, &enter, sizeof(enter));
}

#define FP 29
#define LR 30
#define SP 31
#define FRAME 32
#define ALLOCATED 1 /* words that are behind, when the stub has its frame; */
#define FREED 8     /* when the call was answered, */
#define PASS 9
#define PASS_FREED 10

static uint8_t *frame_on_stack(uint8_t *to)
{
	to = gev__frame_stack(to, SP, FRAME);
	to = gev__frame_saved(to, FP, 4);
	return gev__frame_saved(to, LR, 3);
}

static uint8_t *frame_gone(uint8_t *to)
{
	to = gev__frame_stack(to, SP, 0);
	to = gev__frame_same(to, FP);
	return gev__frame_same(to, LR);
}

uint8_t *gev__cpu_frame(uint8_t *to, const struct gev__site *site)
{
	to = gev__frame_stack(to, SP, 0);
	to = gev__frame_value(to, gev__cpu_return_column, site->at + WORD);
	to = gev__frame_advance(to, ALLOCATED * WORD);
	to = frame_on_stack(to);
	to = gev__frame_advance(to, (FREED - ALLOCATED) * WORD);
	to = frame_gone(to);
	to = gev__frame_advance(to, (PASS - FREED) * WORD);
	to = frame_on_stack(to);
	to = gev__frame_advance(to, (PASS_FREED - PASS) * WORD);
	return frame_gone(to);
}

bool gev__cpu_piece(struct gev__piece *p, const struct gev__site *site,
	enum gev__step step, bool jump)
{
	const uint32_t b = branch(site->at, (uintptr_t)site->stub);

	p->at = site->at;
	p->size = WORD;
	memcpy(p->bytes, jump ? (const void *)&b : site->original, WORD);
	return step == GEV__STEP_HEAD;
}

bool gev__cpu_detour(void *context, const struct gev__sites *sites)
{
	(void)context;
	(void)sites;
	return false;
}
