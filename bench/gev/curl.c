/* SPDX-License-Identifier: MIT */
/* curl_easy_perform in greenlets. */
#include <gev.h>
#include "download.h"

static intptr_t work(void *arg)
{
	download_work();
	return (intptr_t)arg;
}

static void all(void)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };
	gev_greenlet *g[AT_ONCE];

	for (int i = 0; i < AT_ONCE; i++)
		g[i] = gev_spawn_opt(work, NULL, &options);
	for (int i = 0; i < AT_ONCE; i++) {
		gev_join(g[i], GEV_FOREVER);
		gev_unref(g[i]);
	}
}

int main(int argc, char **argv)
{
	bench_need(gev_patch_all(GEV_PATCH_ALL) == 0, "gev_patch_all");
	return download_bench(argc, argv, all);
}
