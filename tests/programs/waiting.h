/* SPDX-License-Identifier: MIT */
/* A thread that waits in a call, for what main does once it is there. */
#ifndef TESTS_PROGRAMS_WAITING_H
#define TESTS_PROGRAMS_WAITING_H

#include <poll.h>
#include "program.h"

/* Set by what the thread runs, right before the call. */
static volatile int ready;

static inline UNUSED pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	ready = 0;
	t = begin(fn, arg);
	await(&ready);
	pause_ms(20);
	return t;
}

static inline UNUSED void *read_any(void *arg)
{
	char buf[512];

	ready = 1;
	return (void *)(intptr_t)read(*(int *)arg, buf, sizeof(buf));
}

static inline UNUSED void *wait_poll(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	ready = 1;
	return (void *)(intptr_t)poll(&p, 1, -1);
}

#endif
