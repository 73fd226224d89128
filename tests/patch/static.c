/* SPDX-License-Identifier: MIT */
/*
 * A static program has no libc that could be patched, not even if the decoder
 * brings one along: it is told so, twice.
 */
#include <gev/patch.h>
#include "t.h"

static char report[1 << 18];

static void is_told_so(void)
{
	t_fails(gev_patch_all(GEV_PATCH_ALL), ENOTSUP);
	t_ok(gev_patch_report(report, sizeof(report)) > 0);
	t_ok(strncmp(report, "not patched: ", 13) == 0);
	t_fails(gev_patch_all(GEV_PATCH_IO), ENOTSUP);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(is_told_so);
	return t_done();
}
