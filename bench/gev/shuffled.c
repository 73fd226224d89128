/* SPDX-License-Identifier: MIT */
/*
 * A million greenlets yield, woken in random order first: the run queue then
 * walks through memory at random, as it does in a server that has run a while.
 *
 * Main takes its turn among them, so each of its own yields lasts one round.
 */
#include <gev.h>
#include "bench.h"

#define MILLION 1000000
#define ROUNDS 5

static gev_waiter *waiters[MILLION];
static bool done;

static intptr_t yielder(void *arg)
{
	gev_waiter w = GEV_WAITER_INIT("start");

	*(gev_waiter **)arg = &w;
	gev_waiter_get(&w, NULL, GEV_FOREVER);
	while (!done)
		gev_yield();
	return 0;
}

static void start_shuffled(void)
{
	uint32_t *order = bench_shuffled(MILLION);

	for (int i = 0; i < MILLION; i++)
		bench_need(gev_go(yielder, &waiters[i]) == 0, "gev_go");
	gev_yield();
	for (int i = 0; i < MILLION; i++)
		gev_waiter_wake(waiters[order[i]], NULL);
	free(order);
	gev_yield();
}

static double one_round(void)
{
	double start = bench_now();

	gev_yield();
	return (bench_now() - start) / MILLION;
}

int main(void)
{
	double times[ROUNDS];

	start_shuffled();
	for (int i = 0; i < ROUNDS; i++)
		times[i] = one_round();
	done = true;
	printf("%.2f\n", bench_quantile(times, ROUNDS, 0.5));
	return 0;
}
