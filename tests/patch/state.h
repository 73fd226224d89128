/* SPDX-License-Identifier: MIT */
/* Whether the process is patched, by what it does and by the bytes of libc. */
#ifndef TESTS_PATCH_STATE_H
#define TESTS_PATCH_STATE_H

#include <gev/sleep.h>
#include <unistd.h>
#include "patch/object.h"
#include "patch/patch.h"

/* What libc's code is, as a number. */
static inline uint64_t code_sum(void)
{
	struct gev__object o = { .text = 0 };
	uint64_t sum = 1;

	t_eq(gev__object_libc(&o), 0);
	for (const uint8_t *p = (void *)o.text; p < (uint8_t *)o.text_end; p++)
		sum = sum * 31 + *p;
	return sum;
}

static T_UNUSED int fds[2];

static inline intptr_t read_one(void *arg)
{
	char c;

	(void)arg;
	return read(fds[0], &c, 1) != 1;
}

/* Whether others run while a greenlet reads. */
static inline bool reads_cooperate(void)
{
	gev_greenlet *g;
	bool waits;

	t_eq(pipe(fds), 0);
	g = start(read_one, 0);
	gev_sleep(0);
	waits = !gev_ready(g);
	t_eq(write(fds[1], "x", 1), 1);
	join(g);
	close(fds[0]);
	close(fds[1]);
	return waits;
}

static inline intptr_t sleep_a_little(void *arg)
{
	enter();
	usleep(1000);
	leave();
	(void)arg;
	return 0;
}

static inline int two_sleepers(void)
{
	gev_greenlet *a = start(sleep_a_little, 0);
	gev_greenlet *b = start(sleep_a_little, 0);

	most_inside = 0;
	join(a);
	join(b);
	return most_inside;
}

#endif
