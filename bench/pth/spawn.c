/* SPDX-License-Identifier: MIT */
/* Spawn a batch of threads of GNU Pth (first argument) and join them. */
#include <pth.h>
#include "bench.h"

#define BATCH_MAX 1000
#define SPAWNS 10000

static long batch;

static void *nothing(void *arg)
{
	return arg;
}

static void spawn_batch(void)
{
	pth_t t[BATCH_MAX];

	for (long i = 0; i < batch; i++)
		t[i] = pth_spawn(PTH_ATTR_DEFAULT, nothing, NULL);
	for (long i = 0; i < batch; i++)
		bench_need(pth_join(t[i], NULL), "pth_join");
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
	bench_need(pth_init(), "pth_init");
	return bench_print(once);
}
