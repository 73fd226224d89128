/* SPDX-License-Identifier: MIT */
/* Tasks that are done, queues that end, bad use. */
#include <pthread.h>
#include "../sync/queue.h"

static void c63_task_done(void)
{
	start(0);
	t_fails(gev_queue_task_done(&q), EINVAL);
	put_now(1);
	t_eq(gev_queue_unfinished(&q), 1);
	t_eq(get_now(), 1);
	t_fails(gev_queue_join(&q, 0), ETIMEDOUT);
	t_fails(gev_queue_join(&q, TICK), ETIMEDOUT);
	t_eq(gev_queue_task_done(&q), 0);
	t_eq(gev_queue_unfinished(&q), 0);
	t_fails(gev_queue_task_done(&q), EINVAL);
	t_eq(gev_queue_join(&q, 0), 0);
	finish();
}

static void c63_join_on_fresh_queue(void)
{
	start(0);
	t_eq(gev_queue_join(&q, GEV_FOREVER), 0);
	finish();
}

static void c63_joiners_wait_for_the_last(void)
{
	start(1);
	put_now(1);
	t_eq(gev_go(put, num(2)), 0);
	t_eq(gev_go(join, NULL), 0);
	t_eq(gev_go(join, NULL), 0);
	settle();
	for (int i = 1; i <= 2; i++) {
		t_log_is(i == 1 ? "2> " : "2. ");
		t_eq(get_now(), i);
		t_eq(gev_queue_task_done(&q), 0);
		settle();
	}
	t_log_is("joined joined ");
	finish();
}

static void is_shut(void)
{
	t_fails(gev_queue_put(&q, NULL, GEV_FOREVER), EPIPE);
	t_fails(gev_queue_put(&q, NULL, 0), EPIPE);
	t_fails(gev_queue_get(&q, NULL, GEV_FOREVER), EPIPE);
	t_fails(gev_queue_get(&q, NULL, 0), EPIPE);
	t_fails(gev_queue_get(&q, NULL, TICK), EPIPE);
	t_fails(gev_queue_peek(&q, NULL, 0), EPIPE);
}

static void c63_shutdown(void)
{
	start(0);
	put_now(1);
	put_now(2);
	t_eq(gev_queue_shutdown(&q, false), 0);
	t_fails(gev_queue_put(&q, NULL, GEV_FOREVER), EPIPE);
	t_eq(get_now(), 1);
	t_eq(gev_queue_task_done(&q), 0);
	t_eq(get_now(), 2);
	t_eq(gev_queue_task_done(&q), 0);
	t_eq(gev_queue_join(&q, GEV_FOREVER), 0);
	is_shut();
	finish();
}

static void c63_shutdown_immediate(void)
{
	start(0);
	put_now(1);
	put_now(2);
	t_eq(gev_go(join, NULL), 0);
	settle();
	t_eq(gev_queue_shutdown(&q, true), 0);
	t_fails(gev_queue_task_done(&q), EINVAL);
	t_eq(gev_queue_join(&q, GEV_FOREVER), 0);
	is_shut();
	settle();
	t_log_is("joined ");
	finish();
}

static void c63_shutdown_releases_waiters(void)
{
	gev_greenlet *g[4];

	start(1);
	g[0] = gev_spawn(get, "");
	g[1] = gev_spawn(peek, "");
	settle();
	t_eq(gev_queue_shutdown(&q, false), 0);
	drop(g[0], EPIPE);
	drop(g[1], EPIPE);
	finish();
	start(1);
	put_now(1);
	g[2] = gev_spawn(put, num(2));
	g[3] = gev_spawn(put, num(3));
	settle();
	t_eq(gev_queue_shutdown(&q, false), 0);
	drop(g[2], EPIPE);
	drop(g[3], EPIPE);
	t_log_is("2> 3> ");
	t_eq(gev_queue_unfinished(&q), 1);
	t_eq(get_now(), 1);
	is_shut();
	finish();
}

static void fini_releases_waiters(void)
{
	gev_greenlet *g[3];

	start(1);
	g[0] = gev_spawn(get, "");
	g[1] = gev_spawn(peek, "");
	settle();
	finish();
	drop(g[0], EPIPE);
	drop(g[1], EPIPE);
	start(1);
	put_now(1);
	g[0] = gev_spawn(put, num(2));
	g[1] = gev_spawn(join, NULL);
	settle();
	finish();
	drop(g[0], EPIPE);
	drop(g[1], EPIPE);
	t_log_is("2> ");
}

static void fini_forgets_the_items(void)
{
	start(0);
	put_now(1);
	finish();
	t_ok(gev_queue_empty(&q));
	t_eq(gev_queue_qsize(&q), 0);
}

static void bad_use(void)
{
	struct gev_queue_options options = { .order = 3 };

	t_fails(gev_queue_init(NULL, 0), EINVAL);
	t_fails(gev_queue_init_opt(&q, &options), EINVAL);
	options = (struct gev_queue_options){ .count = 1 };
	t_fails(gev_queue_init_opt(&q, &options), EINVAL);
	t_fails(gev_queue_put(NULL, NULL, 0), EINVAL);
	t_fails(gev_queue_get(NULL, NULL, 0), EINVAL);
	t_fails(gev_queue_peek(NULL, NULL, 0), EINVAL);
	t_fails(gev_queue_task_done(NULL), EINVAL);
	t_fails(gev_queue_join(NULL, 0), EINVAL);
	t_fails(gev_queue_shutdown(NULL, true), EINVAL);
	t_fails(gev_queue_fini(NULL), EINVAL);
	t_ok(!gev_queue_empty(NULL) && !gev_queue_full(NULL));
	t_eq(gev_queue_qsize(NULL) + gev_queue_unfinished(NULL), 0);
	start(1);
	t_fails(gev_queue_get(&q, NULL, -2), EINVAL);
	t_fails(gev_queue_peek(&q, NULL, -2), EINVAL);
	put_now(1);
	t_fails(gev_queue_put(&q, NULL, -2), EINVAL);
	t_fails(gev_queue_join(&q, -2), EINVAL);
	finish();
	t_fails(gev_queue_put(&q, NULL, 0), EINVAL);
	t_fails(gev_queue_get(&q, NULL, 0), EINVAL);
	t_fails(gev_queue_fini(&q), EINVAL);
}

static void *foreign(void *unused)
{
	t_fails(gev_queue_put(&q, unused, 0), EPERM);
	t_fails(gev_queue_get(&q, NULL, 0), EPERM);
	t_fails(gev_queue_peek(&q, NULL, 0), EPERM);
	t_fails(gev_queue_task_done(&q), EPERM);
	t_fails(gev_queue_join(&q, 0), EPERM);
	t_fails(gev_queue_shutdown(&q, true), EPERM);
	t_fails(gev_queue_fini(&q), EPERM);
	return NULL;
}

static void belongs_to_a_thread(void)
{
	pthread_t thread;

	start(0);
	put_now(1);
	t_eq(pthread_create(&thread, NULL, foreign, NULL), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(get_now(), 1);
	finish();
}

int main(void)
{
	t_virtual();
	T_RUN(c63_task_done);
	T_RUN(c63_join_on_fresh_queue);
	T_RUN(c63_joiners_wait_for_the_last);
	T_RUN(c63_shutdown);
	T_RUN(c63_shutdown_immediate);
	T_RUN(c63_shutdown_releases_waiters);
	T_RUN(fini_releases_waiters);
	T_RUN(fini_forgets_the_items);
	T_RUN(bad_use);
	T_RUN(belongs_to_a_thread);
	return t_done();
}
