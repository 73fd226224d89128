/* SPDX-License-Identifier: MIT */
/*
 * The kernel writes back what is left of a time, libc's callers do not expect
 * that; and its masks are of 8 bytes.
 */
#include "patch/stand_in.h"
#include "calls/calls.h"

#define MASK_SIZE 8

int gev__by_name_poll(struct pollfd *fds, nfds_t n, int ms)
{
	const long a[6] = { (long)fds, (long)n, ms };
	long r = gev__patch_handle(gev__patch_poll, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.poll(fds, n, ms);
	return (int)gev__ret(r);
}

int gev__by_name_ppoll(struct pollfd *fds, nfds_t n,
	const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left = timeout ? *timeout : (struct timespec){ 0 };
	const long a[6] = { (long)fds, (long)n, timeout ? (long)&left : 0,
		(long)mask, MASK_SIZE };
	long r = gev__patch_handle(gev__patch_ppoll, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.ppoll(fds, n, timeout, mask);
	return (int)gev__ret(r);
}

int gev__by_name_select(int n, fd_set *in, fd_set *out, fd_set *except,
	struct timeval *timeout)
{
	const long a[6] = { n, (long)in, (long)out, (long)except,
		(long)timeout };
	long r = gev__patch_handle(gev__patch_select, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.select(n, in, out, except, timeout);
	return (int)gev__ret(r);
}

int gev__by_name_pselect(int n, fd_set *in, fd_set *out, fd_set *except,
	const struct timespec *timeout, const sigset_t *mask)
{
	const struct gev__mask_arg m = { (const void *)mask, MASK_SIZE };
	struct timespec left = timeout ? *timeout : (struct timespec){ 0 };
	const long a[6] = { n, (long)in, (long)out, (long)except,
		timeout ? (long)&left : 0, (long)&m };
	long r = gev__patch_handle(gev__patch_pselect6, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.pselect(n, in, out, except, timeout, mask);
	return (int)gev__ret(r);
}

int gev__by_name_epoll_wait(int epfd, struct epoll_event *events, int max,
	int ms)
{
	const long a[6] = { epfd, (long)events, max, ms };
	long r = gev__patch_handle(gev__patch_epoll_wait, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.epoll_wait(epfd, events, max, ms);
	return (int)gev__ret(r);
}

int gev__by_name_epoll_pwait(int epfd, struct epoll_event *events, int max,
	int ms, const sigset_t *mask)
{
	const long a[6] = { epfd, (long)events, max, ms, (long)mask,
		MASK_SIZE };
	long r = gev__patch_handle(gev__patch_epoll_pwait, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.epoll_pwait(epfd, events, max, ms, mask);
	return (int)gev__ret(r);
}

int gev__by_name_epoll_pwait2(int epfd, struct epoll_event *events, int max,
	const struct timespec *timeout, const sigset_t *mask)
{
	const long a[6] = { epfd, (long)events, max, (long)timeout, (long)mask,
		MASK_SIZE };
	long r = gev__patch_handle(gev__patch_epoll_pwait2, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.epoll_pwait2(epfd, events, max, timeout,
			mask);
	return (int)gev__ret(r);
}

/* Where the array is too small libc has its say, and ends the program. */
int gev__by_name_poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room)
{
	if (n > room / sizeof(*fds))
		return gev__original.poll_chk(fds, n, ms, room);
	return gev__by_name_poll(fds, n, ms);
}

int gev__by_name_ppoll_chk(struct pollfd *fds, nfds_t n,
	const struct timespec *timeout, const sigset_t *mask, size_t room)
{
	if (n > room / sizeof(*fds))
		return gev__original.ppoll_chk(fds, n, timeout, mask, room);
	return gev__by_name_ppoll(fds, n, timeout, mask);
}
