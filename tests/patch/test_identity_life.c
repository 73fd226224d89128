/* SPDX-License-Identifier: MIT */
/* How such greenlets, their stacks and threads come and go. */
#include <gev/hub.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>
#include "patch/full.h"

static intptr_t use_libc(void *arg)
{
	void *p = malloc(100);

	free(p);
	usleep(1);
	(void)arg;
	return 0;
}

static void many(int n)
{
	gev_greenlet *g[N];

	for (int i = 0; i < n / N; i++) {
		for (int k = 0; k < N; k++)
			g[k] = gev_spawn(use_libc, NULL);
		for (int k = 0; k < N; k++)
			join(g[k]);
	}
}

static void *nothing(void *arg)
{
	return arg;
}

/* libc goes through all TCBs it knows of. */
static void libc_is_sound(void)
{
	pthread_t thread;
	int status = -1;
	pid_t pid;

	t_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
	t_eq(pthread_join(thread, NULL), 0);
	pid = fork();
	if (pid == 0) {
		t_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
		t_eq(pthread_join(thread, NULL), 0);
		t_eq(setuid(getuid()), 0);
		exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_eq(setuid(getuid()), 0);
}

static pthread_key_t key;

static intptr_t leave_a_value(void *arg)
{
	(void)arg;
	return pthread_setspecific(key, malloc(1000));
}

static void cycles_do_not_grow(void)
{
	size_t before;

	if (!patch_full())
		return;
	t_eq(pthread_key_create(&key, free), 0);
	many(200);
	for (int i = 0; i < 10; i++)
		run(leave_a_value, NULL);
	before = mallinfo2().uordblks;
	many(10000);
	for (int i = 0; i < 1000; i++)
		run(leave_a_value, NULL);
	t_ok(mallinfo2().uordblks < before + 5000);
	pthread_key_delete(key);
	libc_is_sound();
	t_eq(gev_unpatch_all(), 0);
	libc_is_sound();
}

static intptr_t sleep_long(void *arg)
{
	int *woken = arg;

	sleep(1000);
	*woken = errno;
	return 0;
}

static void killed_in_libc(void)
{
	gev_greenlet *g;
	int woken = 0;

	if (!patch_full())
		return;
	g = gev_spawn(sleep_long, &woken);
	gev_sleep(0);
	t_eq(gev_kill(g, GEV_SEC(10)), 0);
	t_ok(woken != 0);
	gev_unref(g);
	g = gev_spawn(sleep_long, &woken);
	t_eq(gev_kill(g, GEV_SEC(10)), 0);
	gev_unref(g);
	libc_is_sound();
	t_eq(gev_unpatch_all(), 0);
}

/* Some end, some have not begun, one waits for ever. */
static void *thread_with_hub(void *arg)
{
	int woken;

	many(N);
	gev_unref(gev_spawn(sleep_long, &woken));
	gev_unref(gev_spawn_later(GEV_SEC(1000), sleep_long, &woken));
	gev_sleep(0);
	gev_unref(gev_spawn(sleep_long, &woken));
	if (arg)
		t_eq(gev_hub_destroy(0), 0);
	return NULL;
}

static void threads_leave_nothing(void)
{
	pthread_t thread[2];

	if (!patch_full())
		return;
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 2; k++)
			t_eq(pthread_create(&thread[k], NULL, thread_with_hub,
				     k ? thread : NULL), 0);
		for (int k = 0; k < 2; k++)
			t_eq(pthread_join(thread[k], NULL), 0);
		libc_is_sound();
	}
	t_eq(gev_unpatch_all(), 0);
}

static void hubs_come_and_go(void)
{
	if (!patch_full())
		return;
	for (int i = 0; i < 10; i++) {
		thread_with_hub(thread_with_hub);
		libc_is_sound();
	}
	t_eq(gev_unpatch_all(), 0);
}

/* Those that were full before stay so. */
static void unpatched_meanwhile(void)
{
	gev_greenlet *g;
	int woken = 0;

	if (!patch_full())
		return;
	g = gev_spawn(sleep_long, &woken);
	gev_sleep(0);
	t_eq(gev_unpatch_all(), 0);
	libc_is_sound();
	t_eq(gev_kill(g, GEV_SEC(10)), 0);
	gev_unref(g);
	libc_is_sound();
	t_eq(gev_unpatch_all(), 0);
	libc_is_sound();
}

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void *lock_in_thread(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)pthread_mutex_trylock(&lock);
}

static void go_on_in_child(void)
{
	pthread_t thread;
	void *r = NULL;
	FILE *f = tmpfile();

	t_ok(fprintf(f, "hello") == 5);
	t_eq(fclose(f), 0);
	t_eq(pthread_mutex_lock(&lock), 0);
	t_eq(pthread_create(&thread, NULL, lock_in_thread, NULL), 0);
	t_eq(pthread_join(thread, &r), 0);
	t_eq((intptr_t)r, EBUSY);
	t_eq(pthread_mutex_unlock(&lock), 0);
	many(N);
	t_eq(gettid(), getpid());
	libc_is_sound();
}

static intptr_t fork_and_go_on(void *arg)
{
	int status = -1;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		go_on_in_child();
		if (arg)
			exit(t_failures != 0);
		return t_failures ? -1 : 0;
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	return 0;
}

static void *fork_in_thread(void *arg)
{
	run(fork_and_go_on, arg);
	t_eq(gev_hub_destroy(0), 0);
	return NULL;
}

static void forks_in_a_thread(void)
{
	pthread_t thread;

	if (!patch_full())
		return;
	t_eq(pthread_create(&thread, NULL, fork_in_thread, &lock), 0);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(gev_unpatch_all(), 0);
}

static void forks(void)
{
	gev_greenlet *other;
	int woken;

	if (!patch_full())
		return;
	other = gev_spawn(sleep_long, &woken);
	run(fork_and_go_on, NULL);
	run(fork_and_go_on, &lock);
	gev_kill(other, GEV_FOREVER);
	gev_unref(other);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(cycles_do_not_grow);
	T_RUN(killed_in_libc);
	T_RUN(threads_leave_nothing);
	T_RUN(hubs_come_and_go);
	T_RUN(unpatched_meanwhile);
	T_RUN(forks);
	T_RUN(forks_in_a_thread);
	return t_done();
}
