/* SPDX-License-Identifier: MIT */
#include <gev/base.h>

const char *gev_version(void)
{
	return GEV_VERSION;
}
