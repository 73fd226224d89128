/* SPDX-License-Identifier: MIT */
/* gev_loop_run_callback() and its form for other threads. */
#include "t.h"
#include <pthread.h>
#include <unistd.h>

static gev_loop *loop;

static int log_name(void *arg)
{
	t_log("%s ", (const char *)arg);
	return 0;
}

static int fail(void *arg)
{
	(void)arg;
	return -EPROTO;
}

static void log_error(gev_loop *l, int code, const char *where, void *arg)
{
	(void)l;
	(void)arg;
	t_log("%s:%s ", where, code == EPROTO ? "EPROTO" : "?");
}

static void c36_pending_until_it_is_called(void)
{
	gev_callback a = GEV_CALLBACK_INIT;
	gev_callback b = GEV_CALLBACK_INIT;

	loop = gev_loop_new();
	t_ok(!gev_callback_pending(&a));
	t_eq(gev_loop_run_callback(loop, &a, log_name, "a"), 0);
	t_eq(gev_loop_run_callback(loop, &b, log_name, "b"), 0);
	t_ok(gev_callback_pending(&a));
	t_eq(gev_callback_stop(&b), 0);
	t_eq(gev_callback_stop(&b), 0);
	t_ok(!gev_callback_pending(&b));
	t_eq(gev_loop_run(loop, 0), 0);
	t_ok(!gev_callback_pending(&a));
	t_log_is("a ");
	gev_loop_free(loop);
}

static void c37_a_failing_one_drops_no_other(void)
{
	gev_callback cb[3] = { GEV_CALLBACK_INIT };

	loop = gev_loop_new();
	gev_loop_set_error_hook(loop, log_error, NULL);
	gev_loop_run_callback(loop, &cb[0], log_name, "a");
	gev_loop_run_callback(loop, &cb[1], fail, NULL);
	gev_loop_run_callback(loop, &cb[2], log_name, "c");
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("a callback:EPROTO c ");
	gev_loop_free(loop);
}

