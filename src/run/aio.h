/* SPDX-License-Identifier: MIT */
/* The descriptor by which the kernel tells of asynchronous I/O, or -1. */
#ifndef GEV_RUN_AIO_H
#define GEV_RUN_AIO_H

int gev__run_aio_fd(void);

/* In the child of a fork: it is the parent's. */
void gev__run_aio_forked(void);

#endif
