/* SPDX-License-Identifier: MIT */
#ifndef GEV_SYNC_SEM_H
#define GEV_SYNC_SEM_H

#include <gev/lock.h>
#include "sync/sync.h"

/*
 * Takes a permit: 0, -EAGAIN, or -EINVAL, -EPERM.  Others wait for one in
 * @sem->waiters.
 */
int gev__sem_try(gev_sem *sem);

#endif
