/* SPDX-License-Identifier: MIT */
/*
 * What it takes a thread to post to a hub that is asleep, as a multiple of what
 * it takes to write to an eventfd that a thread is asleep on, in turns.
 */
#include <gev.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "bench.h"

#define ROUNDS 300

static atomic_int woken;
static gev_hub *_Atomic hub;
static int fd;

static int note(void *arg)
{
	(void)arg;
	atomic_fetch_add(&woken, 1);
	return 0;
}

static void *sleep_in_hub(void *arg)
{
	atomic_store(&hub, gev_hub_get());
	gev_sleep(GEV_SEC(1000));
	return arg;
}

static void *sleep_in_poll(void *arg)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t n;

	while (poll(&p, 1, -1) == 1 && read(fd, &n, sizeof(n)) > 0)
		note(NULL);
	return arg;
}

static void post(void)
{
	bench_need(gev_hub_post(atomic_load(&hub), note, NULL) == 0, "post");
}

static void write_event(void)
{
	uint64_t one = 1;

	bench_need(write(fd, &one, sizeof(one)) > 0, "write");
}

/* The other threads are given time to fall asleep again. */
static double time_of(void (*wake)(void), int seen)
{
	double start;

	usleep(200);
	start = bench_now();
	wake();
	start = bench_now() - start;
	while (atomic_load(&woken) < seen)
		;
	return start;
}

static void start_thread(void *(*fn)(void *))
{
	pthread_t thread;

	bench_need(pthread_create(&thread, NULL, fn, NULL) == 0, "thread");
}

int main(void)
{
	static double posts[ROUNDS], writes[ROUNDS];

	fd = eventfd(0, 0);
	start_thread(sleep_in_poll);
	start_thread(sleep_in_hub);
	while (!atomic_load(&hub))
		;
	for (int i = 0; i < ROUNDS; i++) {
		posts[i] = time_of(post, 2 * i + 1);
		writes[i] = time_of(write_event, 2 * i + 2);
	}
	printf("%.2f\n", bench_quantile(posts, ROUNDS, 0.5) /
				 bench_quantile(writes, ROUNDS, 0.5));
	return 0;
}
