/* SPDX-License-Identifier: MIT */
#include "patch/site.h"
#include <errno.h>
#include "base/mem.h"
#include "patch/cpu.h"

int gev__sites_reserve(struct gev__sites *sites, size_t n)
{
	if (!n)
		return 0;
	sites->site = gev__map(n * sizeof(*sites->site));
	if (!sites->site)
		return -ENOMEM;
	sites->room = n;
	return 0;
}

int gev__sites_find(struct gev__sites *sites, const struct gev__object *o)
{
	int r;

	*sites = (struct gev__sites){ .object = *o };
	sites->why = gev__cpu_missing();
	if (!sites->why && !o->text)
		sites->why = "nothing executable";
	if (sites->why)
		return -ENOTSUP;
	r = gev__cpu_find(sites);
	if (r < 0)
		gev__sites_free(sites);
	return r;
}

void gev__sites_free(struct gev__sites *sites)
{
	if (sites->site)
		gev__unmap(sites->site, sites->room * sizeof(*sites->site));
	sites->site = NULL;
	sites->n = 0;
}
