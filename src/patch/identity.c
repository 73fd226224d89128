/* SPDX-License-Identifier: MIT */
/*
 * Greenlets that are threads of their own to libc.
 *
 * Their stacks are made by pthread_create(), so that libc lays out its TCB by
 * itself: no offset in it is known here.  See task.h for the rest.
 */
#include "patch/identity.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/single_threaded.h>
#include "core/greenlet.h"
#include "patch/leftover.h"
#include "patch/task.h"

#define HWCAP2_FSGSBASE 2

/* As glibc asked for it. */
#define RSEQ_LENGTH 32
#define RSEQ_UNREGISTER 1
#define RSEQ_SIGNATURE 0x53053053

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int failed;
static uintptr_t caller; /* of home(): in libc, where threads begin and end */
static bool want_first; /* gev__identity_first() was called */

/* libc ends a thread: of those with a value in @key it runs this. */
static void at_end(void *arg)
{
	struct gev__task *task = arg;
	gev_coro *self = gev__thread->current;
	gev_greenlet *g = self->greenlet;

	gev__sys_raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&task->mask,
		sizeof(task->mask), 0, 0);
	task->has_mask = true;
	task->ending = true;
	if (g && g->locals)
		g->locals->end(g, true);
}

/* The only frame of ours above a greenlet's. */
static void *home(void *arg)
{
	struct gev__task *task = arg;

	if (gev__task_here() != task)
		return NULL; /* it is the kernel's: nobody caught clone() */
	pthread_setspecific(key, task);
	if (!caller) {
		caller = (uintptr_t)__builtin_return_address(0);
		gev__leftover_learn(task->tcb.tls, (uintptr_t)task);
	}
	gev__task_return(task);
	return NULL;
}

static int create(struct gev__stack *s, struct gev__task *task)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r)
		return r;
	r = pthread_attr_setstack(&attr, s->low, (char *)task - s->low);
	if (!r)
		r = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	gev__thread->making = task;
	if (!r)
		r = pthread_create(&thread, &attr, home, task);
	gev__thread->making = NULL;
	pthread_attr_destroy(&attr);
	return r;
}

static struct gev__task *place_task(struct gev__stack *s)
{
	uintptr_t at = (uintptr_t)gev__stack_block(s) -
		       sizeof(struct gev__task);
	struct gev__task *task = (struct gev__task *)(at & -64ul);

	memset(task, 0, sizeof(*task));
	task->low = s->low;
	task->keeps_mask = true;
	return task;
}

static int make(struct gev__stack *s)
{
	struct gev__task *task = place_task(s);
	int saved = errno;
	int r;

	task->tid = gev__tid_take();
	if (!task->tid)
		return -ENOMEM;
	r = create(s, task);
	errno = saved;
	if (r || !task->tcb.tls) {
		gev__tid_give(task->tid);
		return -ENOMEM;
	}
	gev__task_visit(task);
	task->tcb.masks = false; /* whatever the caller blocks */
	task->tcb.top = (char *)((uintptr_t)task->coro.sp & -64ul);
	s->tcb = &task->tcb;
	return 0;
}

static bool end(struct gev__stack *s)
{
	struct gev__task *task = (struct gev__task *)s->tcb;

	if (task->ending)
		return false;
	task->ending = true;
	gev__task_visit(task);
	return true;
}

static bool is_clean(void)
{
	const struct gev__task *task = gev__task_here();

	return !task->tcb.masks && !gev__tid_is_marked(task->tid) &&
	       !gev__task_has_locks(task) &&
	       !gev__leftover_any(key, task->tcb.tls);
}

/* As home() would, and from its frame. */
static void leave(void)
{
	struct gev__task *task = gev__task_here();
	void *dead;

	gev__switch_call(&dead, task->coro.sp, NULL);
}

/* glibc 2.35 */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned __rseq_size __attribute__((weak));

/*
 * The kernel still tells the CPU where the parent's thread wanted it, in a TCB
 * that libc has no more use for.
 */
static void end_rseq(uintptr_t tls)
{
	if (&__rseq_offset && __rseq_size)
		gev__sys(SYS_rseq, tls + (uintptr_t)__rseq_offset, RSEQ_LENGTH,
			RSEQ_UNREGISTER, RSEQ_SIGNATURE);
}

