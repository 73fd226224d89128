/* SPDX-License-Identifier: MIT */
/*
 * Channels: a round trip over two of capacity 0; or with the argument 1, an
 * element into the buffer of one and out again, for each of the two steps.
 */
#include <gev.h>
#include "bench.h"

#define ROUNDS 1000000
#define CAPACITY 1000

static gev_chan *there, *back;

static intptr_t reply(void *arg)
{
	long n;

	(void)arg;
	while (gev_chan_recv(there, &n, GEV_FOREVER) == 0)
		gev_chan_send(back, &n, GEV_FOREVER);
	return 0;
}

static intptr_t ask(void *arg)
{
	long n;

	(void)arg;
	for (long i = 0; i < ROUNDS; i++) {
		gev_chan_send(there, &i, GEV_FOREVER);
		gev_chan_recv(back, &n, GEV_FOREVER);
		bench_need(n == i, "echo");
	}
	return gev_chan_close(there);
}

static double round_trip(void)
{
	double start = bench_now();
	gev_greenlet *g[2];

	there = gev_chan_new(sizeof(long), 0);
	back = gev_chan_new(sizeof(long), 0);
	bench_need(there && back, "gev_chan_new");
	g[0] = gev_spawn(reply, NULL);
	g[1] = gev_spawn(ask, NULL);
	gev_joinall(g, 2, GEV_FOREVER);
	gev_unref(g[0]);
	gev_unref(g[1]);
	gev_chan_free(there);
	gev_chan_free(back);
	return (bench_now() - start) / ROUNDS;
}

static double buffered(void)
{
	gev_chan *ch = gev_chan_new(sizeof(long), CAPACITY);
	double start = bench_now();
	long n;

	bench_need(ch != NULL, "gev_chan_new");
	for (long i = 0; i < ROUNDS; i += CAPACITY) {
		for (long j = 0; j < CAPACITY; j++)
			gev_chan_send(ch, &j, GEV_FOREVER);
		for (long j = 0; j < CAPACITY; j++)
			gev_chan_recv(ch, &n, GEV_FOREVER);
	}
	bench_need(n == CAPACITY - 1, "order");
	gev_chan_free(ch);
	return (bench_now() - start) / (2 * ROUNDS);
}

int main(int argc, char **argv)
{
	return bench_print(bench_arg(argc, argv, 1, 0) ? buffered : round_trip);
}
