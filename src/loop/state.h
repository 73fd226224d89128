/* SPDX-License-Identifier: MIT */
/*
 * What a loop consists of.  Only loop/ looks inside, but for refs and now.
 */
#ifndef GEV_LOOP_STATE_H
#define GEV_LOOP_STATE_H

#include <gev/loop.h>
#include "base/heap.h"
#include "base/list.h"

struct gev_loop {
	gev_time now;           /* the clock's last reading */
	long refs;              /* active things that keep run() running */
	struct gev__heap timers;
	uint64_t iterations;
	bool running;
	bool owned;             /* it is a hub's: the public calls keep off */
	gev_loop_error_fn *error_fn;
	void *error_arg;
};

#endif
