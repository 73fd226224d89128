/* SPDX-License-Identifier: MIT */
#ifndef GEV_SYNC_ASYNC_RESULT_H
#define GEV_SYNC_ASYNC_RESULT_H

#include <gev/async_result.h>
#include "sync/sync.h"

/*
 * 0 with *result (a value, or the negative error that was set), -EAGAIN, or
 * -EINVAL, -EPERM.  Others wait in @ar->waiters and find it as their value.
 */
int gev__async_result_try(gev_async_result *ar, intptr_t *result);

#endif
