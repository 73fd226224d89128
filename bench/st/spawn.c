/* SPDX-License-Identifier: MIT */
/* Create a batch of State Threads (first argument) and join them. */
#include <st.h>
#include "bench.h"

#define BATCH_MAX 1000
#define SPAWNS 300000

static long batch;

static void *nothing(void *arg)
{
	return arg;
}

static void spawn_batch(void)
{
	st_thread_t t[BATCH_MAX];

	for (long i = 0; i < batch; i++)
		t[i] = st_thread_create(nothing, NULL, 1, 0);
	for (long i = 0; i < batch; i++)
		bench_need(st_thread_join(t[i], NULL) == 0, "st_thread_join");
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
	bench_need(st_init() == 0, "st_init");
	return bench_print(once);
}
