/* SPDX-License-Identifier: MIT */
#ifndef GEV_SYNC_MUTEX_H
#define GEV_SYNC_MUTEX_H

#include <gev/lock.h>
#include "sync/sync.h"

/* The public functions without the errno. */
int gev__mutex_acquire(gev_mutex *m, gev_time timeout);
int gev__mutex_release(gev_mutex *m);

/* 0 if the caller has it; -EPERM, -EINVAL. */
int gev__mutex_check(gev_mutex *m);

#endif
