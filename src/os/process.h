/* SPDX-License-Identifier: MIT */
/*
 * A child that runs a program.
 *
 * It is reaped by its child watcher, by gev_process_wait() or by somebody's
 * gev_waitpid(): all of them settle it.  Freed while it runs, it lives on until
 * then, as it does as a tenant to the end of its hub at most.
 */
#ifndef GEV_OS_PROCESS_H
#define GEV_OS_PROCESS_H

#include <gev/process.h>
#include <gev/watcher.h>
#include "calls/children.h"

struct gev__text_buffer {
	char *data;
	size_t size;
	size_t room;
};

struct gev_process {
	gev_hub *hub;              /* NULL: it has ended */
	struct gev__tenant tenant;
	gev_child_watcher child;
	struct gev__child_watch watch;
	gev_event ended;
	pid_t pid;
	int status;                /* if ended; -1: not known */
	bool freed;
	int fds[3];                /* our ends of its pipes; -1: none */
	size_t sent;               /* of the input, by communicate */
	struct gev__text_buffer text[2];
};

/* 0, -EINVAL, -EPERM. */
int gev__process_enter(gev_process *p);
int gev__process_wait(gev_process *p, gev_time timeout);
/* -EBADF if there is none. */
int gev__process_close_fd(gev_process *p, int which);

/*
 * spawn.c: starts the program.  The pid, or -errno; p->fds are open then, and
 * perhaps if it fails.
 */
int gev__process_exec(gev_process *p, char *const argv[],
	const struct gev_process_options *o);

#endif
