/* SPDX-License-Identifier: MIT */
/* Thread pools: who runs what, where results go, and how pools end. */
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/core.h"

/* What jobs wait for, and what they count. */
static sem_t gate;
static atomic_int running, most, ran;

static void reset(void)
{
	sem_init(&gate, 0, 0);
	running = most = ran = 0;
}

static void open_gate(int n)
{
	while (n-- > 0)
		sem_post(&gate);
}

static intptr_t pass_gate(void *arg)
{
	int now_running = ++running;

	if (now_running > most)
		most = now_running;
	sem_wait(&gate);
	running--;
	ran++;
	return (intptr_t)arg;
}

static intptr_t which_thread(void *arg)
{
	*(pthread_t *)arg = pthread_self();
	return 7;
}

static intptr_t fail_there(void *code)
{
	errno = (int)(intptr_t)code;
	return -1;
}

/* Lets greenlets run until @n jobs are running. */
static void until_running(int n)
{
	while (running < n)
		t_eq(gev_sleep(GEV_US(100)), 0);
}

/* The same until the pool has @n threads. */
static void until_size(gev_threadpool *pool, int n)
{
	while (gev_threadpool_size(pool) != n)
		t_eq(gev_sleep(GEV_US(100)), 0);
}

static void c67_runs_on_another_thread(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	pthread_t thread = pthread_self();

	t_eq(gev_threadpool_size(pool), 0);
	t_eq(gev_threadpool_maxsize(pool), 1);
	t_eq(gev_threadpool_apply(pool, which_thread, &thread), 7);
	t_ok(!pthread_equal(thread, pthread_self()));
	t_eq(gev_threadpool_size(pool), 1);
	t_eq(gev_threadpool_free(pool), 0);
}

static void c67_four_jobs_on_three_threads(void)
{
	gev_threadpool *pool = gev_threadpool_new(3);
	gev_async_result results[4];

	reset();
	for (int i = 0; i < 4; i++) {
		gev_async_result_init(&results[i]);
		t_eq(gev_threadpool_spawn(pool, pass_gate, num(i), &results[i]),
			0);
	}
	until_running(3); /* this greenlet runs meanwhile */
	t_eq(gev_threadpool_size(pool), 3);
	t_fails(gev_threadpool_join(pool, 0), ETIMEDOUT);
	open_gate(4);
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	for (int i = 0; i < 4; i++)
		t_eq(gev_async_result_get(&results[i], GEV_FOREVER), i);
	t_eq(most, 3);
	t_eq(gev_threadpool_free(pool), 0);
}

static void c67_error_comes_back(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	gev_async_result result = GEV_ASYNC_RESULT_INIT;

	t_fails(gev_threadpool_apply(pool, fail_there, num(EXDEV)), EXDEV);
	t_eq(gev_threadpool_spawn(pool, fail_there, num(EXDEV), &result), 0);
	t_fails(gev_async_result_get(&result, GEV_FOREVER), EXDEV);
	gev_async_result_init(&result);
	t_eq(gev_threadpool_spawn(pool, fail_with, num(EIO), &result), 0);
	t_fails(gev_async_result_get(&result, GEV_FOREVER), EIO);
	t_eq(gev_threadpool_free(pool), 0);
}

static void *as_a_foreigner(void *pool)
{
	t_fails(gev_threadpool_spawn(pool, give, NULL, NULL), EPERM);
	t_fails(gev_threadpool_apply(pool, give, NULL), EPERM);
	t_fails(gev_threadpool_join(pool, 0), EPERM);
	t_fails(gev_threadpool_size(pool), EPERM);
	t_fails(gev_threadpool_set_maxsize(pool, 2), EPERM);
	t_fails(gev_threadpool_free(pool), EPERM);
	return NULL;
}

static void c67_not_from_a_foreign_thread(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, as_a_foreigner, pool), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_threadpool_free(pool), 0);
}

static void c67_bad_sizes_and_arguments(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);

	t_fails(gev_threadpool_new(0), EINVAL);
	t_fails(gev_threadpool_new(-1), EINVAL);
	t_fails(gev_threadpool_set_maxsize(pool, 0), EINVAL);
	t_fails(gev_threadpool_set_idle(pool, -2), EINVAL);
	t_fails(gev_threadpool_apply(pool, NULL, NULL), EINVAL);
	t_fails(gev_threadpool_apply(NULL, give, NULL), EINVAL);
	t_fails(gev_threadpool_spawn(NULL, give, NULL, NULL), EINVAL);
	t_fails(gev_threadpool_size(NULL), EINVAL);
	t_fails(gev_offload(NULL, NULL), EINVAL);
	t_eq(gev_threadpool_free(NULL), 0);
	t_eq(gev_threadpool_free(pool), 0);
}

