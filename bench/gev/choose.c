/* SPDX-License-Identifier: MIT */
/* gev_choose() among four channels, all of them ready. */
#include <gev.h>
#include "bench.h"

#define CHANNELS 4
#define ROUNDS 1000000

static double once(void)
{
	gev_chan *ch[CHANNELS];
	gev_choice choices[CHANNELS];
	double start;
	long n = 0;

	for (int i = 0; i < CHANNELS; i++) {
		ch[i] = gev_chan_new(sizeof(long), 1);
		bench_need(ch[i] != NULL, "gev_chan_new");
		gev_chan_send(ch[i], &n, 0);
		choices[i] = (gev_choice)GEV_CHOOSE_RECV(ch[i], &n);
	}
	start = bench_now();
	for (long i = 0; i < ROUNDS; i++) {
		int c = gev_choose(choices, CHANNELS, GEV_FOREVER);

		bench_need(c >= 0, "gev_choose");
		gev_chan_send(ch[c], &i, GEV_FOREVER);
	}
	start = bench_now() - start;
	for (int i = 0; i < CHANNELS; i++)
		gev_chan_free(ch[i]);
	return start / ROUNDS;
}

int main(void)
{
	return bench_print(once);
}