static void bad_arguments_are_refused(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	loop = gev_loop_new();
	t_fails(gev_loop_run_callback(NULL, &cb, log_name, NULL), EINVAL);
	t_fails(gev_loop_run_callback(loop, NULL, log_name, NULL), EINVAL);
	t_fails(gev_loop_run_callback(loop, &cb, NULL, NULL), EINVAL);
	t_fails(gev_loop_run_callback_threadsafe(loop, &cb, NULL, NULL),
		EINVAL);
	t_fails(gev_callback_stop(NULL), EINVAL);
	t_ok(!gev_callback_pending(NULL));
	t_eq(gev_loop_run_callback_threadsafe(loop, &cb, log_name, "a"), 0);
	t_fails(gev_loop_run_callback(loop, &cb, log_name, "a"), EALREADY);
	t_fails(gev_loop_run_callback_threadsafe(loop, &cb, log_name, "a"),
		EALREADY);
	t_eq(gev_callback_stop(&cb), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("");
	gev_loop_free(loop);
}

struct endless {
	gev_callback cb;
	long calls;
};

static int once_more(void *arg)
{
	struct endless *e = arg;

	e->calls++;
	return gev_loop_run_callback(loop, &e->cb, once_more, e);
}

static int stop_endless(gev_watcher *w, int revents, void *arg)
{
	struct endless *e = arg;

	(void)revents;
	gev_watcher_stop(w);
	for (int i = 0; i < 3000; i++)
		gev_callback_stop(&e[i].cb);
	return 0;
}

/* Three slices' worth of callbacks that never come to an end. */
static void endless_callbacks_do_not_starve_others(void)
{
	static struct endless e[3000];
	gev_io_watcher io;
	gev_timer_watcher t;
	int fds[2];

	loop = gev_loop_new();
	t_eq(pipe(fds), 0);
	t_eq(write(fds[1], "x", 1), 1);
	for (int i = 0; i < 3000; i++)
		gev_loop_run_callback(loop, &e[i].cb, once_more, &e[i]);
	gev_timer_init(&t, loop, 0, 0);
	gev_timer_start(&t, stop_endless, e);
	t_eq(gev_loop_run(loop, 0), 0);
	t_ok(e[0].calls == 1 && e[2999].calls == 0);
	for (int i = 0; i < 3000; i++)
		gev_loop_run_callback(loop, &e[i].cb, once_more, &e[i]);
	gev_io_init(&io, loop, fds[0], GEV_READ);
	gev_io_start(&io, stop_endless, e);
	t_eq(gev_loop_run(loop, 0), 0);
	t_ok(e[0].calls == 2 && e[2999].calls == 0);
	gev_loop_free(loop);
	close(fds[0]);
	close(fds[1]);
}

static int queue_another(void *arg)
{
	t_log("first ");
	return gev_loop_run_callback(loop, arg, log_name, "second");
}

static int log_check(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	t_log("check ");
	return 0;
}

static void what_they_queue_waits_for_the_next_iteration(void)
{
	gev_callback a = GEV_CALLBACK_INIT;
	gev_callback b = GEV_CALLBACK_INIT;
	gev_check_watcher check;

	loop = gev_loop_new();
	gev_check_init(&check, loop);
	gev_watcher_set_ref(&check.w, false);
	gev_check_start(&check, log_check, NULL);
	gev_loop_run_callback(loop, &a, queue_another, &b);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("first check second check ");
	gev_loop_free(loop);
}

static int stop_other(void *arg)
{
	t_log("stop ");
	return gev_callback_stop(arg);
}

static void one_may_stop_the_next(void)
{
	gev_callback cb[3] = { GEV_CALLBACK_INIT };

	loop = gev_loop_new();
	gev_loop_run_callback(loop, &cb[0], stop_other, &cb[1]);
	gev_loop_run_callback(loop, &cb[1], log_name, "never");
	gev_loop_run_callback(loop, &cb[2], log_name, "last");
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("stop last ");
	gev_loop_free(loop);
}

#define THREADS 4
#define POSTS 2000

struct poster {
	pthread_t thread;
	gev_callback cb[POSTS];
	int seen;
};

static struct poster posters[THREADS];
static int done;

static int posted(void *arg)
{
	struct poster *p = &posters[(intptr_t)arg / POSTS];

	if (p->seen++ != (intptr_t)arg % POSTS)
		t_ok(!"in order");
	if (++done == THREADS * POSTS)
		gev_loop_break(loop);
	return 0;
}

static void *post_many(void *arg)
{
	intptr_t id = (intptr_t)arg;

	for (int i = 0; i < POSTS; i++)
		gev_loop_run_callback_threadsafe(loop, &posters[id].cb[i],
			posted, (void *)(id * POSTS + i));
	return NULL;
}

static int never(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	return 0;
}

static void c40_threadsafe_wakes_a_sleeping_loop(void)
{
	gev_async_watcher keep;

	loop = gev_loop_new();
	gev_async_init(&keep, loop);
	gev_async_start(&keep, never, NULL);
	for (intptr_t i = 0; i < THREADS; i++)
		t_eq(pthread_create(&posters[i].thread, NULL, post_many,
			(void *)i), 0);
	t_eq(gev_loop_run(loop, 0), 1);
	t_eq(done, THREADS * POSTS);
	for (int i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
	gev_watcher_stop(&keep.w);
	gev_loop_free(loop);
}

static void a_posted_one_counts(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	loop = gev_loop_new();
	gev_loop_run_callback_threadsafe(loop, &cb, log_name, "posted");
	t_eq(gev_loop_next(loop), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("posted ");
	gev_loop_free(loop);
}

int main(void)
{
	T_RUN(c36_pending_until_it_is_called);
	T_RUN(c37_a_failing_one_drops_no_other);
	T_RUN(bad_arguments_are_refused);
	T_RUN(endless_callbacks_do_not_starve_others);
	T_RUN(what_they_queue_waits_for_the_next_iteration);
	T_RUN(one_may_stop_the_next);
	T_RUN(c40_threadsafe_wakes_a_sleeping_loop);
	T_RUN(a_posted_one_counts);
	return t_done();
}
