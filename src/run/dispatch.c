/* SPDX-License-Identifier: MIT */
/*
 * Every call of the program, once it is caught: first to what a run adds, then
 * to what gev_patch_all() has for greenlets.
 *
 * A program with one thread has nobody to make room for: its calls that wait
 * are the kernel's, signals and all.
 */
#include "run/call.h"
#include "run/ghost.h"
#include "run/preempt.h"
#include "run/reach.h"

volatile bool gev__run_inside;
unsigned gev__run_threads = 1;
unsigned long gev__run_made;
unsigned long gev__run_counts[GEV__PATCH_CALLS];

static gev__run_handler *const handlers[GEV__PATCH_CALLS] = {
	[SYS_clone] = gev__run_clone,
	[SYS_clone3] = gev__run_clone3,
	[SYS_fork] = gev__run_fork,
	[SYS_exit] = gev__run_exit,
	[SYS_execve] = gev__run_exec,
	[SYS_execveat] = gev__run_exec,
	[SYS_futex] = gev__run_futex,
	[SYS_rt_sigaction] = gev__run_sigaction,
	[SYS_rt_sigprocmask] = gev__run_sigprocmask,
	[SYS_sigaltstack] = gev__run_sigaltstack,
	[SYS_rt_sigpending] = gev__run_sigpending,
	[SYS_rt_sigsuspend] = gev__run_sigsuspend,
	[SYS_rt_sigtimedwait] = gev__run_sigtimedwait,
	[SYS_rt_tgsigqueueinfo] = gev__run_tgsigqueue,
	[SYS_tgkill] = gev__run_tgkill,
	[SYS_tkill] = gev__run_tkill,
	[SYS_timer_create] = gev__run_timer_create,
	[SYS_timer_delete] = gev__run_timer_delete,
	[SYS_clock_gettime] = gev__run_clock,
	[SYS_clock_getres] = gev__run_clock,
	[SYS_close] = gev__run_close,
	[SYS_close_range] = gev__run_close_range,
	[SYS_dup2] = gev__run_dup_to,
	[SYS_dup3] = gev__run_dup_to,
	[SYS_pause] = gev__run_pause,
	[SYS_ppoll] = gev__run_ppoll,
	[SYS_pselect6] = gev__run_pselect6,
	[SYS_epoll_pwait] = gev__run_epoll_pwait,
	[SYS_epoll_pwait2] = gev__run_epoll_pwait,
	[SYS_exit_group] = gev__run_exit_group,
	[SYS_prctl] = gev__run_prctl,
};

/* What waits and patch/ leaves to the kernel, for there are others to run. */
static gev__run_handler *const waiting[GEV__PATCH_CALLS] = {
	[SYS_msgrcv] = gev__run_msgrcv,
	[SYS_msgsnd] = gev__run_msgsnd,
	[SYS_semop] = gev__run_semop,
	[SYS_semtimedop] = gev__run_semtimedop,
	[SYS_msgctl] = gev__run_ipc_control,
	[SYS_semctl] = gev__run_ipc_control,
	[SYS_mq_timedsend] = gev__run_mq_send,
	[SYS_mq_timedreceive] = gev__run_mq_receive,
	[SYS_io_submit] = gev__run_io_submit,
	[SYS_io_getevents] = gev__run_io_getevents,
	[SYS_io_pgetevents] = gev__run_io_pgetevents,
	[SYS_io_uring_enter] = gev__run_io_uring_enter,
	[SYS_vmsplice] = gev__run_vmsplice,
	[SYS_open] = gev__run_open,
	[SYS_openat] = gev__run_openat,
	[SYS_openat2] = gev__run_openat2,
	[SYS_creat] = gev__run_creat,
	[SYS_read] = gev__run_read,
	[SYS_write] = gev__run_write,
	[SYS_readv] = gev__run_readv,
	[SYS_writev] = gev__run_writev,
	[SYS_pread64] = gev__run_pread,
	[SYS_pwrite64] = gev__run_pwrite,
	[SYS_preadv] = gev__run_preadv,
	[SYS_pwritev] = gev__run_pwritev,
	[SYS_preadv2] = gev__run_preadv2,
	[SYS_pwritev2] = gev__run_pwritev2,
	[SYS_fsync] = gev__run_fsync,
	[SYS_fdatasync] = gev__run_fdatasync,
};

static struct gev__patch_answer pass(void)
{
	return (struct gev__patch_answer){ GEV__PASS, true };
}

static struct gev__patch_answer answer(long result)
{
	return (struct gev__patch_answer){ result, result == GEV__PASS };
}

static bool is_for_the_kernel(unsigned long nr)
{
	return gev__run_threads == 1 &&
	       (gev__patch_table[nr].waits || nr == SYS_futex);
}

static struct gev__patch_answer handle(struct gev__run_call *c)
{
	const unsigned long nr = (unsigned long)c->call.nr;

	if (handlers[nr]) {
		long r = handlers[nr](c);

		if (r != GEV__PASS)
			return answer(r);
	}
	if (!gev__patch_table[nr].handler || is_for_the_kernel(nr))
		return pass();
	return gev__patch_dispatch(&c->call);
}

static struct gev__patch_answer handle_or_wait(struct gev__run_call *c)
{
	gev__run_handler *wait = waiting[c->call.nr];
	long r = wait ? wait(c) : GEV__PASS;

	return r == GEV__PASS ? handle(c) : answer(r);
}

/* With others that want to run as well. */
static struct gev__patch_answer handle_in_turn(struct gev__run_call *c)
{
	struct gev_hub *hub = gev__hub_here();
	struct gev__patch_answer answer;
	uint64_t switches;

	gev__run_slice_begin(hub);
	switches = hub->stats.switches;
	answer = gev__run_can_outlast(c->call.nr) ?
			 gev__run_outlast(c, handle_or_wait) :
			 handle_or_wait(c);
	gev__run_slice_end(hub, switches,
		c->call.nr == SYS_futex && answer.result > 0);
	return answer;
}

struct gev__patch_answer gev__run_dispatch(struct gev__run_call *c)
{
	const unsigned long nr = (unsigned long)c->call.nr;
	struct gev__patch_answer answer;

	gev__run_catching = gev__run_catches;
	if (nr >= GEV__PATCH_CALLS || gev__patch_in_vfork())
		return pass();
	if (gev__run_catches && !gev__run_reaches(c))
		return gev__run_out_of_reach(c);
	gev__run_counts[nr]++;
	gev__run_inside = true;
	answer = gev__run_threads > 1 ? handle_in_turn(c) : handle(c);
	gev__run_inside = false;
	return answer;
}
