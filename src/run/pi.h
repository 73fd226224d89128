/* SPDX-License-Identifier: MIT */
#ifndef GEV_RUN_PI_H
#define GEV_RUN_PI_H

/* What futex() does about a lock that lends priorities; else GEV__PASS. */
long gev__run_pi(const long a[6]);

#endif
