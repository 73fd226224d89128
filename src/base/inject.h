/* SPDX-License-Identifier: MIT */
/*
 * Failures on demand, for the tests.
 *
 * A build with GEV_INJECT (the tests' own copy of the library) can be told
 * that from the n-th call on, a system call fails with a given error; mmap is
 * one of them, so memory runs out the same way.  GEV__INJECT_ALLOC stands for
 * gev__alloc(), which seldom asks the kernel, and SYS_clone for starting a
 * thread of a pool, which libc does.  In other builds this is nothing.
 */
#ifndef GEV_BASE_INJECT_H
#define GEV_BASE_INJECT_H

#define GEV__INJECT_ALLOC (-2L)

#ifdef GEV_INJECT

struct gev__inject {
	long nr;       /* which system call; -1: none */
	long error;    /* the negative errno it answers */
	int after;     /* calls that still succeed */
	int times;     /* how many fail then; -1: all that follow */
	int calls;     /* how many of them were seen */
};

extern struct gev__inject gev__inject;

long gev__inject_sys(long nr);

#else

static inline long gev__inject_sys(long nr)
{
	(void)nr;
	return 0;
}

#endif

#endif
