/* SPDX-License-Identifier: MIT */
/*
 * Threads with hubs and without use one object at random, and are killed and
 * time out meanwhile: nothing may be lost or doubled.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include "../core/core.h"

static unsigned seed;

static unsigned roll(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

/* Now and then long enough to be served, now and then not. */
static gev_time some_time(unsigned *state)
{
	return GEV_US(1 + roll(state) % 200);
}

#define PRODUCERS 3
#define ITEMS 400
#define HUBS 2
#define WORKERS 3

static gev_thread_queue queue;
static atomic_int taken[PRODUCERS][ITEMS];

static void *item_of(int producer, int number)
{
	return num(producer * ITEMS + number);
}

/* Without a hub: it may not wait. */
static void *produce_nowait(void *producer)
{
	for (int i = 0; i < ITEMS; i++)
		while (gev_thread_queue_put(&queue,
			       item_of((int)(intptr_t)producer, i), 0) < 0) {
			t_eq(errno, EAGAIN);
			sched_yield();
		}
	return NULL;
}

static void *produce(void *producer)
{
	unsigned state = seed + (unsigned)(intptr_t)producer;

	for (int i = 0; i < ITEMS; i++)
		while (gev_thread_queue_put(&queue,
			       item_of((int)(intptr_t)producer, i),
			       some_time(&state)) < 0)
			t_eq(errno, ETIMEDOUT);
	return NULL;
}

struct worker {
	unsigned state;
	int last[PRODUCERS]; /* what it was given of each */
	bool done;
};

static void take(struct worker *w, intptr_t item)
{
	int producer = (int)item / ITEMS, number = (int)item % ITEMS;

	t_ok(number > w->last[producer]);
	w->last[producer] = number;
	t_eq(atomic_fetch_add(&taken[producer][number], 1), 0);
}

/* Until it is killed or nothing is left. */
static intptr_t work(void *worker)
{
	struct worker *w = worker;
	int code;

	do {
		gev_time timeout = roll(&w->state) % 2 ?
			some_time(&w->state) : GEV_FOREVER;
		void *item;

		code = 0;
		if (gev_thread_queue_get(&queue, &item, timeout) < 0)
			code = errno;
		else
			take(w, (intptr_t)item);
	} while (code == 0 || code == ETIMEDOUT);
	t_ok(code == EPIPE || code == ECANCELED);
	w->done = code == EPIPE;
	return 0;
}

static void *consume(void *hub)
{
	struct worker workers[WORKERS];
	gev_greenlet *gs[WORKERS];
	unsigned state = seed + 100 + (unsigned)(intptr_t)hub;

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .state = state + (unsigned)i,
			.last = { -1, -1, -1 } };
		gs[i] = gev_spawn(work, &workers[i]);
	}
	for (int i = 0; !workers[i].done; i = (int)(roll(&state) % WORKERS)) {
		gev_sleep(some_time(&state));
		t_eq(gev_kill(gs[i], GEV_FOREVER), 0);
		gev_unref(gs[i]);
		gs[i] = gev_spawn(work, &workers[i]);
	}
	t_eq(gev_joinall(gs, WORKERS, GEV_FOREVER), WORKERS);
	for (int i = 0; i < WORKERS; i++)
		gev_unref(gs[i]);
	return NULL;
}

static void no_item_is_lost(size_t max)
{
	pthread_t producers[PRODUCERS], consumers[HUBS];

	memset(taken, 0, sizeof(taken));
	gev_thread_queue_init(&queue, max);
	for (int i = 0; i < HUBS; i++)
		pthread_create(&consumers[i], NULL, consume, num(i));
	for (int i = 0; i < PRODUCERS; i++)
		pthread_create(&producers[i], NULL,
			i ? produce : produce_nowait, num(i));
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	t_eq(gev_thread_queue_shutdown(&queue, false), 0);
	for (int i = 0; i < HUBS; i++)
		pthread_join(consumers[i], NULL);
	for (int i = 0; i < PRODUCERS * ITEMS; i++)
		t_eq(taken[i / ITEMS][i % ITEMS], 1);
	gev_thread_queue_fini(&queue);
}

