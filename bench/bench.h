/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the programs share.
 *
 * A program measures one thing once and prints the figure.  bench/run starts
 * it several times, in turn with its peers, and compares.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Give up, saying what could not be done. */
static inline void bench_need(int ok, const char *what)
{
	if (ok)
		return;
	if (errno)
		perror(what);
	else
		fprintf(stderr, "%s\n", what);
	exit(1);
}

static inline double bench_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline double bench_now(void)
{
	return bench_ns(CLOCK_MONOTONIC);
}

/* The @n-th argument as a number. */
static inline long bench_arg(int argc, char **argv, int n, long otherwise)
{
	return argc > n ? atol(argv[n]) : otherwise;
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value below which @share of @values are; sorts them. */
static inline double bench_quantile(double *values, size_t n, double share)
{
	qsort(values, n, sizeof(*values), bench_compare);
	return values[(size_t)((double)(n - 1) * share)];
}

/* Print the median of what @once() gives, after a run that doesn't count. */
static inline int bench_print(double (*once)(void))
{
	double values[7];

	once();
	for (int i = 0; i < 7; i++)
		values[i] = once();
	printf("%.2f\n", bench_quantile(values, 7, 0.5));
	return 0;
}

/* xorshift64: the same numbers in every run. */
static inline uint64_t bench_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* 0 .. n-1 in random order, by Fisher and Yates. */
static inline uint32_t *bench_shuffled(uint32_t n)
{
	uint32_t *order = (uint32_t *)malloc(n * sizeof(*order));

	bench_need(order != NULL, "malloc");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = (uint32_t)(bench_random() % (i + 1));

		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

#endif
