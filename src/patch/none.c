/* SPDX-License-Identifier: MIT */
/* CPUs nobody wrote it for, or a build without what it needs. */
#include "patch/cpu.h"
#include <errno.h>

const size_t gev__cpu_reach;
const bool gev__cpu_traps;
const uint8_t gev__cpu_return_column;

const char *gev__cpu_missing(void)
{
#if defined(__x86_64__)
	return "built without Zydis";
#else
	return "not written for this CPU yet";
#endif
}

int gev__cpu_find(struct gev__sites *sites)
{
	sites->why = gev__cpu_missing();
	return -ENOTSUP;
}

void gev__cpu_stub(uint8_t to[GEV__STUB_SIZE], const struct gev__site *site,
	uintptr_t at)
{
	(void)to;
	(void)site;
	(void)at;
}

uint8_t *gev__cpu_frame(uint8_t *to, const struct gev__site *site)
{
	(void)site;
	return to;
}

bool gev__cpu_piece(struct gev__piece *piece, const struct gev__site *site,
	enum gev__step step, bool jump)
{
	(void)piece;
	(void)site;
	(void)step;
	(void)jump;
	return false;
}

bool gev__cpu_detour(void *context, const struct gev__sites *sites)
{
	(void)context;
	(void)sites;
	return false;
}
