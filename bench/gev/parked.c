/* SPDX-License-Identifier: MIT */
/*
 * What a million parked greenlets take, each on a guarded stack of 64 KiB:
 * resident bytes and page tables, as the kernel counts them.
 */
#include <gev.h>
#include "bench.h"
#include "memory.h"

#define MILLION 1000000

static intptr_t park(void *arg)
{
	gev_waiter w = GEV_WAITER_INIT("for ever");

	(void)arg;
	return gev_waiter_get(&w, NULL, GEV_FOREVER);
}

int main(void)
{
	struct gev_hub_stats stats;
	long before;

	gev_yield();
	before = memory_used();
	for (int i = 0; i < MILLION; i++)
		bench_need(gev_go(park, NULL) == 0, "gev_go");
	gev_yield();
	gev_hub_get_stats(gev_hub_get(), &stats);
	bench_need(stats.living >= MILLION, "not all of them are there");
	printf("%.0f\n", (double)(memory_used() - before) / MILLION);
	return 0;
}
