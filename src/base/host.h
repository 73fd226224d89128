/* SPDX-License-Identifier: MIT */
/*
 * What the freestanding layers (base to calls) ask of the world they live in.
 *
 * They make no libc call; these few functions are all that is left for
 * somebody else to provide.  src/libc/host.c answers for an ordinary program,
 * tests/freestanding/host.c for one without a libc.
 */
#ifndef GEV_BASE_HOST_H
#define GEV_BASE_HOST_H

/* The calling thread's errno.  Stays where it is while the thread lives. */
int *gev__host_errno(void);

/*
 * The calling thread uses coroutines.  From now on the host calls
 * gev__thread_exit() (core/hub.h) when the thread ends, and gev__forked()
 * (core/hub.h) in the child of a fork.  0 or -errno.
 */
int gev__host_attach(void);

/* The loop's backend that the user asked for, GEV_LOOP; NULL: any. */
const char *gev__host_loop(void);

/* One that the host has besides the loop's own, or NULL. */
const struct gev__backend *gev__host_backend(void);

/*
 * @fd was made for a loop's own use: the number it is to have, under which it
 * is closed later.
 */
int gev__host_fd(int fd);

/* fork(2): the child's pid, 0 in the child, or -errno. */
long gev__host_fork(void);

/* exit(3): the greenlet that a forked child went on with has ended. */
_Noreturn void gev__host_exit(int status);

#endif
