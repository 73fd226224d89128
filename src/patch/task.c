/* SPDX-License-Identifier: MIT */
#include "patch/task.h"
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include "core/greenlet.h"

/* Tools are not told: where they would have to be, nothing is patched. */
static void go(struct gev__thread *t, gev_coro *to)
{
	gev_coro *from = gev__coro_turn(t, to);

	gev__switch_call(&from->sp, to->sp, NULL);
}

void gev__task_visit(struct gev__task *task)
{
	struct gev__thread *t = gev__thread;

	task->visitor = t->current;
	task->visitor->state = GEV__CORO_SUSPENDED;
	go(t, &task->coro);
}

void gev__task_return(struct gev__task *task)
{
	task->coro.state = GEV__CORO_SCHEDULED;
	go(gev__thread, task->visitor);
}

static void clear_tid(struct gev__task *task)
{
	if (!task->clear_tid)
		return;
	__atomic_store_n(task->clear_tid, 0, __ATOMIC_RELEASE);
	gev__sys_raw(SYS_futex, (long)task->clear_tid, FUTEX_WAKE, 1, 0, 0, 0);
}

/*
 * libc has blocked all signals by now, for a thread that would be gone: if that
 * was seen, whoever goes on blocks his own.
 */
static void restore_mask(const struct gev__task *task)
{
	if (task->has_mask && !task->tcb.masks)
		gev__sys_raw(SYS_rt_sigprocmask, SIG_SETMASK,
			(long)&task->mask, 0, sizeof(task->mask), 0, 0);
}

void gev__task_exit(struct gev__task *task)
{
	struct gev__thread *t = gev__thread;
	gev_coro *self = t->current;

	gev__task_drop_locks(task);
	clear_tid(task);
	restore_mask(task);
	gev__tid_give(task->tid);
	if (self != &task->coro) {
		self->stack->tcb = NULL;
		gev__greenlet_finish(self);
	}
	self->state = GEV__CORO_DEAD;
	go(t, task->visitor);
	__builtin_unreachable();
}

/* What is thread-local with us, and the same in all TCBs of a thread. */
static void seed(struct gev__thread *t, uintptr_t tls)
{
	uintptr_t at = (uintptr_t)&gev__thread - t->tcb->tls + tls;

	*(struct gev__thread **)at = t;
}

long gev__task_clone(struct gev__task *task, const struct gev__task_args *args,
	const long a[6])
{
	struct gev__thread *t = gev__thread;
	uintptr_t tls = args->flags & CLONE_SETTLS ? args->tls : t->tcb->tls;

	task->tcb.tls = tls;
	task->tcb.errno_at =
		(int *)((uintptr_t)t->errno_at - t->tcb->tls + tls);
	if (args->flags & CLONE_PARENT_SETTID)
		*args->parent_tid = task->tid;
	if (args->flags & CLONE_CHILD_SETTID)
		*args->child_tid = task->tid;
	if (args->flags & CLONE_CHILD_CLEARTID)
		task->clear_tid = args->child_tid;
	seed(t, tls);
	gev__coro_init(&task->coro, t);
	task->coro.tcb = &task->tcb;
	task->coro.sp = gev__patch_child(a, args->sp);
	return task->tid;
}

/* glibc has told nobody of the robust list: the kernel forgot the parent's. */
void gev__task_adopt(struct gev__task *task)
{
	struct gev__thread *t = gev__thread;

	t->own.tls = task->tcb.tls;
	t->own.errno_at = task->tcb.errno_at;
	t->tcb = &t->own;
	t->current->tcb = &t->own;
	if (task->robust)
		gev__sys(SYS_set_robust_list, task->robust,
			task->robust_size);
}
