/* SPDX-License-Identifier: MIT */
/*
 * The life of a thread.  libc makes it as ever: its stack, its TCB; and of the
 * clone() that follows we make a greenlet that goes on behind the system call,
 * on that stack, with the thread pointer it asked for (patch/task.h).
 *
 * It ends by exit(), on a stack that libc may give to another as soon as the
 * word is 0 which it waits for.  That is done last, and nobody else runs before
 * we have left the stack.  The structs are used again.
 */
#include "run/thread.h"
#include <limits.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include "base/mem.h"
#include "patch/futex.h"
#include "run/comm.h"
#include "run/hub.h"
#include "run/preempt.h"
#include "run/run.h"

static struct gev__run_thread *unused;

static struct gev__run_thread *take(void)
{
	struct gev__run_thread *t = unused;

	if (!t)
		return gev__alloc(sizeof(*t));
	unused = t->next;
	gev__zero(t, sizeof(*t));
	return t;
}

static void give(struct gev__run_thread *t)
{
	t->next = unused;
	unused = t;
}

/* All that can fail; NULL: no memory. */
static struct gev__run_thread *prepare(struct gev_hub *hub)
{
	struct gev__run_thread *t = take();

	if (!t)
		return NULL;
	t->task.tid = gev__tid_take();
	if (t->task.tid && gev__runq_reserve(hub) == 0)
		return t;
	if (t->task.tid)
		gev__tid_give(t->task.tid);
	give(t);
	return NULL;
}

long gev__run_thread_make(struct gev__run_call *c,
	const struct gev__task_args *args)
{
	struct gev_hub *hub = gev__run_complete() ? gev__run_hub() : NULL;
	struct gev__run_thread *t;
	long tid;

	if (!hub)
		return GEV__PASS;
	t = prepare(hub);
	if (!t)
		return -EAGAIN;
	gev__run_comm_inherit(t);
	tid = gev__task_clone(&t->task, args, c->call.a);
	gev__greenlet_adopt(&t->greenlet, hub, &t->task.coro);
	gev__ready(hub, &t->task.coro);
	t->signals.coro = &t->task.coro;
	t->signals.tid = t->task.tid;
	gev__run_signals_join(&t->signals, gev__run_signals_here());
	gev__run_threads++;
	gev__run_preempt_begin();
	gev__run_made++;
	return tid;
}

/* The last one takes the process with it, as the kernel has it. */
static void leave(void)
{
	gev__run_threads--;
	if (gev__run_threads == 0) {
		gev__run_say_stats();
		gev__host_exit(0);
	}
}

static void clear_tid(int *at)
{
	if (!at)
		return;
	__atomic_store_n(at, 0, __ATOMIC_RELEASE);
	gev__futex_wake((const uint32_t *)at, 1, FUTEX_BITSET_MATCH_ANY, true);
}

static _Noreturn void end(struct gev__run_thread *t)
{
	struct gev_hub *hub = gev__hub_here();
	gev_coro *next;

	gev__task_drop_locks(&t->task);
	clear_tid(t->task.clear_tid);
	gev__tid_give(t->task.tid);
	gev__run_signals_leave(&t->signals);
	leave();
	gev__greenlet_end(&t->greenlet, 0, 0);
	give(t);
	next = gev__runq_pop(hub);
	hub->stats.switches += next != hub->coro;
	gev__coro_jump(hub->thread, next);
	__builtin_unreachable();
}

/* What the kernel would do at the first thread's end, by what it was told. */
static void release_first(void)
{
	static struct gev__task first;

	first.tid = (int)gev__sys(SYS_gettid);
	gev__sys(SYS_get_robust_list, 0, &first.robust, &first.robust_size);
	gev__task_drop_locks(&first);
	if (gev__sys(SYS_prctl, PR_GET_TID_ADDRESS, &first.clear_tid) == 0)
		clear_tid(first.clear_tid);
}

/* Its stack is the process's, and stays. */
static _Noreturn void end_first(void)
{
	release_first();
	gev__run_signals_leave(&gev__run_first);
	leave();
	for (;;) {
		struct gev_waiter w = { .what = "the other threads",
			.shielded = true };

		gev__park(&w, GEV_FOREVER);
	}
}

long gev__run_exit(struct gev__run_call *c)
{
	(void)c;
	if (gev__run_thread_here())
		end(gev__run_thread_here());
	if (gev__run_threads > 1)
		end_first();
	return GEV__PASS;
}

void gev__run_threads_end(void)
{
	struct gev_list *node;

	if (!gev__run_catches)
		return;
	gev__list_for_each(node, &gev__run_living) {
		struct gev__run_signals *s =
			gev__container(node, struct gev__run_signals, node);

		if (s->coro)
			gev__task_drop_locks(&gev__container(s,
				struct gev__run_thread, signals)->task);
	}
}

long gev__run_exit_group(struct gev__run_call *c)
{
	(void)c;
	gev__run_threads_end();
	gev__run_say_stats();
	return GEV__PASS;
}

/* Their stacks are the child's own memory now, which libc sees to. */
void gev__run_threads_forked(void)
{
	struct gev__task *task = gev__task_here();

	if (gev__run_catches)
		gev__run_signals_forked(gev__run_signals_here());
	gev__run_comm_forked();
	gev__tid_forked();
	if (task)
		gev__task_adopt(task);
	gev__run_threads = 1;
}
