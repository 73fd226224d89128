/* SPDX-License-Identifier: MIT */
/*
 * A stub of a program that is run:
 *
 *	what was in the window
 *	        lea  -128(%rsp), %rsp
 *	        lea  itself(%rip), %r11
 *	        push %r11
 *	        mov  $back, %r11
 *	        push %r11
 *	        jmp  gev__run_enter
 *	itself: syscall
 *	        jmp  back
 */
#include <string.h>
#include "patch/cpu.h"
#include "run/engine.h"

#define JUMP_SIZE 5
#define PUSH_SIZE 2
#define LOAD_SIZE 10

static uint8_t *jump(uint8_t *p, uintptr_t at, uintptr_t dest)
{
	const int32_t far = (int32_t)(dest - (at + JUMP_SIZE));

	*p++ = 0xe9;
	return mempcpy(p, &far, sizeof(far));
}

void gev__run_stub(uint8_t *to, const struct gev__site *site)
{
	static const uint8_t skip_red_zone[] = { 0x48, 0x8d, 0x64, 0x24, 0x80 };
	static const uint8_t lea_r11[] = { 0x4c, 0x8d, 0x1d };
	static const uint8_t load_r11[] = { 0x49, 0xbb };
	static const uint8_t push_r11[] = { 0x41, 0x53 };
	static const uint8_t call[] = { 0x0f, 0x05 };
	static const int32_t itself =
		PUSH_SIZE + LOAD_SIZE + PUSH_SIZE + JUMP_SIZE;
	const uintptr_t at = (uintptr_t)site->stub;
	const uintptr_t back = site->at + GEV__SYSCALL_SIZE;
	uint8_t *p = to;

	p = mempcpy(p, (const void *)site->window, site->at - site->window);
	p = mempcpy(p, skip_red_zone, sizeof(skip_red_zone));
	p = mempcpy(p, lea_r11, sizeof(lea_r11));
	p = mempcpy(p, &itself, sizeof(itself));
	p = mempcpy(p, push_r11, sizeof(push_r11));
	p = mempcpy(p, load_r11, sizeof(load_r11));
	p = mempcpy(p, &back, sizeof(back));
	p = mempcpy(p, push_r11, sizeof(push_r11));
	p = jump(p, at + (uintptr_t)(p - to), (uintptr_t)gev__run_enter);
	p = mempcpy(p, call, sizeof(call));
	jump(p, at + (uintptr_t)(p - to), back);
}
