/* SPDX-License-Identifier: MIT */
/* A mutex nobody else wants, acquired or released; with 1, a semaphore. */
#include <gev.h>
#include "bench.h"

#define ROUNDS 5000000

static double mutex(void)
{
	gev_mutex m = GEV_MUTEX_INIT;
	double start = bench_now();

	for (int i = 0; i < ROUNDS; i++) {
		gev_mutex_acquire(&m, GEV_FOREVER);
		gev_mutex_release(&m);
	}
	return (bench_now() - start) / (2.0 * ROUNDS);
}

static double semaphore(void)
{
	gev_sem s = GEV_SEM_INIT(1);
	double start = bench_now();

	for (int i = 0; i < ROUNDS; i++) {
		gev_sem_acquire(&s, GEV_FOREVER);
		gev_sem_release(&s);
	}
	return (bench_now() - start) / (2.0 * ROUNDS);
}

int main(int argc, char **argv)
{
	return bench_print(bench_arg(argc, argv, 1, 0) ? semaphore : mutex);
}
