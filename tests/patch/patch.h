/* SPDX-License-Identifier: MIT */
/* What the tests of patched code have in common. */
#ifndef TESTS_PATCH_PATCH_H
#define TESTS_PATCH_PATCH_H

#include <gev/greenlet.h>
#include <gev/patch.h>
#include "t.h"

#define N 20

static T_UNUSED int inside, most_inside;

/* Foreign code needs more than the usual stack. */
static inline gev_greenlet *start(gev_fn *fn, intptr_t arg)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };

	return gev_spawn_opt(fn, (void *)arg, &options);
}

/* A call that waits is between these two. */
static inline void enter(void)
{
	if (++inside > most_inside)
		most_inside = inside;
}

static inline void leave(void)
{
	inside--;
}

/* Patches; false and the case skipped if that can't be done here. */
static inline bool patch(unsigned flags)
{
	static char text[256];

	if (gev_patch_all(flags) == 0)
		return true;
	if (t_eq(errno, ENOTSUP)) {
		gev_patch_report(text, sizeof(text));
		*strchrnul(text, '\n') = '\0';
		t_skip(text);
	}
	return false;
}

static inline void join(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_SEC(10)), 0);
	t_eq(gev_value(g), 0);
	gev_unref(g);
}

/* @fn in N greenlets, all of which return 0; at some time all are inside. */
static inline void overlap(gev_fn *fn)
{
	gev_greenlet *g[N];

	most_inside = 0;
	if (!patch(GEV_PATCH_ALL))
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(fn, i);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(most_inside, N);
	t_eq(gev_unpatch_all(), 0);
}

#endif
