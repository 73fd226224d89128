/* SPDX-License-Identifier: MIT */
/*
 * Every call of the program, once it is caught: first to what a run adds, then
 * to what gev_patch_all() has for greenlets.
 *
 * A program with one thread has nobody to make room for: its calls that wait
 * are the kernel's, signals and all.
 *
 * The kernel's code has the processor forget where ours returns to.  So from
 * here to where a call is tried there are few functions inside each other.
 */
#include "run/call.h"
#include "run/ghost.h"
#include "run/preempt.h"
#include "run/reach.h"

/* Calls that do not come here, between two that see how long it takes. */
#define CREDIT 16

volatile bool gev__run_inside;
unsigned gev__run_threads = 1;
unsigned long gev__run_made;
unsigned long gev__run_counts[GEV__PATCH_CALLS];

/* What a run adds to a call. */
struct entry {
	gev__run_handler *always;
	gev__run_handler *in_turn; /* before that, if there are others to run */
	bool outlasts;             /* it keeps what its descriptors were */
};

static const struct entry entries[GEV__PATCH_CALLS] = {
	[SYS_clone] = { .always = gev__run_clone },
	[SYS_clone3] = { .always = gev__run_clone3 },
	[SYS_fork] = { .always = gev__run_fork },
	[SYS_vfork] = { .always = gev__run_vfork },
	[SYS_exit] = { .always = gev__run_exit },
	[SYS_execve] = { .always = gev__run_exec },
	[SYS_execveat] = { .always = gev__run_exec },
	[SYS_futex] = { .always = gev__run_futex },
	[SYS_rt_sigaction] = { .always = gev__run_sigaction },
	[SYS_rt_sigprocmask] = { .always = gev__run_sigprocmask },
	[SYS_sigaltstack] = { .always = gev__run_sigaltstack },
	[SYS_rt_sigpending] = { .always = gev__run_sigpending },
	[SYS_rt_sigsuspend] = { .always = gev__run_sigsuspend },
	[SYS_rt_sigtimedwait] = { .always = gev__run_sigtimedwait },
	[SYS_rt_tgsigqueueinfo] = { .always = gev__run_tgsigqueue },
	[SYS_tgkill] = { .always = gev__run_tgkill },
	[SYS_tkill] = { .always = gev__run_tkill },
	[SYS_timer_create] = { .always = gev__run_timer_create },
	[SYS_timer_delete] = { .always = gev__run_timer_delete },
	[SYS_clock_gettime] = { .always = gev__run_clock },
	[SYS_clock_getres] = { .always = gev__run_clock },
	[SYS_close] = { .always = gev__run_close },
	[SYS_close_range] = { .always = gev__run_close_range },
	[SYS_dup2] = { .always = gev__run_dup_to },
	[SYS_dup3] = { .always = gev__run_dup_to },
	[SYS_sched_yield] = { .in_turn = gev__run_sched_yield },
	[SYS_pause] = { .always = gev__run_pause },
	[SYS_ppoll] = { .always = gev__run_ppoll, .outlasts = true },
	[SYS_pselect6] = { .always = gev__run_pselect6, .outlasts = true },
	[SYS_epoll_pwait] = { .always = gev__run_epoll_pwait,
		.outlasts = true },
	[SYS_epoll_pwait2] = { .always = gev__run_epoll_pwait,
		.outlasts = true },
	[SYS_exit_group] = { .always = gev__run_exit_group },
	[SYS_prctl] = { .always = gev__run_prctl },
	[SYS_seccomp] = { .always = gev__run_seccomp },

	[SYS_setuid] = { .in_turn = gev__run_set_rights },
	[SYS_setgid] = { .in_turn = gev__run_set_rights },
	[SYS_setreuid] = { .in_turn = gev__run_set_rights },
	[SYS_setregid] = { .in_turn = gev__run_set_rights },
	[SYS_setgroups] = { .in_turn = gev__run_set_rights },
	[SYS_setresuid] = { .in_turn = gev__run_setresuid },
	[SYS_setresgid] = { .in_turn = gev__run_setresgid },
	[SYS_setfsuid] = { .in_turn = gev__run_setfs },
	[SYS_setfsgid] = { .in_turn = gev__run_setfs },
	[SYS_unshare] = { .in_turn = gev__run_unshare },
	[SYS_setns] = { .in_turn = gev__run_unshare },

	[SYS_msgrcv] = { .in_turn = gev__run_msgrcv },
	[SYS_msgsnd] = { .in_turn = gev__run_msgsnd },
	[SYS_semop] = { .in_turn = gev__run_semop },
	[SYS_semtimedop] = { .in_turn = gev__run_semtimedop },
	[SYS_msgctl] = { .in_turn = gev__run_ipc_control },
	[SYS_semctl] = { .in_turn = gev__run_ipc_control },
	[SYS_io_submit] = { .in_turn = gev__run_io_submit },
	[SYS_io_getevents] = { .in_turn = gev__run_io_getevents },
	[SYS_io_pgetevents] = { .in_turn = gev__run_io_pgetevents },
	[SYS_io_uring_enter] = { .in_turn = gev__run_io_uring_enter },
	[SYS_open] = { .in_turn = gev__run_open },
	[SYS_openat] = { .in_turn = gev__run_openat },
	[SYS_openat2] = { .in_turn = gev__run_openat2 },
	[SYS_creat] = { .in_turn = gev__run_creat },
	[SYS_pread64] = { .in_turn = gev__run_pread },
	[SYS_pwrite64] = { .in_turn = gev__run_pwrite },
	[SYS_preadv] = { .in_turn = gev__run_preadv },
	[SYS_pwritev] = { .in_turn = gev__run_pwritev },
	[SYS_preadv2] = { .in_turn = gev__run_preadv2 },
	[SYS_pwritev2] = { .in_turn = gev__run_pwritev2 },
	[SYS_lseek] = { .in_turn = gev__run_lseek },
	[SYS_fsync] = { .in_turn = gev__run_fsync },
	[SYS_fdatasync] = { .in_turn = gev__run_fdatasync },

	[SYS_read] = { .in_turn = gev__run_read, .outlasts = true },
	[SYS_readv] = { .in_turn = gev__run_readv, .outlasts = true },
	[SYS_recvfrom] = { .outlasts = true },
	[SYS_recvmsg] = { .outlasts = true },
	[SYS_recvmmsg] = { .outlasts = true },
	[SYS_write] = { .in_turn = gev__run_write, .outlasts = true },
	[SYS_writev] = { .in_turn = gev__run_writev, .outlasts = true },
	[SYS_sendto] = { .outlasts = true },
	[SYS_sendmsg] = { .outlasts = true },
	[SYS_sendmmsg] = { .outlasts = true },
	[SYS_accept] = { .outlasts = true },
	[SYS_accept4] = { .outlasts = true },
	[SYS_connect] = { .outlasts = true },
	[SYS_sendfile] = { .outlasts = true },
	[SYS_splice] = { .outlasts = true },
	[SYS_tee] = { .outlasts = true },
	[SYS_vmsplice] = { .in_turn = gev__run_vmsplice, .outlasts = true },
	[SYS_mq_timedsend] = { .in_turn = gev__run_mq_send, .outlasts = true },
	[SYS_mq_timedreceive] = { .in_turn = gev__run_mq_receive,
		.outlasts = true },
	[SYS_flock] = { .outlasts = true },
	[SYS_epoll_wait] = { .outlasts = true },
	[SYS_poll] = { .outlasts = true },
	[SYS_select] = { .outlasts = true },
};

