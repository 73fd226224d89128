/* SPDX-License-Identifier: MIT */
/* A call that waits for its turn, behind one of gev's own that does not read. */
#include <gev/choose.h>
#include <gev/io.h>
#include <gev/sleep.h>
#include <unistd.h>
#include "patch/patch.h"

static int ends[2];

static intptr_t wait_fd(void *arg)
{
	(void)arg;
	return gev_wait_fd(ends[0], GEV_READ, GEV_SEC(5));
}

static intptr_t choose(void *arg)
{
	gev_choice c = GEV_CHOOSE_READ(ends[0]);

	(void)arg;
	return gev_choose(&c, 1, GEV_SEC(5));
}

static intptr_t read_one(void *arg)
{
	char c;

	(void)arg;
	return read(ends[0], &c, 1);
}

static void reads_after(gev_fn *first)
{
	gev_greenlet *one, *other;

	t_eq(pipe(ends), 0);
	one = start(first, 0);
	gev_sleep(0);
	other = start(read_one, 0);
	gev_sleep(0);
	t_eq(write(ends[1], "x", 1), 1);
	t_eq(gev_join(one, GEV_SEC(5)), 0);
	t_eq(gev_join(other, GEV_SEC(5)), 0);
	t_ok(gev_ready(other));
	t_eq(gev_value(other), 1);
	gev_unref(one);
	gev_unref(other);
	close(ends[0]);
	close(ends[1]);
}

static void after_wait_fd(void)
{
	reads_after(wait_fd);
}

static void after_a_choice(void)
{
	reads_after(choose);
}

int main(void)
{
	if (gev_hub_get() && patch_any_way(GEV_PATCH_ALL)) {
		T_RUN(after_wait_fd);
		T_RUN(after_a_choice);
		gev_unpatch_all();
	}
	if (!t_skipped)
		return t_done();
	printf("1..0 # SKIP %s\n", t_skipped);
	return 0;
}
