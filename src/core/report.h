/* SPDX-License-Identifier: MIT */
#ifndef GEV_CORE_REPORT_H
#define GEV_CORE_REPORT_H

#include "base/text.h"
#include "core/wait.h"

/* The name of a coroutine, in quotes where it has one. */
void gev__text_coro(struct gev__text *t, const gev_coro *c);

/* Hands the deadlock report to the hook, if there is one. */
void gev__report_deadlock(struct gev_hub *hub);

#endif