unsigned char gev__run_plain[GEV__PATCH_CALLS];
int gev__run_credit;

void gev__run_find_plain(void)
{
	for (int nr = 0; nr < GEV__PATCH_CALLS; nr++)
		gev__run_plain[nr] = !entries[nr].always &&
			!entries[nr].in_turn && !gev__patch_table[nr].handler;
}

static bool is_for_the_kernel(unsigned long nr)
{
	return gev__run_threads == 1 &&
	       (gev__patch_table[nr].flags & GEV__WAITS || nr == SYS_futex);
}

/* What is left to the kernel and can wait there. */
static bool may_wait(unsigned long nr)
{
	return gev__run_threads == 1 || entries[nr].in_turn ||
	       gev__patch_table[nr].flags & GEV__WAITS;
}

static long handle(struct gev__run_call *c, const struct entry *e)
{
	const unsigned long nr = (unsigned long)c->call.nr;
	const struct gev__patch_entry *p = &gev__patch_table[nr];
	long r = e->always ? e->always(c) : GEV__PASS;

	if (r != GEV__PASS || !p->handler || is_for_the_kernel(nr))
		return r;
	return gev__patch_handle(p->handler, p->flags, c->call.a);
}

/* With others that want to run as well. */
static long handle_in_turn(struct gev__run_call *c, const struct entry *e)
{
	struct gev_hub *hub = gev__hub_here();
	struct gev__run_outlasting o;
	uint64_t switches;
	long r;

	gev__run_slice_begin(hub);
	switches = hub->stats.switches;
	if (e->outlasts)
		gev__run_outlast(&o, c, hub->thread->current);
	r = e->in_turn ? e->in_turn(c) : GEV__PASS;
	if (r == GEV__PASS)
		r = handle(c, e);
	if (e->outlasts)
		gev__run_outlasted(&o);
	gev__run_slice_end(hub, switches, c->call.nr == SYS_futex && r > 0);
	return r;
}

/* In a child that has borrowed our memory, and has no threads. */
static long handle_borrowed(struct gev__run_call *c)
{
	switch (c->call.nr) {
	case SYS_execve:
	case SYS_execveat:
		return gev__run_exec(c);
	case SYS_rt_sigaction:
		return gev__run_sigaction_borrowed(c);
	case SYS_rt_sigprocmask:
		return gev__run_sigprocmask_borrowed(c);
	default:
		return GEV__PASS;
	}
}

static struct gev__patch_answer answer(long r)
{
	return (struct gev__patch_answer){ r, r == GEV__PASS };
}

struct gev__patch_answer gev__run_dispatch(struct gev__run_call *c)
{
	const unsigned long nr = (unsigned long)c->call.nr;
	long r;

	gev__run_catching = gev__run_catches;
	gev__run_credit = CREDIT;
	if (nr >= GEV__PATCH_CALLS)
		return answer(GEV__PASS);
	if (gev__patch_in_vfork())
		return answer(handle_borrowed(c));
	if (gev__run_catches && !gev__run_reaches(c))
		return gev__run_out_of_reach(c);
	gev__run_counts[nr]++;
	gev__run_inside = true;
	r = gev__run_threads > 1 ? handle_in_turn(c, &entries[nr]) :
				   handle(c, &entries[nr]);
	gev__run_inside = false;
	if (r == GEV__PASS && gev__run_tick_due && may_wait(nr))
		gev__run_tick_later();
	return answer(r);
}
