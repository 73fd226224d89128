/* SPDX-License-Identifier: MIT */
/*
 * The edge of gev/poll.h.  Where the kernel writes back what is left of a
 * timeout and the C function does not, it is a copy that is written to.
 */
#include <gev/poll.h>
#include "base/error.h"
#include "calls/calls.h"

#define MASK_SIZE 8

int gev_poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	return (int)gev__ret(gev__call_poll(fds, nfds, timeout));
}

int gev_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
	const sigset_t *sigmask)
{
	struct timespec copy;

	if (timeout)
		copy = *timeout;
	return (int)gev__ret(gev__call_ppoll(fds, nfds, timeout ? &copy : NULL,
		(const void *)sigmask, MASK_SIZE));
}

int gev_select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
	struct timeval *timeout)
{
	return (int)gev__ret(gev__call_select(nfds, readfds, writefds,
		exceptfds, timeout));
}

int gev_pselect(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
	const struct timespec *timeout, const sigset_t *sigmask)
{
	struct gev__mask_arg mask = { (const void *)sigmask, MASK_SIZE };
	struct timespec copy;

	if (timeout)
		copy = *timeout;
	return (int)gev__ret(gev__call_pselect6(nfds, readfds, writefds,
		exceptfds, timeout ? &copy : NULL, &mask));
}

int gev_epoll_wait(int epfd, struct epoll_event *events, int maxevents,
	int timeout)
{
	return (int)gev__ret(
		gev__call_epoll_wait(epfd, events, maxevents, timeout));
}

int gev_epoll_pwait(int epfd, struct epoll_event *events, int maxevents,
	int timeout, const sigset_t *sigmask)
{
	return (int)gev__ret(gev__call_epoll_pwait(epfd, events, maxevents,
		timeout, (const void *)sigmask, MASK_SIZE));
}

int gev_epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
	const struct timespec *timeout, const sigset_t *sigmask)
{
	return (int)gev__ret(gev__call_epoll_pwait2(epfd, events, maxevents,
		timeout, (const void *)sigmask, MASK_SIZE));
}
