/* SPDX-License-Identifier: MIT */
/* memory.h - what the process takes of the machine's memory. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "bench.h"

/* Bytes resident and in page tables, as /proc/self/status has them. */
static inline long memory_used(void)
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

#endif
