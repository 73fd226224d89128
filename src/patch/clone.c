/* SPDX-License-Identifier: MIT */
/*
 * Threads that libc makes.  Of one that is to be a greenlet's the kernel hears
 * nothing; all others it makes.
 */
#include <linux/sched.h>
#include "patch/handlers.h"
#include "patch/task.h"

static bool lies_on(const char *sp, const struct gev__task *task)
{
	return sp > task->low && sp <= (const char *)task;
}

/* A process on another stack: none of libc's forks, which are followed. */
static bool knows_no_hub(const struct gev__task_args *args)
{
	return args->sp && !(args->flags & CLONE_VM);
}

static long make(const struct gev__task_args *args, const long a[6])
{
	struct gev__task *task = gev__thread ? gev__thread->making : NULL;

	if (task && lies_on(args->sp, task))
		return gev__task_clone(task, args, a);
	return gev__patch_note_vfork(knows_no_hub(args) ?
		CLONE_VM | CLONE_VFORK : args->flags);
}

long gev__patch_clone(struct gev_hub *hub, const long a[6])
{
	const struct gev__task_args args = { .flags = (uint64_t)a[0],
		.sp = (char *)a[1],
		.parent_tid = (int *)a[2],
		.child_tid = (int *)a[GEV__CLONE_CHILD_TID],
		.tls = (uintptr_t)a[GEV__CLONE_TLS] };

	(void)hub;
	return make(&args, a);
}

long gev__patch_clone3(struct gev_hub *hub, const long a[6])
{
	const struct clone_args *given = (const void *)a[0];
	struct gev__task_args args;

	(void)hub;
	if (!given || (size_t)a[1] < CLONE_ARGS_SIZE_VER0)
		return GEV__PASS;
	args.flags = given->flags;
	args.sp = (char *)(given->stack + given->stack_size);
	args.parent_tid = (int *)given->parent_tid;
	args.child_tid = (int *)given->child_tid;
	args.tls = given->tls;
	return make(&args, a);
}