static void c67_shrinks_and_grows(void)
{
	gev_threadpool *pool = gev_threadpool_new(3);

	reset();
	for (int i = 0; i < 3; i++)
		t_eq(gev_threadpool_spawn(pool, pass_gate, NULL, NULL), 0);
	until_running(3);
	t_eq(gev_threadpool_set_maxsize(pool, 1), 0);
	t_eq(gev_threadpool_size(pool), 3);
	open_gate(3);
	until_size(pool, 1);
	for (int i = 0; i < 3; i++)
		t_eq(gev_threadpool_spawn(pool, pass_gate, NULL, NULL), 0);
	until_running(1);
	t_eq(gev_threadpool_set_maxsize(pool, 3), 0);
	until_running(3);
	open_gate(3);
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	t_eq(gev_threadpool_free(pool), 0);
}

struct inner {
	gev_threadpool *pool;
	pthread_t outer, inner, offloaded;
};

static intptr_t apply_inside(void *arg)
{
	struct inner *i = arg;

	i->outer = pthread_self();
	t_eq(gev_threadpool_apply(i->pool, which_thread, &i->inner), 7);
	return gev_offload(which_thread, &i->offloaded);
}

static void c67_recursion_runs_inline(void)
{
	struct inner i = { .pool = gev_threadpool_new(1) };

	t_eq(gev_threadpool_apply(i.pool, apply_inside, &i), 7);
	t_ok(pthread_equal(i.outer, i.inner));
	t_ok(pthread_equal(i.outer, i.offloaded));
	t_eq(gev_threadpool_free(i.pool), 0);
}

static void c67_idle_threads_die(void)
{
	gev_threadpool *pool = gev_threadpool_new(2);

	t_eq(gev_threadpool_set_idle(pool, GEV_MS(1)), 0);
	t_eq(gev_threadpool_apply(pool, give, num(1)), 1);
	until_size(pool, 0);
	t_eq(gev_threadpool_apply(pool, give, num(2)), 2);
	t_eq(gev_threadpool_free(pool), 0);
}

static void offload_waits_for_its_thread(void)
{
	pthread_t thread = pthread_self();

	t_eq(gev_offload(which_thread, &thread), 7);
	t_ok(!pthread_equal(thread, pthread_self()));
	t_fails(gev_offload(fail_there, num(ENOENT)), ENOENT);
}

static intptr_t apply_gate(void *pool)
{
	return gev_threadpool_apply(pool, pass_gate, num(5));
}

static void who_is_killed_lets_work_go_on(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	gev_greenlet *runs, *queued;

	reset();
	runs = gev_spawn(apply_gate, pool);
	queued = gev_spawn(apply_gate, pool);
	until_running(1);
	end(queued);
	end(runs);
	open_gate(2);
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	t_eq(ran, 1); /* the other never began */
	t_eq(gev_threadpool_free(pool), 0);
}

static void a_timeout_ends_the_wait(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	gev_timeout t;

	reset();
	gev_timeout_start(&t, GEV_MS(1));
	t_fails(gev_threadpool_apply(pool, pass_gate, NULL), ETIMEDOUT);
	open_gate(1);
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	t_eq(gev_threadpool_apply(pool, give, num(3)), 3);
	t_eq(gev_threadpool_free(pool), 0);
}

static void who_has_to_fail_does_not_begin(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	gev_timeout t;

	reset();
	gev_timeout_start(&t, 0);
	t_eq(gev_yield(), 0); /* from now on it is due */
	t_fails(gev_threadpool_apply(pool, pass_gate, NULL), ETIMEDOUT);
	t_eq(gev_threadpool_join(pool, 0), 0);
	t_eq(running + ran, 0);
	t_eq(gev_threadpool_free(pool), 0);
}

static int apply_in_callback(void *pool)
{
	t_fails(gev_threadpool_apply(pool, give, NULL), EDEADLK);
	return gev_threadpool_spawn(pool, give, NULL, NULL);
}

static void callbacks_spawn_but_do_not_wait(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);

	t_eq(gev_hub_post(gev_hub_get(), apply_in_callback, pool), 0);
	settle();
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	t_eq(gev_threadpool_free(pool), 0);
}

