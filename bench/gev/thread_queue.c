/* SPDX-License-Identifier: MIT */
/*
 * A queue between the hubs of two threads: items through one that is bounded,
 * as fast as they can; or with the argument 1, round trips over two.
 */
#include <gev.h>
#include <pthread.h>
#include "bench.h"

#define ITEMS 200000
#define ROUNDS 5000
#define BOUND 1000

static gev_thread_queue there, back;

static void *produce(void *arg)
{
	for (intptr_t i = 1; i <= ITEMS; i++)
		bench_need(gev_thread_queue_put(&there, (void *)i,
				   GEV_FOREVER) == 0, "put");
	return arg;
}

static void *echo(void *arg)
{
	void *item;

	for (int i = 0; i < ROUNDS; i++) {
		gev_thread_queue_get(&there, &item, GEV_FOREVER);
		gev_thread_queue_put(&back, item, GEV_FOREVER);
	}
	return arg;
}

static pthread_t begin(void *(*fn)(void *))
{
	pthread_t thread;

	gev_thread_queue_init(&there, BOUND);
	gev_thread_queue_init(&back, BOUND);
	bench_need(pthread_create(&thread, NULL, fn, NULL) == 0, "thread");
	return thread;
}

static void end(pthread_t thread)
{
	pthread_join(thread, NULL);
	gev_thread_queue_fini(&there);
	gev_thread_queue_fini(&back);
}

static double stream(void)
{
	double start = bench_now();
	pthread_t thread = begin(produce);
	void *item = NULL;

	for (intptr_t i = 1; i <= ITEMS; i++) {
		gev_thread_queue_get(&there, &item, GEV_FOREVER);
		bench_need((intptr_t)item == i, "order");
	}
	start = bench_now() - start;
	end(thread);
	return start / ITEMS;
}

static double round_trips(void)
{
	double start = bench_now();
	pthread_t thread = begin(echo);
	void *item = NULL;

	for (intptr_t i = 1; i <= ROUNDS; i++) {
		gev_thread_queue_put(&there, (void *)i, GEV_FOREVER);
		gev_thread_queue_get(&back, &item, GEV_FOREVER);
		bench_need((intptr_t)item == i, "echo");
	}
	start = bench_now() - start;
	end(thread);
	return start / ROUNDS;
}

int main(int argc, char **argv)
{
	return bench_print(bench_arg(argc, argv, 1, 0) ? round_trips : stream);
}
