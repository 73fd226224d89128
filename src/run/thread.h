/* SPDX-License-Identifier: MIT */
/* Threads of the program, all but its first. */
#ifndef GEV_RUN_THREAD_H
#define GEV_RUN_THREAD_H

#include "core/greenlet.h"
#include "patch/task.h"
#include "run/call.h"
#include "run/signals.h"

/* What it has had of the processor; slice.c. */
struct gev__run_share {
	uint64_t used;    /* since it last waited, or last gave way to all */
	unsigned ticks;   /* how often it gave way, but for waits since */
	bool greedy;      /* somebody ran meanwhile */
};

#define GEV__COMM 16

struct gev__run_thread {
	struct gev__task task;        /* first: gev__task_here() */
	gev_greenlet greenlet;        /* of task.coro */
	struct gev__run_share share;
	char name[GEV__COMM];         /* comm.c */
	struct gev__run_signals signals;
	struct gev__run_thread *next; /* in the list of those to be used again */
};

/* The calling one; NULL: the program's first thread. */
static inline struct gev__run_thread *gev__run_thread_here(void)
{
	return (struct gev__run_thread *)gev__task_here();
}

/* What clone() is to do: a thread's id, -errno, or GEV__PASS if none can be. */
long gev__run_thread_make(struct gev__run_call *c,
	const struct gev__task_args *args);

/*
 * The process is about to end, and they with it, which the kernel does not know:
 * robust mutexes they have are handed on.
 */
void gev__run_threads_end(void);

/* In the child of a fork: the calling one is all there is. */
void gev__run_threads_forked(void);

#endif
