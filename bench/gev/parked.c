/* SPDX-License-Identifier: MIT */
/*
 * What a million parked greenlets take, each on a guarded stack of 64 KiB:
 * resident bytes and page tables, as the kernel counts them.
 */
#include <gev.h>
#include "bench.h"

#define MILLION 1000000

static long memory_used(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib, sum = 0;

	bench_need(status != NULL, "/proc/self/status");
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmRSS: %ld kB", &kib) == 1 ||
			sscanf(line, "VmPTE: %ld kB", &kib) == 1)
			sum += kib * 1024;
	fclose(status);
	return sum;
}

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
