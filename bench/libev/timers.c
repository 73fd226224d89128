/* SPDX-License-Identifier: MIT */
/* Stop and start anew one of the first N of a million live timers of libev. */
#include <ev.h>
#include "bench.h"

#define MILLION 1000000

static ev_timer *timers;
static struct ev_loop *loop;
static long changing;

static void never(struct ev_loop *l, ev_timer *t, int revents)
{
	(void)l;
	(void)t;
	(void)revents;
	abort();
}

static void start(ev_timer *t)
{
	double after = 100 + (double)(bench_random() >> 27) * 1e-9;

	ev_timer_init(t, never, after, 0);
	ev_timer_start(loop, t);
}

static double once(void)
{
	double begin = bench_now();

	for (int i = 0; i < MILLION; i++) {
		ev_timer *t = &timers[bench_random() % changing];

		ev_timer_stop(loop, t);
		start(t);
	}
	return (bench_now() - begin) / MILLION;
}

int main(int argc, char **argv)
{
	changing = bench_arg(argc, argv, 1, MILLION);
	timers = calloc(MILLION, sizeof(*timers));
	loop = ev_loop_new(0);
	bench_need(timers && loop, "ev_loop_new");
	for (int i = 0; i < MILLION; i++)
		start(&timers[i]);
	return bench_print(once);
}
