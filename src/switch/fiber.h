/* SPDX-License-Identifier: MIT */
/*
 * What AddressSanitizer, ThreadSanitizer and valgrind have to be told about
 * stacks and switches.  Without them, nothing.
 *
 * A stack is born when it gets memory, used again each time it leaves the
 * pool, and dies when its memory goes.
 */
#ifndef GEV_SWITCH_FIBER_H
#define GEV_SWITCH_FIBER_H

#include <gev/base.h>

#ifdef __has_feature
#define GEV__HAS_FEATURE(name) __has_feature(name)
#else
#define GEV__HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || GEV__HAS_FEATURE(address_sanitizer)
#define GEV__ASAN 1
#else
#define GEV__ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || GEV__HAS_FEATURE(thread_sanitizer)
#define GEV__TSAN 1
#else
#define GEV__TSAN 0
#endif

/* Whether switches have to be announced. */
#define GEV__FIBERS (GEV__ASAN || GEV__TSAN)

struct gev__stack;
struct gev__thread;

void gev__fiber_born(struct gev__stack *s);
void gev__fiber_reused(struct gev__stack *s);
void gev__fiber_died(struct gev__stack *s);

#if GEV__FIBERS

/* The calling thread's own stack, before the first switch. */
void gev__fiber_root(struct gev__thread *t);

/* gev__switch(), announced. */
void *gev__fiber_switch(gev_coro *from, gev_coro *to);

/* The first function on a new stack: calls @self->entry. */
void gev__fiber_entry(gev_coro *self);

#endif

#endif