static void freeing_fails_who_waits(void)
{
	gev_threadpool *pool = gev_threadpool_new(1);
	gev_async_result queued = GEV_ASYNC_RESULT_INIT;
	gev_greenlet *g;

	reset();
	g = gev_spawn(apply_gate, pool);
	until_running(1);
	t_eq(gev_threadpool_spawn(pool, pass_gate, NULL, &queued), 0);
	t_eq(gev_threadpool_free(pool), 0);
	t_fails(gev_get(g, GEV_FOREVER), EINVAL);
	t_fails(gev_async_result_get(&queued, GEV_FOREVER), EINVAL);
	gev_unref(g);
	open_gate(2);
	while (ran < 1)
		t_eq(gev_sleep(GEV_US(100)), 0);
	t_eq(ran, 1);
}

#define MANY 2000

static void no_work_is_lost(void)
{
	gev_threadpool *pool = gev_threadpool_new(4);

	reset();
	open_gate(MANY);
	t_eq(gev_threadpool_set_idle(pool, 0), 0);
	for (int i = 0; i < MANY; i++)
		t_eq(gev_threadpool_spawn(pool, pass_gate, NULL, NULL), 0);
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	t_eq(ran, MANY);
	t_ok(most <= 4);
	t_eq(gev_threadpool_free(pool), 0);
}

static void *leave_work_behind(void *arg)
{
	gev_threadpool *pool = gev_threadpool_new(1);

	t_eq(gev_offload(give, num(4)), 4);
	for (int i = 0; i < 3; i++)
		t_eq(gev_threadpool_spawn(pool, pass_gate, NULL, NULL), 0);
	gev_go(apply_gate, pool);
	until_running(1);
	return arg;
}

static void c33_pools_end_with_their_hub(void)
{
	for (int i = 0; i < 10; i++) {
		pthread_t thread;

		reset();
		t_eq(pthread_create(&thread, NULL, leave_work_behind, NULL), 0);
		t_eq(pthread_join(thread, NULL), 0);
		open_gate(1);
		while (ran < 1)
			t_eq(gev_sleep(GEV_US(100)), 0);
		t_eq(running, 0);
	}
}

static void c33_the_next_hub_has_its_own(void)
{
	t_eq(gev_offload(give, num(1)), 1);
	t_eq(gev_hub_destroy(0), 0);
	t_eq(gev_offload(give, num(2)), 2);
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	t_eq(gev_offload(give, num(3)), 3);
}

static void c34_pools_work_in_a_child(void)
{
	gev_threadpool *pool = gev_threadpool_new(2);
	int status = 0;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	t_eq(gev_threadpool_free(pool), 0);
	t_skip("ThreadSanitizer lets no child start threads");
	return;
#endif
	if (t_under("qemu")) {
		t_eq(gev_threadpool_free(pool), 0);
		t_skip("qemu-user fails when a forked child starts threads");
		return;
	}
	reset();
	t_eq(gev_offload(give, num(1)), 1);
	t_eq(gev_threadpool_spawn(pool, pass_gate, NULL, NULL), 0);
	until_running(1);
	pid = gev_fork();
	if (pid == 0) {
		t_eq(gev_threadpool_size(pool), 0);
		t_eq(gev_threadpool_join(pool, 0), 0);
		t_eq(gev_threadpool_apply(pool, give, num(6)), 6);
		t_eq(gev_offload(give, num(7)), 7);
		t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	open_gate(1);
	t_eq(gev_threadpool_join(pool, GEV_FOREVER), 0);
	t_eq(gev_threadpool_free(pool), 0);
}

int main(void)
{
	T_RUN(c67_runs_on_another_thread);
	T_RUN(c67_four_jobs_on_three_threads);
	T_RUN(c67_error_comes_back);
	T_RUN(c67_not_from_a_foreign_thread);
	T_RUN(c67_bad_sizes_and_arguments);
	T_RUN(c67_shrinks_and_grows);
	T_RUN(c67_recursion_runs_inline);
	T_RUN(c67_idle_threads_die);
	T_RUN(offload_waits_for_its_thread);
	T_RUN(who_is_killed_lets_work_go_on);
	T_RUN(a_timeout_ends_the_wait);
	T_RUN(who_has_to_fail_does_not_begin);
	T_RUN(callbacks_spawn_but_do_not_wait);
	T_RUN(freeing_fails_who_waits);
	T_RUN(no_work_is_lost);
	T_RUN(c33_pools_end_with_their_hub);
	T_RUN(c33_the_next_hub_has_its_own);
	T_RUN(c34_pools_work_in_a_child);
	return t_done();
}
