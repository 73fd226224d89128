/* SPDX-License-Identifier: MIT */
/*
 * New processes.  The child of a fork has the thread that forked, and the
 * kernel does not send it calls any more unless it is told so again.
 */
#include <linux/sched.h>
#include <sched.h>
#include "base/mem.h"
#include "calls/descriptor.h"
#include "run/aio.h"
#include "run/call.h"
#include "patch/futex.h"
#include "run/engine.h"
#include "run/file.h"
#include "run/ghost.h"
#include "run/preempt.h"
#include "run/run.h"
#include "run/thread.h"
#include "run/turn.h"

/* The summary is about what a process does itself. */
static void count_anew(void)
{
	gev__zero(gev__run_counts, sizeof(gev__run_counts));
	gev__zero(gev__run_trapped, sizeof(gev__run_trapped));
}

static void forked(void)
{
	bool catching = gev__run_catches;

	gev__forked();
	gev__futex_forked();
	gev__run_threads_forked();
	gev__run_ghosts_forked();
	gev__run_preempt_forked();
	gev__run_turns_forked();
	gev__run_requests_forked();
	gev__run_positions_forked();
	gev__run_aio_forked();
	if (gev__run_options.stats)
		count_anew();
	if (catching)
		gev__run_dispatch_on();
}

/* What comes to the child before it knows what it is waits in the kernel. */
static long make_process(const struct gev__run_call *c)
{
	const long *a = c->call.a;
	long r;

	if (gev__run_options.eager)
		gev__run_complete();
	gev__fd_families++;
	if (gev__run_catches)
		gev__run_mask_block();
	r = gev__sys_raw(c->call.nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (r == 0)
		forked();
	if (gev__run_catches)
		gev__run_mask_apply();
	return r;
}

long gev__run_fork(struct gev__run_call *c)
{
	return make_process(c);
}

/*
 * One that goes on with memory of its own, where it was, is a fork.  One that
 * goes on elsewhere is left alone (patch/clone.c).
 */
static long other_process(struct gev__run_call *c, uint64_t flags,
	bool has_stack)
{
	return (flags & CLONE_VM) || has_stack ? gev__run_vfork(c) :
						 make_process(c);
}

long gev__run_clone(struct gev__run_call *c)
{
	const long *a = c->call.a;
	const uint64_t flags = (uint64_t)a[0];

	if (flags & CLONE_THREAD)
		return gev__run_thread_make(c, &(struct gev__task_args){
			.flags = flags,
			.sp = (char *)a[1],
			.parent_tid = (int *)a[2],
			.child_tid = (int *)a[3],
			.tls = (uintptr_t)a[4] });
	return other_process(c, flags, a[1] != 0);
}

long gev__run_clone3(struct gev__run_call *c)
{
	const struct clone_args *args = (const void *)c->call.a[0];

	if (!args || (size_t)c->call.a[1] < CLONE_ARGS_SIZE_VER0)
		return GEV__PASS;
	if (args->flags & CLONE_THREAD)
		return gev__run_thread_make(c, &(struct gev__task_args){
			.flags = args->flags,
			.sp = (char *)(args->stack + args->stack_size),
			.parent_tid = (int *)args->parent_tid,
			.child_tid = (int *)args->child_tid,
			.tls = args->tls });
	return other_process(c, args->flags, args->stack != 0);
}
