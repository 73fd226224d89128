/* SPDX-License-Identifier: MIT */
/*
 * The one converter between "-errno inside" and "-1 with errno at the edge".
 */
#ifndef GEV_BASE_ERROR_H
#define GEV_BASE_ERROR_H

#include <errno.h>
#include <stddef.h>
#include <stddef.h>
#include "base/host.h"

/* Above any real errno value, below any pointer or size. */
#define GEV__ERRNO_MAX 4095

/* @r as it is if it is no error; else -1, and errno is set. */
static inline long gev__ret(long r)
{
	if (r >= 0 || r < -GEV__ERRNO_MAX)
		return r;
	*gev__host_errno() = (int)-r;
	return -1;
}

/* NULL with errno set to the positive @code. */
static inline void *gev__null(int code)
{
	*gev__host_errno() = code;
	return NULL;
}

#endif
