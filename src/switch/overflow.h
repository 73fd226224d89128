/* SPDX-License-Identifier: MIT */
/*
 * A readable last word when a coroutine has run out of stack.
 */
#ifndef GEV_SWITCH_OVERFLOW_H
#define GEV_SWITCH_OVERFLOW_H

struct gev__thread;

/* Makes the calling thread report an overflow, if nobody else cares for
 * SIGSEGV. */
void gev__overflow_watch(struct gev__thread *t);
void gev__overflow_unwatch(struct gev__thread *t);

#endif
