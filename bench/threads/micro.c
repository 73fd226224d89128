/* SPDX-License-Identifier: MIT */
/*
 * micro hand-over|create|call|dispatched|spin - what a threaded program does
 * most, in ns: to hand a turn over by a condition variable; to create and join a
 * thread; to make a system call that nobody waits in; the same, natively, while
 * the kernel looks where each comes from, as it does under gev run; to hand a
 * turn over to one who spins.
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

#define TURNS 20000
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1

static void *take_turns(void *arg)
{
	int me = arg != NULL;

	pthread_mutex_lock(&mutex);
	for (int i = 0; i < TURNS; i++) {
		while (turn != me)
			pthread_cond_wait(&cond, &mutex);
		turn = !me;
		pthread_cond_signal(&cond);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

#define SPINS 20

static void *spin(void *arg)
{
	int me = arg != NULL;

	for (int i = 0; i < SPINS; i++) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
			__builtin_ia32_pause();
		__atomic_store_n(&turn, !me, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *nothing(void *arg)
{
	return arg;
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	errno = pthread_create(&t, NULL, fn, arg);
	bench_need(errno == 0, "pthread_create");
	return t;
}

static double together(void *(*fn)(void *), int turns)
{
	double begin = bench_now();
	pthread_t other = start(fn, &turn);

	fn(NULL);
	pthread_join(other, NULL);
	return (bench_now() - begin) / (2 * turns);
}

static double hand_over(void)
{
	return together(take_turns, TURNS);
}

static double hand_over_spinning(void)
{
	return together(spin, SPINS);
}

static double create(void)
{
	const int n = 5000;
	double begin = bench_now();

	for (int i = 0; i < n; i++)
		pthread_join(start(nothing, NULL), NULL);
	return (bench_now() - begin) / n;
}

static double call(void)
{
	const int n = 1000000;
	double begin = bench_now();

	for (int i = 0; i < n; i++)
		getppid();
	return (bench_now() - begin) / n;
}

/* Calls from anywhere are left alone. */
static double dispatched(void)
{
	static char selector;

	bench_need(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0L,
			   -1L, &selector) == 0,
		"Syscall User Dispatch");
	return call();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	pthread_join(start(nothing, NULL), NULL); /* from now on it is caught */
	if (strcmp(what, "hand-over") == 0)
		return bench_print(hand_over);
	if (strcmp(what, "create") == 0)
		return bench_print(create);
	if (strcmp(what, "dispatched") == 0)
		return bench_print(dispatched);
	if (strcmp(what, "spin") == 0)
		return bench_print(hand_over_spinning);
	bench_need(strcmp(what, "call") == 0,
		"hand-over, create, call, dispatched or spin?");
	return bench_print(call);
}
