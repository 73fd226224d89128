/* SPDX-License-Identifier: MIT */
/* A function that does nothing, on a thread of the pool and back. */
#include <gev.h>
#include "bench.h"

#define ROUNDS 5000

static intptr_t nothing(void *arg)
{
	return (intptr_t)arg;
}

static double once(void)
{
	double start = bench_now();

	for (intptr_t i = 0; i < ROUNDS; i++)
		bench_need(gev_offload(nothing, (void *)i) == i, "offload");
	return (bench_now() - start) / ROUNDS;
}

int main(void)
{
	return bench_print(once);
}
