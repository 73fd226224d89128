/* SPDX-License-Identifier: MIT */
#ifndef GEV_SYNC_POOL_H
#define GEV_SYNC_POOL_H

#include <gev/pool.h>

/* gev_pool_spawn(); NULL with *error set. */
gev_greenlet *gev__pool_spawn(gev_pool *pool, gev_fn *fn, void *arg,
	gev_time timeout, int *error);

/* 0 or -errno. */
int gev__pool_join(gev_pool *pool, gev_time timeout);

/* Tells all members to end, the caller last if he is one. */
void gev__pool_tell(gev_pool *pool);

#endif
