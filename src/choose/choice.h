/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of choices have in common: they can be tried, and their
 * waiter can stand among those of the object.
 */
#ifndef GEV_CHOOSE_CHOICE_H
#define GEV_CHOOSE_CHOICE_H

#include <gev/choose.h>
#include "core/report.h"

/* 0; -EINVAL or -EPERM: it can't be waited for.  Marks it as not taken. */
int gev__choice_check(gev_choice *c);

/*
 * Takes it now, if it can be.  0 or a final error: it is taken; -EAGAIN: it
 * is to be waited for.
 */
int gev__choice_try(gev_choice *c);

/*
 * Lets its waiter, whose .woke is set, stand among the object's.  0; or the
 * error with which it is taken: -EBUSY, -ENOMEM, -EBADF.
 */
int gev__choice_enlist(gev_choice *c, gev_hub *hub);
void gev__choice_delist(gev_choice *c);

/*
 * Its waiter was woken: brings home what the wake brought.  False: it was
 * woken for nothing, and waits on.
 */
bool gev__choice_complete(gev_choice *c);

/* Says what it is. */
void gev__choice_describe(const gev_choice *c, struct gev__text *text);

static inline bool gev__choice_is_fd(const gev_choice *c)
{
	return c->kind == GEV_CHOICE_READ || c->kind == GEV_CHOICE_WRITE;
}

#endif
