/* SPDX-License-Identifier: MIT */
/* A call of the program on its way through us. */
#ifndef GEV_RUN_CALL_H
#define GEV_RUN_CALL_H

#include "base/sys.h"
#include "patch/dispatch.h"

/* As gev__run_enter lays it out. */
struct gev__run_call {
	struct gev__patch_call call;
	const long *frame;      /* rbp, then where the call returns to */
	long rbx, r12, r13, r14, r15;
};

/*
 * What answers a call in any case, before the handlers of patch/ are asked.
 * Returns what the kernel would, or GEV__PASS.
 */
typedef long gev__run_handler(struct gev__run_call *c);

/* fork.c */
gev__run_handler gev__run_fork, gev__run_clone, gev__run_clone3;

/* thread.c */
gev__run_handler gev__run_exit, gev__run_exit_group;

/* turn.c */
gev__run_handler gev__run_sched_yield;

/* futex.c */
gev__run_handler gev__run_futex;

/* signal.c */
gev__run_handler gev__run_sigaction, gev__run_sigaction_borrowed;

/* mask.c, deliver.c */
gev__run_handler gev__run_sigprocmask, gev__run_sigaltstack;

/* exec.c */
gev__run_handler gev__run_vfork, gev__run_sigprocmask_borrowed, gev__run_exec;

/* direct.c */
gev__run_handler gev__run_tkill, gev__run_tgkill, gev__run_tgsigqueue,
	gev__run_timer_create, gev__run_timer_delete;

/* sigwait.c */
gev__run_handler gev__run_pause, gev__run_sigsuspend, gev__run_sigpending,
	gev__run_sigtimedwait, gev__run_ppoll, gev__run_pselect6,
	gev__run_epoll_pwait;

/* sigwait.c */
gev__run_handler gev__run_sigtimedwait;

/* own.c */
gev__run_handler gev__run_close, gev__run_close_range, gev__run_dup_to;

/* clock.c */
gev__run_handler gev__run_clock;

/* rights.c, with several threads */
gev__run_handler gev__run_set_rights, gev__run_setresuid, gev__run_setresgid,
	gev__run_setfs, gev__run_unshare;

/* prctl.c */
gev__run_handler gev__run_prctl, gev__run_seccomp;

/* Of a program with threads only: ipc.c, aio.c, open.c, file.c, vmsplice.c */
gev__run_handler gev__run_msgrcv, gev__run_msgsnd, gev__run_semop,
	gev__run_semtimedop, gev__run_ipc_control, gev__run_mq_send,
	gev__run_mq_receive;
gev__run_handler gev__run_io_submit, gev__run_io_getevents,
	gev__run_io_pgetevents, gev__run_io_uring_enter;
gev__run_handler gev__run_open, gev__run_openat, gev__run_openat2,
	gev__run_creat, gev__run_vmsplice;
gev__run_handler gev__run_read, gev__run_write, gev__run_readv, gev__run_writev,
	gev__run_pread, gev__run_pwrite, gev__run_preadv, gev__run_pwritev,
	gev__run_preadv2, gev__run_pwritev2, gev__run_fsync, gev__run_fdatasync,
	gev__run_lseek;

/*
 * Set while we run, on whosever stack.  The handler of a signal that comes then
 * leaves it at that: nothing is to switch, or run code of the program.
 */
extern volatile bool gev__run_inside;

struct gev__patch_answer gev__run_dispatch(struct gev__run_call *c);

/*
 * Calls that nobody answers: the stubs' entry makes them, that many at a time,
 * without coming here.
 */
extern unsigned char gev__run_plain[GEV__PATCH_CALLS];
extern int gev__run_credit;
void gev__run_find_plain(void);

/* How many threads the program has, as it sees it. */
extern unsigned gev__run_threads;

/* How many it has made. */
extern unsigned long gev__run_made;

/* Whether the kernel is to send calls to us, and does so now. */
extern bool gev__run_catches;
extern volatile unsigned char gev__run_catching;

/* How often each call was made; by a signal of the kernel's. */
extern unsigned long gev__run_counts[GEV__PATCH_CALLS];
extern unsigned long gev__run_trapped[GEV__PATCH_CALLS];

#endif
