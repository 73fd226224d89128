/* SPDX-License-Identifier: MIT */
#ifndef GEV_OS_THREADPOOL_H
#define GEV_OS_THREADPOOL_H

#include <gev/threadpool.h>

typedef void gev__drop_fn(void *arg);

/*
 * gev_offload() for those who can be killed: @drop(@arg) is called once, by
 * some thread, when @fn has returned or is certain never to be called.
 */
intptr_t gev__offload(gev_fn *fn, void *arg, gev__drop_fn *drop);

#endif
