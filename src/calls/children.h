/* SPDX-License-Identifier: MIT */
/*
 * Waiting for the process's children: wait4 and waitid, as in calls.h, and what
 * a hub knows of them.
 *
 * A child's status is told once, to the first who asks.  Others that are to
 * hear of it too register a watch: it is told whatever the hub reaps.
 */
#ifndef GEV_CALLS_CHILDREN_H
#define GEV_CALLS_CHILDREN_H

#include <signal.h>
#include <sys/resource.h>
#include "core/wait.h"

long gev__call_wait4(int pid, int *status, int options, struct rusage *usage);
long gev__call_waitid(int type, int id, siginfo_t *info, int options,
	struct rusage *usage);

struct gev__child_watch {
	struct gev_list node;
	int pid;
	/* The child was reaped, its status was @status; the watch has ended. */
	void (*told)(struct gev__child_watch *watch, int status);
};

/*
 * Tells @watch, which is not on a stack, when this hub reaps the child.  0 or
 * -ENOMEM.  To end a watch twice is harmless.
 */
int gev__child_watch(struct gev_hub *hub, struct gev__child_watch *watch);
void gev__child_unwatch(struct gev__child_watch *watch);

#endif
