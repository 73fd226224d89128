/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <ucontext.h>
#include "patch/cpu.h"
#include "patch/frames.h"

#define SYSCALL_SIZE 2
#define INT3 0xcc
#define JMP 0xe9
#define JMP_SHORT 0xeb

const size_t gev__cpu_reach = 1ul << 30;
const bool gev__cpu_traps = true;
const uint8_t gev__cpu_return_column = 16;

/*
 * The window's own instructions; then the stack is as if what comes after the
 * syscall had called gev__patch_enter() from below its red zone, so that the
 * tables of that function and those of the object are all that it takes to
 * unwind.  r11 is free: the syscall would overwrite it.
 */
void gev__cpu_stub(uint8_t to[GEV__STUB_SIZE], const struct gev__site *site,
	uintptr_t at)
{
	static const uint8_t skip_red_zone[] = { 0x48, 0x8d, 0x64, 0x24, 0x80 };
	static const uint8_t load_r11[] = { 0x49, 0xbb };
	static const uint8_t push_r11[] = { 0x41, 0x53 };
	static const uint8_t jump_r11[] = { 0x41, 0xff, 0xe3 };
	const uintptr_t back = site->at + SYSCALL_SIZE;
	const uintptr_t enter = (uintptr_t)gev__patch_enter;
	uint8_t *p = to;

	(void)at;
	p = mempcpy(p, (const void *)site->window, site->at - site->window);
	p = mempcpy(p, skip_red_zone, sizeof(skip_red_zone));
	p = mempcpy(p, load_r11, sizeof(load_r11));
	p = mempcpy(p, &back, sizeof(back));
	p = mempcpy(p, push_r11, sizeof(push_r11));
	p = mempcpy(p, load_r11, sizeof(load_r11));
	p = mempcpy(p, &enter, sizeof(enter));
	mempcpy(p, jump_r11, sizeof(jump_r11));
}

#define RSP 7
#define RED_ZONE 128
#define SKIP_SIZE 5  /* the instruction that skips it */
#define PUSH_SIZE 12 /* the two that push what is called back */

uint8_t *gev__cpu_frame(uint8_t *to, const struct gev__site *site)
{
	unsigned window = (unsigned)(site->at - site->window);

	to = gev__frame_stack(to, RSP, 0);
	to = gev__frame_value(to, gev__cpu_return_column,
		site->at + SYSCALL_SIZE);
	to = gev__frame_advance(to, window + SKIP_SIZE);
	to = gev__frame_stack(to, RSP, RED_ZONE);
	to = gev__frame_advance(to, PUSH_SIZE);
	return gev__frame_stack(to, RSP, RED_ZONE + sizeof(void *));
}

static void make_jump(uint8_t to[GEV__JUMP_SIZE], uintptr_t from,
	uintptr_t dest)
{
	const int32_t far = (int32_t)(dest - (from + GEV__JUMP_SIZE));

	to[0] = JMP;
	memcpy(to + 1, &far, sizeof(far));
}

/* What becomes of the window. */
static void make_way_in(uint8_t to[GEV__JUMP_SIZE],
	const struct gev__site *site)
{
	if (!site->hop) {
		make_jump(to, site->window, (uintptr_t)site->stub);
		return;
	}
	to[0] = JMP_SHORT;
	to[1] = (uint8_t)(site->hop - (site->window + GEV__HOP_SIZE));
}

/* A hop is there before somebody goes by it, and stays until it is cleared. */
static bool hop_piece(struct gev__piece *p, const struct gev__site *site,
	bool jump)
{
	p->at = site->hop;
	p->size = GEV__JUMP_SIZE;
	if (jump)
		make_jump(p->bytes, site->hop, (uintptr_t)site->stub);
	else
		memcpy(p->bytes, site->padding, sizeof(p->bytes));
	return site->hop != 0;
}

static void window_piece(struct gev__piece *p, const struct gev__site *site,
	bool jump)
{
	p->at = site->window;
	p->size = site->hop ? GEV__HOP_SIZE : GEV__JUMP_SIZE;
	if (jump)
		make_way_in(p->bytes, site);
	else
		memcpy(p->bytes, site->original, sizeof(p->bytes));
}

bool gev__cpu_piece(struct gev__piece *p, const struct gev__site *site,
	enum gev__step step, bool jump)
{
	if (step == GEV__STEP_HOP)
		return jump && hop_piece(p, site, true);
	if (step == GEV__STEP_CLEAR)
		return !jump && hop_piece(p, site, false);
	window_piece(p, site, jump);
	if (step == GEV__STEP_TAIL) {
		p->at++;
		p->size--;
		memmove(p->bytes, p->bytes + 1, p->size);
		return true;
	}
	if (step == GEV__STEP_TRAP)
		p->bytes[0] = INT3;
	p->size = 1;
	return true;
}

bool gev__cpu_detour(void *context, const struct gev__sites *sites)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	for (size_t i = 0; i < sites->n; i++) {
		const struct gev__site *site = &sites->site[i];

		if (!site->stub || site->window + 1 != (uintptr_t)*rip)
			continue;
		*rip = (greg_t)site->stub;
		return true;
	}
	return false;
}

