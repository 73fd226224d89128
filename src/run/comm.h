/* SPDX-License-Identifier: MIT */
/* What threads are called. */
#ifndef GEV_RUN_COMM_H
#define GEV_RUN_COMM_H

#include "run/thread.h"

/* prctl(): the calling thread's name. */
long gev__run_comm_set(const char *name);
long gev__run_comm_get(char *name);

/* @t is made by the calling thread. */
void gev__run_comm_inherit(struct gev__run_thread *t);

/* In the child of a fork: the calling one is the first now. */
void gev__run_comm_forked(void);

/* Opens @path if it is below /proc/PID/task/ID of one of them; or GEV__PASS. */
long gev__run_comm_open(const char *path, int flags);

/*
 * This is about to be written to, these to be closed: a name may be, or may
 * have been, written to one.
 */
extern unsigned gev__run_comm_files;
void gev__run_comm_write(int fd);
void gev__run_comm_close(unsigned lowest, unsigned highest);

#endif
