/* SPDX-License-Identifier: MIT */
/*
 * Which signals a greenlet blocks.
 *
 * To the kernel that is its thread's mask, and others run on that thread before
 * it is put back: two system() at a time, each of which blocks SIGCHLD for a
 * while and then puts back what it found, would leave it blocked.  So of who is
 * a thread of his own to libc a change is his own, from then on until he blocks
 * what the thread does again; to switch to him or from him takes a system call
 * for as long (gev__tcb_block).
 */
#include <signal.h>
#include "patch/cancel.h"
#include "patch/handlers.h"
#include "patch/task.h"

static uint64_t now(void)
{
	uint64_t mask = 0;

	gev__sys_raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask,
		sizeof(mask), 0, 0);
	return mask;
}

/*
 * glibc blocks the signal of pthread_cancel() with all others where it must not
 * be disturbed: sets of the program never have it.  Not all of glibc's calls are
 * caught: to put back what was blocked by one that was not changes nothing.
 */
static bool puts_back(const struct gev__task *task, uint64_t before)
{
	return !task->tcb.masks && before >> (GEV__SIGCANCEL - 1) & 1;
}

long gev__patch_change_mask(const long a[6])
{
	struct gev__task *task = gev__task_here();
	struct gev__tcb *own;
	uint64_t before;
	long r;

	if (!task || !task->keeps_mask || !a[1] || a[3] != sizeof(before))
		return GEV__PASS;
	before = now();
	if (puts_back(task, before))
		return GEV__PASS;
	own = &gev__thread->own;
	if (!task->tcb.masks)
		own->mask = before;
	r = gev__sys_raw(SYS_rt_sigprocmask, a[0], a[1], a[2], a[3], 0, 0);
	task->tcb.mask = now();
	task->tcb.masks = task->tcb.mask != own->mask;
	return r;
}
