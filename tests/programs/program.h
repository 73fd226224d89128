/* SPDX-License-Identifier: MIT */
/*
 * What the programs here have in common.  They know nothing of gev: natively,
 * and under gev run, they have to say the same and end the same way.
 */
#ifndef TESTS_PROGRAMS_PROGRAM_H
#define TESTS_PROGRAMS_PROGRAM_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* A line of what is compared; said by one thread at a time. */
static inline void say(bool ok, const char *what)
{
	printf("%s: %s\n", ok ? "right" : "WRONG", what);
	fflush(stdout);
}

static inline UNUSED void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static inline UNUSED pthread_t begin(void *(*fn)(void *), void *arg)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, fn, arg);

	if (r) {
		fprintf(stderr, "pthread_create: %s\n", strerror(r));
		exit(99);
	}
	return t;
}

static inline UNUSED void *finish(pthread_t t)
{
	void *value = NULL;
	int r = pthread_join(t, &value);

	if (r) {
		fprintf(stderr, "pthread_join: %s\n", strerror(r));
		exit(98);
	}
	return value;
}

static inline UNUSED long gettid_raw(void)
{
	return syscall(SYS_gettid);
}

/* Waits until *flag, which another thread sets, for some seconds. */
static inline UNUSED bool await(const volatile int *flag)
{
	for (int i = 0; i < 5000 && !*flag; i++)
		pause_ms(1);
	return *flag;
}

#endif
