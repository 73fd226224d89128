/* SPDX-License-Identifier: MIT */
/*
 * Assertions on our own state, in debug builds only.  What a user may do wrong
 * is answered with an errno instead.
 */
#ifndef GEV_BASE_ASSERT_H
#define GEV_BASE_ASSERT_H

#ifdef GEV_DEBUG
#define gev__assert(cond) ((cond) ? (void)0 : __builtin_trap())
#else
#define gev__assert(cond) ((void)sizeof(cond))
#endif

#endif
