/* SPDX-License-Identifier: MIT */
/*
 * Greenlets that are threads of their own to libc.
 *
 * Their stacks are made by pthread_create(), so that libc lays out its TCB by
 * itself: no offset in it is known here.  See task.h for the rest.
 */
#include "patch/identity.h"
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/single_threaded.h>
#include "core/greenlet.h"
#include "patch/engine.h"
#include "patch/task.h"

#define HWCAP2_FSGSBASE 2
#define FIRST_KEYS 32

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int failed;
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

	pthread_setspecific(key, task);
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
	if (r) {
		gev__tid_give(task->tid);
		return -ENOMEM;
	}
	gev__task_visit(task);
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

/* Where libc has no public question, things stay with the TCB. */
static bool is_clean(void)
{
	for (pthread_key_t k = 0; k < FIRST_KEYS; k++)
		if (k != key && pthread_getspecific(k))
			return false;
	return uselocale((locale_t)0) == LC_GLOBAL_LOCALE;
}

/* As home() would, and from its frame. */
static void leave(void)
{
	struct gev__task *task = gev__task_here();
	void *dead;

	gev__switch_call(&dead, task->coro.sp, NULL);
}

static void forked(void)
{
	struct gev__thread *t = gev__thread;
	struct gev__task *task = gev__task_here();

	gev__tid_forked();
	if (!t)
		return;
	gev__stack_forget_tcbs(&t->stacks);
	if (task)
		gev__task_adopt(task);
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

/* What libc's threads call at their begin and end. */
static bool is_needed(long nr)
{
	return nr == SYS_clone || nr == SYS_clone3 || nr == SYS_exit ||
	       nr == SYS_set_robust_list || nr == SYS_rseq;
}

static const char *why_not(const struct gev__sites *libc)
{
	if (gev__patch_child_missing)
		return gev__patch_child_missing;
	for (size_t i = 0; i < libc->n; i++) {
		const struct gev__site *s = &libc->site[i];

		if (is_needed(s->nr) &&
			!(s->patched && gev__patch_live[s->nr]))
			return "not all of libc's threads can be followed";
	}
	if (!gev__patch_live[SYS_futex]) /* they would hold up the thread */
		return "its locks are not patched";
	pthread_once(&once, init);
	return failed ? "no thread-specific key" : NULL;
}

const char *gev__identity_start(const struct gev__sites *libc)
{
	const char *why = why_not(libc);

	if (!why)
		gev__identity = &identity;
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
