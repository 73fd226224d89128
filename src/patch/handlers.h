/* SPDX-License-Identifier: MIT */
/* What answers each system call; the table puts them together. */
#ifndef GEV_PATCH_HANDLERS_H
#define GEV_PATCH_HANDLERS_H

#include "patch/dispatch.h"

/* transfer.c */
gev__handler gev__patch_read, gev__patch_write, gev__patch_readv,
	gev__patch_writev, gev__patch_recvfrom, gev__patch_recvmsg,
	gev__patch_recvmmsg, gev__patch_sendto, gev__patch_sendmsg,
	gev__patch_sendmmsg, gev__patch_sendfile, gev__patch_splice,
	gev__patch_tee;

/* manage.c */
gev__handler gev__patch_socket, gev__patch_socketpair, gev__patch_setsockopt,
	gev__patch_connect, gev__patch_accept, gev__patch_accept4,
	gev__patch_close, gev__patch_pipe, gev__patch_pipe2, gev__patch_dup,
	gev__patch_dup2, gev__patch_dup3, gev__patch_fcntl, gev__patch_ioctl,
	gev__patch_flock, gev__patch_close_range;

/* wait.c */
gev__handler gev__patch_poll, gev__patch_ppoll, gev__patch_select,
	gev__patch_pselect6, gev__patch_epoll_wait, gev__patch_epoll_pwait,
	gev__patch_epoll_pwait2, gev__patch_nanosleep,
	gev__patch_clock_nanosleep, gev__patch_sched_yield, gev__patch_wait4,
	gev__patch_waitid;

/* futex.c */
gev__handler gev__patch_futex, gev__patch_futex_waitv;

/* signals.c */
gev__handler gev__patch_rt_sigaction, gev__patch_rt_sigprocmask;

/* mask.c: rt_sigprocmask() in who may have a mask of his own, or GEV__PASS. */
long gev__patch_change_mask(const long a[6]);

/* vfork.c; that of clone() with such flags is noted as well.  GEV__PASS. */
gev__handler gev__patch_vfork;
long gev__patch_note_vfork(uint64_t flags);

/* clone.c */
gev__handler gev__patch_clone, gev__patch_clone3;

/* thread.c */
gev__handler gev__patch_exit, gev__patch_gettid, gev__patch_set_tid_address,
	gev__patch_set_robust_list, gev__patch_rseq, gev__patch_tgkill,
	gev__patch_tkill, gev__patch_rt_tgsigqueueinfo,
	gev__patch_sched_setparam, gev__patch_sched_getparam,
	gev__patch_sched_setscheduler, gev__patch_sched_getscheduler,
	gev__patch_sched_setaffinity, gev__patch_sched_getaffinity,
	gev__patch_sched_setattr, gev__patch_sched_getattr,
	gev__patch_sched_rr_get_interval, gev__patch_getpriority,
	gev__patch_setpriority, gev__patch_ioprio_set, gev__patch_ioprio_get;

#endif
