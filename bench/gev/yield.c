/* SPDX-License-Identifier: MIT */
/*
 * Two greenlets take turns by gev_yield(); with an argument they are threads of
 * their own to libc.
 */
#include <gev.h>
#include "bench.h"

#define TURNS 2000000

static intptr_t take_turns(void *arg)
{
	(void)arg;
	for (long i = 0; i < TURNS; i++)
		gev_yield();
	return 0;
}

static double once(void)
{
	gev_greenlet *g[2];
	double start = bench_now();

	for (int i = 0; i < 2; i++) {
		g[i] = gev_spawn(take_turns, NULL);
		bench_need(g[i] != NULL, "gev_spawn");
	}
	gev_joinall(g, 2, GEV_FOREVER);
	for (int i = 0; i < 2; i++)
		gev_unref(g[i]);
	return (bench_now() - start) / (2 * TURNS);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		bench_need(gev_patch_all(GEV_PATCH_ALL) == 0, "gev_patch_all");
	return bench_print(once);
}
