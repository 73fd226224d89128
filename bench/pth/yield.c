/* SPDX-License-Identifier: MIT */
/* Two threads of GNU Pth take turns by pth_yield(). */
#include <pth.h>
#include "bench.h"

#define TURNS 50000

static void *take_turns(void *arg)
{
	for (long i = 0; i < TURNS; i++)
		pth_yield(NULL);
	return arg;
}

static double once(void)
{
	pth_t t[2];
	double start = bench_now();

	for (int i = 0; i < 2; i++) {
		t[i] = pth_spawn(PTH_ATTR_DEFAULT, take_turns, NULL);
		bench_need(t[i] != NULL, "pth_spawn");
	}
	for (int i = 0; i < 2; i++)
		pth_join(t[i], NULL);
	return (bench_now() - start) / (2 * TURNS);
}

int main(void)
{
	bench_need(pth_init(), "pth_init");
	return bench_print(once);
}
