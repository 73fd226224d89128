/* SPDX-License-Identifier: MIT */
#ifndef GEV_CORE_TIMEOUT_H
#define GEV_CORE_TIMEOUT_H

#include <gev/timeout.h>
#include "core/hub.h"

/* The positive code of the oldest timeout due to @c, now fired; 0: none. */
int gev__timeout_deliver(struct gev_hub *hub, gev_coro *c);

/* Whose timer it is: a gev_timeout's, a wait's, gev_start_later()'s. */
bool gev__is_timeout(const struct gev_timer_node *node);
bool gev__is_alarm(const struct gev_timer_node *node);
bool gev__is_later(const struct gev_timer_node *node);

/*
 * Timeouts other than @keep's will never fire (NULL: nobody's is kept): that
 * of one timer (false if it is none, or @keep's), or all that are due.
 */
bool gev__alarm_disown(struct gev_timer_node *node, const gev_coro *keep);
bool gev__timeout_disown(struct gev_timer_node *node, const gev_coro *keep);
void gev__timeouts_disown(struct gev_hub *hub, const gev_coro *keep);

#endif