static void forked(void)
{
	struct gev__thread *t = gev__thread;
	struct gev__task *task = gev__task_here();

	gev__tid_forked();
	if (!t)
		return;
	gev__stack_forget_tcbs(&t->stacks);
	if (task) {
		end_rseq(t->own.tls);
		gev__task_adopt(task);
	}
	if (want_first)
		gev__identity_first();
}

static const struct gev__identity identity = {
	.make = make,
	.end = end,
	.is_clean = is_clean,
	.leave = leave,
	.forked = forked,
};

static void init(void)
{
	failed = pthread_key_create(&key, at_end);
	gev__tls_settable = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
}

static bool is_caught(const struct gev__site *s)
{
	return s->patched && (s->nr < 0 || gev__patch_live[s->nr]);
}

static bool catches_clone(const struct gev__sites *libc)
{
	for (size_t i = 0; i < libc->n; i++) {
		const struct gev__site *s = &libc->site[i];

		if ((s->nr == SYS_clone || s->nr == SYS_clone3) &&
			!is_caught(s))
			return false;
	}
	return true;
}

struct function {
	const struct gev__sites *libc;
	bool ends;     /* it calls exit() */
	bool caught;   /* that, and all else that counts */
};

static void examine(const struct gev__site *s, struct function *f)
{
	bool counts = s->nr < 0 || s->nr == SYS_exit || s->nr == SYS_rseq ||
		      s->nr == SYS_set_robust_list;

	f->ends = f->ends || s->nr == SYS_exit;
	f->caught = f->caught && (!counts || is_caught(s));
}

/* 1: this was the one that called home(). */
static int see(uintptr_t start, uintptr_t end, void *arg)
{
	struct function *f = arg;

	if (caller < start || caller >= end)
		return 0;
	for (size_t i = 0; i < f->libc->n; i++)
		if (f->libc->site[i].at >= start && f->libc->site[i].at < end)
			examine(&f->libc->site[i], f);
	return 1;
}

/* Whether what home() returns to comes back to us in the end. */
static bool comes_back(const struct gev__sites *libc)
{
	struct function f = { .libc = libc, .caught = true };
	const char *why;

	return gev__object_functions(&libc->object, see, &f, &why) == 1 &&
	       f.ends && f.caught;
}

/* One for nobody; if it does not do, its stack is not to be used again. */
static const char *try(const struct gev__sites *libc)
{
	struct gev__thread *t = gev__thread_get();
	struct gev__stack *s = t && !t->shadow_stack ?
		gev__stack_take(gev__stack_class_of(&t->stacks, 0, true)) :
		NULL;

	if (!s)
		return "no stack for them";
	if ((!s->tcb && make(s) < 0) || !comes_back(libc))
		return "libc's threads can't be followed";
	gev__stack_give(s);
	return NULL;
}

static const char *why_not(const struct gev__sites *libc)
{
	if (gev__patch_child_missing)
		return gev__patch_child_missing;
	if (!gev__patch_live[SYS_futex]) /* they would hold up the thread */
		return "its locks are not patched";
	if (!catches_clone(libc))
		return "its clone() is not patched";
	pthread_once(&once, init);
	if (failed)
		return "no thread-specific key";
	gev__identity = &identity;
	return try(libc);
}

const char *gev__identity_start(const struct gev__sites *libc)
{
	const char *why = why_not(libc);

	gev__identity_on = !why;
	return why;
}

bool gev__identity_stop(void)
{
	struct gev__thread *t = gev__thread;

	gev__identity_on = false;
	want_first = false;
	if (t)
		gev__stack_end_tcbs(&t->stacks);
	return gev__tid_count() > 0;
}

int gev__identity_first(void)
{
	struct gev__thread *t = gev__thread_get();
	struct gev__stack *s;
	int r;

	if (!gev__identity_on)
		return -ENOTSUP;
	want_first = true;
	if (!__libc_single_threaded)
		return 0;
	s = t ? gev__stack_take(gev__stack_class_of(&t->stacks, 0, true)) :
		NULL;
	if (!s)
		return -ENOMEM;
	r = s->tcb ? 0 : make(s);
	gev__stack_give(s);
	return r;
}
