/* SPDX-License-Identifier: MIT */
/* Calls that wait in ways of their own. */
#ifndef GEV_RUN_INSIST_H
#define GEV_RUN_INSIST_H

#include "calls/duration.h"
#include "core/hub.h"

/* Makes the call so that it does not wait.  -EAGAIN: it would have to. */
typedef long gev__run_attempt(void *arg);

struct gev__run_insist {
	gev__run_attempt *attempt;
	void *arg;
	gev_time timeout;       /* then it is -EAGAIN */
	struct gev_list *among; /* those who wait for the like */
	int gone;               /* what -EINVAL means after a wait, or 0 */
	int fd;                 /* or one that tells when to try again; -1 */
	short events;           /* what it tells, as poll() has it */
	bool unsure;            /* it may not tell */
};

/*
 * Makes attempts until one is good, with the other threads running in between.
 * What the last one came to, or what a wait was ended by.
 */
long gev__run_insist(const struct gev__run_insist *i);

/* Something was done that they may have waited for. */
void gev__run_try_again(struct gev_list *among);

#endif
