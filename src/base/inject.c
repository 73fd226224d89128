/* SPDX-License-Identifier: MIT */
#include "base/inject.h"

#ifdef GEV_INJECT

struct gev__inject gev__inject = { .nr = -1 };

/* 0, or what the call is to answer instead of being made. */
long gev__inject_sys(long nr)
{
	if (nr != gev__inject.nr)
		return 0;
	gev__inject.calls++;
	if (gev__inject.after > 0) {
		gev__inject.after--;
		return 0;
	}
	if (gev__inject.times == 0)
		return 0;
	if (gev__inject.times > 0)
		gev__inject.times--;
	return gev__inject.error;
}

#endif
