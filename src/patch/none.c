/* SPDX-License-Identifier: MIT */
/* CPUs for which there is no stub yet. */
#include "patch/cpu.h"

#if !defined(__x86_64__)

const char *gev__cpu_missing(void)
{
	return "not written for this CPU yet";
}

void gev__cpu_stub(uint8_t to[GEV__STUB_SIZE], const struct gev__site *site,
	uintptr_t at)
{
	(void)to;
	(void)site;
	(void)at;
}

void gev__cpu_jump(uint8_t to[GEV__JUMP_SIZE], uintptr_t from, uintptr_t dest)
{
	(void)to;
	(void)from;
	(void)dest;
}

void gev__cpu_enter(uint8_t to[GEV__JUMP_SIZE], const struct gev__site *site)
{
	(void)to;
	(void)site;
}

bool gev__cpu_detour(void *context, const struct gev__sites *sites)
{
	(void)context;
	(void)sites;
	return false;
}

#endif
