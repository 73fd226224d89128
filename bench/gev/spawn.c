/* SPDX-License-Identifier: MIT */
/*
 * Spawn a batch of greenlets (first argument), let them run, join them; with a
 * second argument they are threads of their own to libc.
 */
#include <gev.h>
#include "bench.h"

#define BATCH_MAX 1000
#define SPAWNS 1000000

static long batch;

static intptr_t nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void spawn_batch(void)
{
	gev_greenlet *g[BATCH_MAX];

	for (long i = 0; i < batch; i++)
		g[i] = gev_spawn(nothing, NULL);
	for (long i = 0; i < batch; i++) {
		bench_need(gev_join(g[i], GEV_FOREVER) == 0, "gev_join");
		gev_unref(g[i]);
	}
}

static double once(void)
{
	double start = bench_now();

	for (long i = 0; i < SPAWNS; i += batch)
		spawn_batch();
	return (bench_now() - start) / SPAWNS;
}

int main(int argc, char **argv)
{
	batch = bench_arg(argc, argv, 1, 1);
	if (argc > 2)
		bench_need(gev_patch_all(GEV_PATCH_ALL) == 0, "gev_patch_all");
	return bench_print(once);
}
