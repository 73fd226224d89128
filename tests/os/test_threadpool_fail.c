/* SPDX-License-Identifier: MIT */
/* Thread pools without threads, or without memory. */
#include <semaphore.h>
#include <sys/syscall.h>
#include "../core/memory.h"

static sem_t gate;
static gev_threadpool *pool;

static intptr_t pass_gate(void *arg)
{
	sem_wait(&gate);
	return (intptr_t)arg;
}

/* From the thread after @after on no more of them can be started. */
static void no_threads_after(int after)
{
	gev__inject = (struct gev__inject){ .nr = SYS_clone,
		.error = -EAGAIN,
		.after = after,
		.times = -1 };
}

static void without_a_thread_nothing_begins(void)
{
	gev_async_result result = GEV_ASYNC_RESULT_INIT;

	pool = gev_threadpool_new(2);
	no_threads_after(0);
	t_fails(gev_threadpool_apply(pool, give, num(1)), EAGAIN);
	t_fails(gev_threadpool_spawn(pool, give, num(1), &result), EAGAIN);
	t_fails(gev_offload(give, num(1)), EAGAIN);
	gev__inject.nr = -1;
	t_ok(!gev_async_result_ready(&result));
	t_eq(gev_threadpool_join(pool, 0), 0);
	t_eq(gev_threadpool_size(pool), 0);
	t_eq(gev_threadpool_apply(pool, give, num(2)), 2);
	t_eq(gev_offload(give, num(3)), 3);
	t_eq(gev_threadpool_free(pool), 0);
}

static void one_thread_does_it_all(void)
{
	gev_async_result results[5];

	pool = gev_threadpool_new(4);
	sem_init(&gate, 0, 0);
	no_threads_after(1);
	for (int i = 0; i < 5; i++) {
		gev_async_result_init(&results[i]);
		t_eq(gev_threadpool_spawn(pool, pass_gate, num(i),
			     &results[i]), 0);
	}
	t_ok(gev__inject.calls > 1);
	gev__inject.nr = -1;
	t_eq(gev_threadpool_size(pool), 1);
	for (int i = 0; i < 5; i++)
		sem_post(&gate);
	for (int i = 0; i < 5; i++)
		t_eq(gev_async_result_get(&results[i], GEV_FOREVER), i);
	t_eq(gev_threadpool_free(pool), 0);
}

static bool new_pool(void)
{
	pool = gev_threadpool_new(1);
	return pool;
}

static bool apply(void)
{
	return gev_threadpool_apply(pool, give, num(4)) == 4;
}

static bool spawn_and_join(void)
{
	return gev_threadpool_spawn(pool, give, NULL, NULL) == 0 &&
	       gev_threadpool_join(pool, GEV_FOREVER) == 0;
}

static bool offload(void)
{
	return gev_offload(give, num(5)) == 5;
}

static void without_memory(void)
{
	t_eq(until_it_works(new_pool), 1);
	t_eq(until_it_works(apply), 1);
	t_eq(until_it_works(spawn_and_join), 1);
	t_eq(gev_threadpool_free(pool), 0);
}

/* At first what is made of it is a hub and its pool, then only the job. */
static void offload_without_memory(void)
{
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	t_ok(until_it_works(offload) > 2);
	t_eq(until_it_works(offload), 1);
}

int main(void)
{
	T_RUN(without_a_thread_nothing_begins);
	T_RUN(one_thread_does_it_all);
	T_RUN(without_memory);
	T_RUN(offload_without_memory);
	return t_done();
}
