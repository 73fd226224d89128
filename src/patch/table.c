/* SPDX-License-Identifier: MIT */
/*
 * System calls by number.  What has no entry is never caught; what does not
 * wait, but changes what hubs know, is followed in any case.
 */
#include <gev/patch.h>
#include <sys/syscall.h>
#include "patch/handlers.h"

#define ALWAYS GEV_PATCH_ALL

const struct gev__patch_entry gev__patch_table[GEV__PATCH_CALLS] = {
	[SYS_read] = { "read", gev__patch_read, GEV_PATCH_IO, true },
	[SYS_write] = { "write", gev__patch_write, GEV_PATCH_IO, true },
	[SYS_readv] = { "readv", gev__patch_readv, GEV_PATCH_IO, true },
	[SYS_writev] = { "writev", gev__patch_writev, GEV_PATCH_IO, true },
	[SYS_recvfrom] = { "recvfrom", gev__patch_recvfrom, GEV_PATCH_IO,
		true },
	[SYS_recvmsg] = { "recvmsg", gev__patch_recvmsg, GEV_PATCH_IO, true },
	[SYS_recvmmsg] = { "recvmmsg", gev__patch_recvmmsg, GEV_PATCH_IO,
		true },
	[SYS_sendto] = { "sendto", gev__patch_sendto, GEV_PATCH_IO, true },
	[SYS_sendmsg] = { "sendmsg", gev__patch_sendmsg, GEV_PATCH_IO, true },
	[SYS_sendmmsg] = { "sendmmsg", gev__patch_sendmmsg, GEV_PATCH_IO,
		true },
	[SYS_sendfile] = { "sendfile", gev__patch_sendfile, GEV_PATCH_IO,
		true },
	[SYS_splice] = { "splice", gev__patch_splice, GEV_PATCH_IO, true },
	[SYS_tee] = { "tee", gev__patch_tee, GEV_PATCH_IO, true },
	[SYS_connect] = { "connect", gev__patch_connect, GEV_PATCH_IO, true },
	[SYS_accept] = { "accept", gev__patch_accept, GEV_PATCH_IO, false },
	[SYS_accept4] = { "accept4", gev__patch_accept4, GEV_PATCH_IO, false },
	[SYS_flock] = { "flock", gev__patch_flock, GEV_PATCH_IO, true },
	[SYS_ppoll] = { "ppoll", gev__patch_ppoll, GEV_PATCH_IO, true },
	[SYS_pselect6] = { "pselect6", gev__patch_pselect6, GEV_PATCH_IO,
		true },
	[SYS_epoll_pwait] = { "epoll_pwait", gev__patch_epoll_pwait,
		GEV_PATCH_IO, true },
	[SYS_epoll_pwait2] = { "epoll_pwait2", gev__patch_epoll_pwait2,
		GEV_PATCH_IO, true },
#if defined(__x86_64__) /* newer CPUs have the forms above only */
	[SYS_poll] = { "poll", gev__patch_poll, GEV_PATCH_IO, true },
	[SYS_select] = { "select", gev__patch_select, GEV_PATCH_IO, true },
	[SYS_epoll_wait] = { "epoll_wait", gev__patch_epoll_wait, GEV_PATCH_IO,
		true },
	[SYS_pipe] = { "pipe", gev__patch_pipe, ALWAYS, false },
	[SYS_dup2] = { "dup2", gev__patch_dup2, ALWAYS, false },
	[SYS_vfork] = { "vfork", gev__patch_vfork, ALWAYS, false },
#endif
	[SYS_socket] = { "socket", gev__patch_socket, ALWAYS, false },
	[SYS_socketpair] = { "socketpair", gev__patch_socketpair, ALWAYS,
		false },
	[SYS_setsockopt] = { "setsockopt", gev__patch_setsockopt, ALWAYS,
		false },
	[SYS_close] = { "close", gev__patch_close, ALWAYS, false },
	[SYS_close_range] = { "close_range", gev__patch_close_range, ALWAYS,
		false },
	[SYS_pipe2] = { "pipe2", gev__patch_pipe2, ALWAYS, false },
	[SYS_dup] = { "dup", gev__patch_dup, ALWAYS, false },
	[SYS_dup3] = { "dup3", gev__patch_dup3, ALWAYS, false },
	[SYS_fcntl] = { "fcntl", gev__patch_fcntl, ALWAYS, false },
	[SYS_ioctl] = { "ioctl", gev__patch_ioctl, ALWAYS, false },
	[SYS_clone] = { "clone", gev__patch_clone, ALWAYS, false },
	[SYS_clone3] = { "clone3", gev__patch_clone3, ALWAYS, false },

	[SYS_nanosleep] = { "nanosleep", gev__patch_nanosleep,
		GEV_PATCH_SLEEP, true },
	[SYS_clock_nanosleep] = { "clock_nanosleep",
		gev__patch_clock_nanosleep, GEV_PATCH_SLEEP, true },
	[SYS_sched_yield] = { "sched_yield", gev__patch_sched_yield,
		GEV_PATCH_SLEEP, true },

	[SYS_wait4] = { "wait4", gev__patch_wait4, GEV_PATCH_PROCESS, true },
	[SYS_waitid] = { "waitid", gev__patch_waitid, GEV_PATCH_PROCESS,
		true },

	[SYS_futex] = { "futex", gev__patch_futex, GEV_PATCH_LOCKS, false },
};
