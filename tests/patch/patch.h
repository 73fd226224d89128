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

/* What the report's first line says. */
static inline const char *state(void)
{
	static char text[256];

	gev_patch_report(text, sizeof(text));
	*strchrnul(text, '\n') = '\0';
	return text;
}

static inline bool by_name(void)
{
	return strstr(state(), "by name") != NULL;
}

/* Whether the program runs a second time, with names to be replaced. */
static inline bool asked_by_name(void)
{
	const char *way = getenv("GEV_TESTS_PATCH");

	return way && strcmp(way, "by-name") == 0;
}

/* Patches; false and the case skipped if that can't be done here. */
static inline bool patch_any_way(unsigned flags)
{
	if (asked_by_name())
		flags |= GEV_PATCH_BY_NAME;
	if (gev_patch_all(flags) == 0)
		return true;
	if (t_eq(errno, ENOTSUP))
		t_skip(state());
	return false;
}

/* The same if it has to be libc's code. */
static inline bool patch(unsigned flags)
{
	if (!patch_any_way(flags))
		return false;
	if (!by_name())
		return true;
	t_skip(asked_by_name() ? "libc's calls to itself have no names" :
				 state());
	t_eq(gev_unpatch_all(), 0);
	return false;
}

static inline void join(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_SEC(10)), 0);
	t_eq(gev_value(g), 0);
	gev_unref(g);
}

/* @fn in N greenlets, all of which return 0; at some time all are inside. */
static inline void overlap_in(gev_fn *fn, bool can(unsigned flags))
{
	gev_greenlet *g[N];

	most_inside = 0;
	if (!can(GEV_PATCH_ALL))
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(fn, i);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(most_inside, N);
	t_eq(gev_unpatch_all(), 0);
}

static inline void overlap(gev_fn *fn)
{
	overlap_in(fn, patch_any_way);
}

/* What libc does by calling itself. */
static inline void overlap_in_libc(gev_fn *fn)
{
	overlap_in(fn, patch);
}

#endif
