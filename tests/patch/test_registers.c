/* SPDX-License-Identifier: MIT */
/*
 * A system call keeps all registers but that of its result, and so does one
 * that is caught, even if its greenlet parks.  On x86-64 there are two more,
 * and the vector registers: sites where those matter are left alone.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include "patch/patch.h"
#include "patch/probe.h"

static const struct timespec little = { .tv_nsec = 1000000 };

static void fill(struct registers *r, uint64_t seed)
{
	for (int i = 0; i < 32; i++)
		r->general[i] = 0x0101010101010101u * (seed + (unsigned)i);
	for (int i = 0; i < 64; i++)
		r->vector[i] = 0x0001000100010001u * (seed + (unsigned)i);
	r->flags = (seed % 2 ? 0xa0000000u : 0x50000000u) & FLAGS;
	r->general[FIRST] = (uintptr_t)&little;
	r->general[SECOND] = 0;
}

static bool keeps(uint64_t seed)
{
	struct registers before, after;

	fill(&before, seed);
	fill(&after, 2 * seed);
	probe(&before, &after);
	before.general[RESULT] = 0;
#if defined(__aarch64__)
	before.general[8] = after.general[8];
	t_eq(after.general[8], SYS_nanosleep);
#endif
	return t_eq(after.general[RESULT], 0) &&
	       t_ok(memcmp(before.general, after.general, 8 * GENERAL) == 0) &&
	       t_ok(memcmp(before.vector, after.vector, 8 * VECTOR) == 0) &&
	       t_eq(after.flags & FLAGS, before.flags);
}

static intptr_t sleep_and_look(void *seed)
{
	bool ok;

	enter();
	ok = keeps((uintptr_t)seed);
	leave();
	return !ok;
}

static void kept_by_calls_that_park(void)
{
	gev_greenlet *g[2];

	if (!patch(GEV_PATCH_ALL))
		return;
	most_inside = 0;
	for (int i = 0; i < 2; i++)
		g[i] = start(sleep_and_look, 17 + i);
	for (int i = 0; i < 2; i++)
		join(g[i]);
	t_eq(most_inside, 2);
	t_eq(gev_unpatch_all(), 0);
}

static void *look(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)keeps(3);
}

static void kept_by_calls_that_pass(void)
{
	pthread_t thread;
	void *ok = NULL;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(pthread_create(&thread, NULL, look, NULL), 0);
	t_eq(pthread_join(thread, &ok), 0);
	t_ok(ok != NULL);
	t_eq(gev_unpatch_all(), 0);
	t_ok(keeps(4));
}

static void kept_by_the_kernel(void)
{
	t_ok(keeps(5));
	t_ok(keeps(6));
}

static void can_be_patched(void)
{
	if (patch(GEV_PATCH_ALL)) {
		t_eq(gev_unpatch_all(), 0);
		patch_probe();
	}
}

int main(void)
{
	T_RUN(kept_by_the_kernel);
	T_RUN(can_be_patched);
	if (t_skipped || t_failed_cases)
		return t_done();
	T_RUN(kept_by_calls_that_park);
	T_RUN(kept_by_calls_that_pass);
	return t_done();
}
