/* SPDX-License-Identifier: MIT */
/*
 * Cancel and start anew one of the first N (first argument) of a million live
 * timers, with a deadline at random.  N = 1000 is a server's timeouts among
 * many more that sleep; N = 1000000 misses the cache at every step.
 */
#include <gev.h>
#include "bench.h"

#define MILLION 1000000

static gev_timer_watcher *timers;
static gev_loop *loop;
static long changing;

static int never(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	abort();
}

static void start(gev_timer_watcher *t)
{
	gev_time after = GEV_SEC(100) + (gev_time)(bench_random() >> 27);

	gev_timer_init(t, loop, after, 0);
	bench_need(gev_timer_start(t, never, NULL) == 0, "gev_timer_start");
}

static double once(void)
{
	double begin = bench_now();

	for (int i = 0; i < MILLION; i++) {
		gev_timer_watcher *t = &timers[bench_random() % changing];

		gev_watcher_stop(&t->w);
		start(t);
	}
	return (bench_now() - begin) / MILLION;
}

int main(int argc, char **argv)
{
	changing = bench_arg(argc, argv, 1, MILLION);
	timers = calloc(MILLION, sizeof(*timers));
	loop = gev_loop_new();
	bench_need(timers && loop, "gev_loop_new");
	for (int i = 0; i < MILLION; i++)
		start(&timers[i]);
	return bench_print(once);
}
