/* SPDX-License-Identifier: MIT */
#ifndef GEV_SYNC_EVENT_H
#define GEV_SYNC_EVENT_H

#include <gev/event.h>
#include "sync/sync.h"

/* 0 if it is set, -EAGAIN, or -EINVAL, -EPERM.  Others wait in @e->waiters. */
int gev__event_try(gev_event *e);

#endif
