/* SPDX-License-Identifier: MIT */
#ifndef GEV_SYNC_MUTEX_H
#define GEV_SYNC_MUTEX_H

#include <gev/lock.h>
#include "sync/sync.h"

/* The public function without the errno. */
int gev__mutex_release(gev_mutex *m);

/*
 * Waits for @m without end, whatever would interrupt that.  0; -EINVAL (it was
 * taken down), -EDEADLK (nothing can ever release it), -ENOMEM.
 */
int gev__mutex_acquire_again(gev_mutex *m);

/* 0 if the caller has it; -EPERM, -EINVAL. */
int gev__mutex_check(gev_mutex *m);

#endif
