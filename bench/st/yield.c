/* SPDX-License-Identifier: MIT */
/*
 * Two State Threads take turns.  There is no yield in version 1.9, and
 * st_usleep(0) goes through poll(2): a condition variable is the quickest way.
 */
#include <st.h>
#include "bench.h"

#define TURNS 500000

static st_cond_t turn;

static void *take_turns(void *arg)
{
	for (long i = 0; i < TURNS; i++) {
		st_cond_signal(turn);
		st_cond_wait(turn);
	}
	st_cond_signal(turn);
	return arg;
}

static double once(void)
{
	st_thread_t t[2];
	double start = bench_now();

	for (int i = 0; i < 2; i++) {
		t[i] = st_thread_create(take_turns, NULL, 1, 0);
		bench_need(t[i] != NULL, "st_thread_create");
	}
	for (int i = 0; i < 2; i++)
		st_thread_join(t[i], NULL);
	return (bench_now() - start) / (2 * TURNS);
}

int main(void)
{
	bench_need(st_init() == 0, "st_init");
	turn = st_cond_new();
	return bench_print(once);
}
