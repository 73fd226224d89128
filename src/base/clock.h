/* SPDX-License-Identifier: MIT */
/*
 * The monotonic clock, read through the kernel's vDSO where there is one.
 */
#ifndef GEV_BASE_CLOCK_H
#define GEV_BASE_CLOCK_H

#include <gev/base.h>

gev_time gev__clock(void);

#endif
