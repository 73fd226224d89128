/* SPDX-License-Identifier: MIT */
/* Requests about files that the kernel sees to while other threads run. */
#ifndef GEV_RUN_FILE_H
#define GEV_RUN_FILE_H

#include <linux/io_uring.h>
#include "calls/descriptor.h"
#include "run/call.h"

/*
 * Hands @request over (all but its user_data) and waits until it is done: its
 * result, or GEV__PASS if there is no io_uring that does such.
 */
long gev__run_request(struct gev_hub *hub, const struct io_uring_sqe *request);

/* The descriptor they go by, or -1. */
int gev__run_request_fd(void);

/* In the child of a fork: they are the parent's, and who waits for them. */
void gev__run_requests_forked(void);
void gev__run_positions_forked(void);

#endif