static void no_item_of_a_bounded_queue_is_lost(void)
{
	no_item_is_lost(2);
}

static void no_item_of_an_unbounded_queue_is_lost(void)
{
	no_item_is_lost(0);
}

#define PERMITS 2
#define TURNS 150

static gev_thread_sem sem;
static atomic_int inside;

static intptr_t acquire_and_release(void *state)
{
	for (int i = 0; i < TURNS; i++) {
		if (gev_thread_sem_acquire(&sem, some_time(state)) < 0) {
			t_ok(errno == ETIMEDOUT || errno == ECANCELED);
			continue;
		}
		t_ok(atomic_fetch_add(&inside, 1) < PERMITS);
		if (roll(state) % 4 == 0)
			gev_yield();
		atomic_fetch_sub(&inside, 1);
		t_eq(gev_thread_sem_release(&sem), 0);
	}
	return 0;
}

static void *acquire_in_hub(void *hub)
{
	unsigned state = seed + 200 + (unsigned)(intptr_t)hub;
	gev_greenlet *gs[WORKERS];

	for (int i = 0; i < WORKERS; i++)
		gs[i] = gev_spawn(acquire_and_release, &state);
	gev_sleep(GEV_MS(5));
	t_eq(gev_kill(gs[0], 0), 0);
	t_eq(gev_joinall(gs, WORKERS, GEV_FOREVER), WORKERS);
	for (int i = 0; i < WORKERS; i++)
		gev_unref(gs[i]);
	return NULL;
}

static void no_permit_is_lost(void)
{
	pthread_t threads[3];

	gev_thread_sem_init(&sem, PERMITS);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, acquire_in_hub, num(i));
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	t_eq(gev_thread_sem_value(&sem), PERMITS);
	gev_thread_sem_fini(&sem);
}

/* Threads end while items are on their way to them: those stay. */
static intptr_t get_for_ever(void *got)
{
	void *item;

	while (gev_thread_queue_get(&queue, &item, GEV_FOREVER) == 0)
		atomic_fetch_add((atomic_int *)got, 1);
	return 0;
}

/* The loop does not run, so that nobody is woken. */
static void *come_and_go(void *got)
{
	unsigned state = seed + 300;

	for (int i = 0; i < WORKERS; i++)
		gev_go(get_for_ever, got);
	gev_yield();
	usleep(roll(&state) % 200);
	return NULL;
}

static void *put_all(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
		t_eq(gev_thread_queue_put(&queue, NULL, 0), 0);
		sched_yield();
	}
	return arg;
}

static void no_item_goes_with_a_thread(void)
{
	static atomic_int got;
	pthread_t producer, consumer;

	atomic_store(&got, 0);
	gev_thread_queue_init(&queue, 0);
	pthread_create(&producer, NULL, put_all, NULL);
	for (int i = 0; i < 20; i++) {
		pthread_create(&consumer, NULL, come_and_go, &got);
		pthread_join(consumer, NULL);
	}
	pthread_join(producer, NULL);
	while (gev_thread_queue_get(&queue, NULL, 0) == 0)
		got++;
	t_eq(errno, EAGAIN);
	t_eq(gev_thread_queue_qsize(&queue), 0);
	t_eq(got, ITEMS);
	gev_thread_queue_fini(&queue);
}

int main(int argc, char **argv)
{
	seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) :
			  (unsigned)time(NULL);
	printf("# seed %u\n", seed);
	T_RUN(no_item_of_a_bounded_queue_is_lost);
	T_RUN(no_item_of_an_unbounded_queue_is_lost);
	T_RUN(no_permit_is_lost);
	T_RUN(no_item_goes_with_a_thread);
	return t_done();
}
