/* SPDX-License-Identifier: MIT */
/* Which backend loops have here, for tests that know too much. */
#ifndef TESTS_BACKEND_H
#define TESTS_BACKEND_H

#include <sys/syscall.h>
#include "t.h"

/* Whether GEV_LOOP makes it @name. */
static T_UNUSED bool on_backend(const char *name)
{
	gev_loop *loop = gev_loop_new();
	bool is = loop && !strcmp(gev_loop_backend(loop), name);

	gev_loop_free(loop);
	return is;
}

/* What epoll is asked for can't be counted, nor fail: the case is skipped. */
static T_UNUSED bool without_epoll(void)
{
	if (on_backend("epoll"))
		return false;
	t_skip("it is about epoll's system calls");
	return true;
}

/*
 * Whether a call that waits is carried out by the kernel: what has come by then
 * is its result, whatever becomes of the descriptor before it goes on.
 */
static T_UNUSED bool calls_are_requests(void)
{
	return on_backend("io_uring");
}

/* The one that opens it; -1, and the case is skipped, if that is not ours. */
static T_UNUSED long opening_call(void)
{
	if (on_backend("epoll"))
		return SYS_epoll_create1;
	if (on_backend("io_uring"))
		return SYS_io_uring_setup;
	t_skip("how this backend is opened is its own affair");
	return -1;
}

#endif
