/* SPDX-License-Identifier: MIT */
#ifndef GEV_LIBEV_BACKEND_H
#define GEV_LIBEV_BACKEND_H

#include "loop/backend.h"

/* The backend "libev"; NULL: the library was built without. */
extern const struct gev__backend *const gev__libev;

#endif
