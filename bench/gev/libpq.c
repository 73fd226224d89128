/* SPDX-License-Identifier: MIT */
/* libpq's blocking interface in many greenlets of one thread. */
#include <gev.h>
#include "libpq/libpq.h"

static intptr_t client(void *i)
{
	ask_all((long)(intptr_t)i);
	return 0;
}

static void work(void)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };
	gev_group group = GEV_GROUP_INIT;

	for (intptr_t i = 0; i < clients; i++) {
		gev_greenlet *g = gev_greenlet_new(client, (void *)i, &options);

		bench_need(gev_pool_start(&group, g, 0) == 0, "greenlet");
		gev_unref(g);
	}
	gev_pool_join(&group, GEV_FOREVER);
}

int main(int argc, char **argv)
{
	bench_need(gev_patch_all(GEV_PATCH_ALL) == 0, "gev_patch_all");
	return libpq_bench(argc, argv, 0, work);
}
