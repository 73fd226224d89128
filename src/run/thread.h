/* SPDX-License-Identifier: MIT */
/* Threads of the program. */
#ifndef GEV_RUN_THREAD_H
#define GEV_RUN_THREAD_H

#include "run/call.h"

/* What a clone() asks for. */
struct gev__run_thread_args {
	uint64_t flags;
	char *sp;              /* where its stack begins */
	int *parent_tid;
	int *child_tid;
	uintptr_t tls;
};

/* Makes one of it: its id, -errno, or GEV__PASS if it can't be a greenlet. */
long gev__run_thread(struct gev__run_call *c,
	const struct gev__run_thread_args *args);

#endif
