/* SPDX-License-Identifier: MIT */
/* Async watchers: sent to by other threads and by signal handlers. */
#include "t.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static gev_loop *loop;
static gev_async_watcher async;

static int log_and_stop(gev_watcher *w, int revents, void *arg)
{
	(void)revents;
	t_log("%s ", (const char *)arg);
	return gev_watcher_stop(w);
}

static void *send_one(void *arg)
{
	(void)arg;
	t_eq(gev_async_send(&async), 0);
	return NULL;
}

static void c40_send_from_a_thread_wakes_the_loop(void)
{
	pthread_t thread;

	loop = gev_loop_new();
	t_eq(gev_async_init(&async, loop), 0);
	t_eq(gev_async_start(&async, log_and_stop, "async"), 0);
	t_eq(pthread_create(&thread, NULL, send_one, NULL), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	pthread_join(thread, NULL);
	t_log_is("async ");
	gev_loop_free(loop);
}

static void on_alarm(int signum)
{
	(void)signum;
	gev_async_send(&async);
}

static void send_from_a_signal_handler_wakes_the_loop(void)
{
	loop = gev_loop_new();
	gev_async_init(&async, loop);
	gev_async_start(&async, log_and_stop, "async");
	signal(SIGALRM, on_alarm);
	ualarm(1000, 0);
	t_eq(gev_loop_run(loop, 0), 0);
	signal(SIGALRM, SIG_DFL);
	t_log_is("async ");
	gev_loop_free(loop);
}

static void many_sends_are_one_call(void)
{
	loop = gev_loop_new();
	gev_async_init(&async, loop);
	gev_async_start(&async, log_and_stop, "async");
	for (int i = 0; i < 10; i++)
		gev_async_send(&async);
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("async ");
	gev_loop_free(loop);
}

static void each_send_is_heard(void)
{
	loop = gev_loop_new();
	gev_async_init(&async, loop);
	for (int i = 0; i < 3; i++) {
		gev_async_start(&async, log_and_stop, "async");
		gev_async_send(&async);
		t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	}
	t_log_is("async async async ");
	gev_loop_free(loop);
}

static void a_send_is_remembered_while_stopped(void)
{
	loop = gev_loop_new();
	gev_async_init(&async, loop);
	gev_async_send(&async);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 0);
	t_log_is("");
	t_eq(gev_async_start(&async, log_and_stop, "async"), 0);
	t_ok(gev_watcher_pending(&async.w));
	t_eq(gev_loop_run(loop, 0), 0);
	t_log_is("async ");
	t_eq(gev_async_start(&async, log_and_stop, "async"), 0);
	t_eq(gev_loop_run(loop, GEV_RUN_NOWAIT), 1);
	t_log_is("");
	gev_loop_free(loop);
}

static int sent;
static int got;

static void *send_many(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		__atomic_fetch_add(&sent, 1, __ATOMIC_SEQ_CST);
		gev_async_send(arg);
	}
	return NULL;
}

/* Whoever sends after the last look is heard again. */
static int look(gev_watcher *w, int revents, void *arg)
{
	(void)revents;
	(void)arg;
	got = __atomic_load_n(&sent, __ATOMIC_SEQ_CST);
	return got == 4000 ? gev_watcher_stop(w) : 0;
}

static void no_send_is_lost(void)
{
	pthread_t threads[4];

	loop = gev_loop_new();
	gev_async_init(&async, loop);
	gev_async_start(&async, look, NULL);
	for (int i = 0; i < 4; i++)
		t_eq(pthread_create(&threads[i], NULL, send_many, &async), 0);
	t_eq(gev_loop_run(loop, 0), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	t_eq(got, 4000);
	gev_loop_free(loop);
}

static void bad_arguments_are_refused(void)
{
	gev_async_watcher zero = { .sent = 0 };

	t_fails(gev_async_send(NULL), EINVAL);
	t_fails(gev_async_send(&zero), EINVAL);
	t_fails(gev_async_init(NULL, NULL), EINVAL);
}

int main(void)
{
	T_RUN(c40_send_from_a_thread_wakes_the_loop);
	T_RUN(send_from_a_signal_handler_wakes_the_loop);
	T_RUN(many_sends_are_one_call);
	T_RUN(each_send_is_heard);
	T_RUN(a_send_is_remembered_while_stopped);
	T_RUN(no_send_is_lost);
	T_RUN(bad_arguments_are_refused);
	return t_done();
}
