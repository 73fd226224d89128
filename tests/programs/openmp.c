/* SPDX-License-Identifier: MIT */
/* OpenMP's threads: teams that divide work, and wait for each other often. */
#include <omp.h>
#include "program.h"

#define THREADS 4
#define REGIONS 50
#define N 10000

static bool reduces(void)
{
	long sum = 0;

	for (int r = 0; r < REGIONS; r++) {
#pragma omp parallel for reduction(+ : sum) num_threads(THREADS)
		for (int i = 0; i < N; i++)
			sum += i ^ r;
	}
	for (int r = 0; r < REGIONS; r++)
		for (int i = 0; i < N; i++)
			sum -= i ^ r;
	return sum == 0;
}

/* None is ahead of another by more than a step. */
static bool keeps_step(void)
{
	int at[THREADS] = { 0 }, ahead = 0;

#pragma omp parallel num_threads(THREADS) reduction(+ : ahead)
	for (int r = 0; r < REGIONS; r++) {
		at[omp_get_thread_num()] = r;
#pragma omp barrier
		for (int i = 0; i < omp_get_num_threads(); i++)
			ahead += at[i] != r;
#pragma omp barrier
	}
	return ahead == 0;
}

static long fibonacci(int n)
{
	long a, b;

	if (n < 2)
		return n;
#pragma omp task shared(a)
	a = fibonacci(n - 1);
	b = fibonacci(n - 2);
#pragma omp taskwait
	return a + b;
}

static bool does_tasks(void)
{
	long f = 0;

#pragma omp parallel num_threads(THREADS)
#pragma omp single
	f = fibonacci(12);
	return f == 144;
}

static bool excludes(void)
{
	volatile long n = 0;

#pragma omp parallel for num_threads(THREADS)
	for (int i = 0; i < N; i++) {
#pragma omp critical
		n = n + 1;
	}
	return n == N;
}

int main(void)
{
	say(reduces(), "a sum made by several");
	say(keeps_step(), "barriers");
	say(does_tasks(), "tasks");
	say(excludes(), "critical sections");
	return 0;
}
