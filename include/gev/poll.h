/* SPDX-License-Identifier: MIT */
/*
 * gev/poll.h - waiting for many descriptors at once, in plain blocking style.
 *
 * Each function has the signature, the results and the errors of the POSIX or
 * Linux function it is named after; where that would block the thread, this one
 * parks the greenlet.  Results are the kernel's own, and level-triggered: what
 * is ready is reported until it has been dealt with.  Any number of greenlets
 * may poll a descriptor, and others read and write it meanwhile.
 *
 * Waits     at most @timeout.  One of 0 never waits, and may be used in loop
 *           callbacks.
 * Returns   how many are ready, 0 if @timeout is over; or -1 with errno as of
 *           the namesake, or
 *             ECANCELED  the greenlet was killed;
 *             ETIMEDOUT  a gev_timeout fired; or a thrown code;
 *             EINTR      see "Signals";
 *             EDEADLK    it would have to wait, and was called in a loop
 *                        callback; or nothing can ever wake main;
 *             ENOSPC     the system has no more epoll watches to give;
 *             ENOMEM and the other errors of making a hub (gev/base.h).
 * Context   any greenlet; loop callbacks if @timeout is 0.
 * Memory    up to 32 descriptors are waited for without allocating.
 *
 * Closing.  What gev_close() closes during the wait ends it, even if the number
 * is used again at once: POLLNVAL in gev_poll(), EBADF in the others.
 *
 * Signals.  A signal handler that runs does not end a wait: there is no EINTR.
 * With a @sigmask there is, for signals that the thread has blocked and
 * @sigmask lets through: as in the kernel, they are handled during the wait and
 * at no other time, and end it unless something is ready.  What @sigmask blocks
 * besides is not blocked, since other greenlets run meanwhile.
 */
#ifndef GEV_POLL_H
#define GEV_POLL_H

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/* poll(2), ppoll(2).  Any negative @timeout of gev_poll() is for ever. */
GEV_API int gev_poll(struct pollfd *fds, nfds_t nfds, int timeout);
GEV_API int gev_ppoll(struct pollfd *fds, nfds_t nfds,
	const struct timespec *timeout, const sigset_t *sigmask);

/*
 * select(2), pselect(2).  As in Linux gev_select() leaves in @timeout what is
 * left of it, and @nfds may be larger than FD_SETSIZE if the sets are.
 */
GEV_API int gev_select(int nfds, fd_set *readfds, fd_set *writefds,
	fd_set *exceptfds, struct timeval *timeout);
GEV_API int gev_pselect(int nfds, fd_set *readfds, fd_set *writefds,
	fd_set *exceptfds, const struct timespec *timeout,
	const sigset_t *sigmask);

/*
 * epoll_wait(2), epoll_pwait(2), epoll_pwait2(2).  @epfd comes from
 * epoll_create1(2) and is filled by epoll_ctl(2), as ever; close it with
 * gev_close().  Besides: ELOOP, the hub's own descriptor is in @epfd.
 */
GEV_API int gev_epoll_wait(int epfd, struct epoll_event *events, int maxevents,
	int timeout);
GEV_API int gev_epoll_pwait(int epfd, struct epoll_event *events, int maxevents,
	int timeout, const sigset_t *sigmask);
GEV_API int gev_epoll_pwait2(int epfd, struct epoll_event *events,
	int maxevents, const struct timespec *timeout, const sigset_t *sigmask);

GEV_END_DECLS

#endif
