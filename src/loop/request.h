/* SPDX-License-Identifier: MIT */
/*
 * Requests: what the loop has the kernel do, instead of being told when it can
 * be done.
 *
 *	struct gev__request q = { .done = wake_somebody };
 *	struct io_uring_sqe *sqe = gev__request_begin(loop, &q);
 *
 *	... fill in the sqe, all but user_data, and wait until q.over ...
 *	gev__request_finish(loop, &q);
 *
 * A request, and what it points to, stays where it is until it is over: whoever
 * began it ends it with gev__request_finish(), however the wait for it ended.
 *
 * What was done is never lost.  Requests are carried out while the loop's own
 * thread is in the kernel for the loop, and what became of them is told before
 * it goes on.  So one that is to be cancelled (gev__request_cancel(), in the
 * very moment in which its waiter is told something else) either has not been
 * carried out and won't be, or is over.
 */
#ifndef GEV_LOOP_REQUEST_H
#define GEV_LOOP_REQUEST_H

#include <linux/io_uring.h>
#include "loop/loop.h"

struct gev__request {
	/* It is over.  Must only wake greenlets.  Not called if cancelled. */
	void (*done)(struct gev__request *q);
	struct gev_list node;
	int result;          /* if over: of the operation, or -ECANCELED */
	unsigned flags;      /* if over: IORING_CQE_F_* */
	unsigned number;     /* of its entry in the queue */
	bool cancelled;
	bool over;
};

/*
 * The entry to fill in; it is handed to the kernel when the loop next waits.
 * NULL if there is none to be had.  Only if loop->completes.
 */
struct io_uring_sqe *gev__request_begin(gev_loop *loop, struct gev__request *q);

/* Asks for its end, unless it is over. */
void gev__request_cancel(gev_loop *loop, struct gev__request *q);

/* The same, and waits for it; the thread is blocked for so long. */
void gev__request_finish(gev_loop *loop, struct gev__request *q);

/* All that are under way. */
void gev__requests_finish(gev_loop *loop);

/* In the child of a fork: they are the parent's, and over here. */
void gev__requests_forked(gev_loop *loop);

#endif
