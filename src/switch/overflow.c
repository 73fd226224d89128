/* SPDX-License-Identifier: MIT */
/*
 * A coroutine that runs out of stack touches its guard: SIGSEGV.  The handler,
 * on a signal stack since there is no other left, tells which coroutine that
 * was and leaves the rest to the default action: it restores that and returns
 * to the instruction that failed.
 *
 * The handler is there only if the program had none when the thread's first
 * coroutine was made.
 */
#include "switch/overflow.h"
#include "switch/switch.h"

const char *(*_Atomic gev__stack_name)(const gev_coro *c);

#if defined(__x86_64__) || defined(__aarch64__)

#include "base/signal.h"
#include "base/sys.h"
#include "base/text.h"

#define SIGNAL_STACK ((size_t)64 << 10)

static void report(const struct gev__stack *s)
{
	const gev_coro *c = gev__stack_block(s);
	const char *(*name_of)(const gev_coro *) = gev__stack_name;
	const char *name = name_of ? name_of(c) : NULL;
	char line[256];
	struct gev__text text = gev__text_in(line, sizeof(line));

	gev__text_add(&text, "gev: stack overflow in ");
	if (name) {
		gev__text_add(&text, "greenlet \"");
		gev__text_add(&text, name);
		gev__text_add(&text, "\"");
	} else {
		gev__text_add(&text, "coroutine ");
		gev__text_ptr(&text, c);
	}
	gev__text_add(&text, " (");
	gev__text_num(&text, s->class->size);
	gev__text_add(&text, " bytes at ");
	gev__text_ptr(&text, s->low);
	gev__text_add(&text, "); give it a larger stack_size\n");
	gev__sys(SYS_write, 2, line, gev__text_end(&text));
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct sigaction fallback;
	struct gev__thread *t = gev__thread;
	struct gev__stack *s = NULL;

	(void)context;
	if (t && info->si_code > 0)
		s = gev__stack_overflown(&t->stacks, info->si_addr);
	if (s)
		report(s);
	gev__zero(&fallback, sizeof(fallback)); /* SIG_DFL */
	gev__sigaction(sig, &fallback, NULL);
	if (info->si_code <= 0) /* somebody sent it: it won't come again */
		gev__sys(SYS_tgkill, gev__sys(SYS_getpid), gev__sys(SYS_gettid),
			sig);
}

/* Whether on_fault() is SIGSEGV's handler, or has just become it. */
static bool claim_signal(void)
{
	struct sigaction action;

	if (gev__sigaction(SIGSEGV, NULL, &action) < 0)
		return false;
	if (action.sa_handler != SIG_DFL)
		return action.sa_sigaction == on_fault;
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	return gev__sigaction(SIGSEGV, &action, NULL) == 0;
}

void gev__overflow_watch(struct gev__thread *t)
{
	stack_t now, ours;

	if (!claim_signal() || gev__sys(SYS_sigaltstack, NULL, &now) < 0 ||
		!(now.ss_flags & SS_DISABLE))
		return;
	ours.ss_sp = gev__map(SIGNAL_STACK);
	ours.ss_size = SIGNAL_STACK;
	ours.ss_flags = 0;
	if (!ours.ss_sp)
		return;
	t->signal_stack = ours.ss_sp;
	gev__sys(SYS_sigaltstack, &ours, NULL);
}

void gev__overflow_unwatch(struct gev__thread *t)
{
	stack_t off = { .ss_flags = SS_DISABLE };
	stack_t now;

	if (!t->signal_stack || gev__sys(SYS_sigaltstack, NULL, &now) < 0)
		return;
	if (now.ss_sp == t->signal_stack)
		gev__sys(SYS_sigaltstack, &off, NULL);
	gev__unmap(t->signal_stack, SIGNAL_STACK);
}

#else

void gev__overflow_watch(struct gev__thread *t)
{
	(void)t;
}

void gev__overflow_unwatch(struct gev__thread *t)
{
	(void)t;
}

#endif
