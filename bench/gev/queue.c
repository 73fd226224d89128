/* SPDX-License-Identifier: MIT */
/* A thousand items into a bounded queue and out again, again and again. */
#include <gev.h>
#include "bench.h"

#define ROUNDS 2000
#define ITEMS 1000

static double once(void)
{
	gev_queue q = GEV_QUEUE_INIT(ITEMS);
	double start = bench_now();
	void *item = NULL;

	for (int i = 0; i < ROUNDS; i++) {
		for (intptr_t n = 1; n <= ITEMS; n++)
			gev_queue_put(&q, (void *)n, GEV_FOREVER);
		for (intptr_t n = 1; n <= ITEMS; n++)
			gev_queue_get(&q, &item, GEV_FOREVER);
	}
	bench_need((intptr_t)item == ITEMS, "order");
	gev_queue_fini(&q);
	return (bench_now() - start) / (ROUNDS * ITEMS);
}

int main(void)
{
	return bench_print(once);
}
