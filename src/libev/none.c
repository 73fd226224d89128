/* SPDX-License-Identifier: MIT */
/* In place of libev.c, where there is no libev. */
#include <gev/libev.h>
#include "base/error.h"
#include "libev/backend.h"

const struct gev__backend *const gev__libev = NULL;

int gev_libev_use(struct ev_loop *ev)
{
	return gev__ret(ev ? -ENOTSUP : 0);
}
