/* SPDX-License-Identifier: MIT */
/*
 * sigaction(2) without libc, in libc's terms; and what waitid(2) tells.
 */
#ifndef GEV_BASE_SIGNAL_H
#define GEV_BASE_SIGNAL_H

#include <signal.h>

/* 0 or -errno.  What @old got may be put back as it is. */
long gev__sigaction(int signum, const struct sigaction *action,
	struct sigaction *old);

/* The status of an ended child as of wait(2). */
int gev__wait_status(const siginfo_t *info);

#endif
