/* SPDX-License-Identifier: MIT */
/*
 * Each thread's mask.  The kernel's is what they have in common: how many block
 * a signal is counted, so nobody goes through all of them.
 */
#include <errno.h>
#include "base/mem.h"
#include "run/signals.h"
#include "run/thread.h"

#define NEVER \
	(GEV__SIGBIT(SIGKILL) | GEV__SIGBIT(SIGSTOP))

struct gev_list gev__run_living;
struct gev__run_signals gev__run_first;

static unsigned blocked_by[GEV__SIGNALS];
static unsigned living;
static uint64_t common;  /* what all block */
static uint64_t applied = ~0ul; /* what the kernel does, once it was told */

struct gev__run_signals *gev__run_signals_here(void)
{
	struct gev__run_thread *t = gev__run_thread_here();

	return t ? &t->signals : &gev__run_first;
}

static void look_again(int i)
{
	if (blocked_by[i] == living && !(GEV__UNBLOCKED >> i & 1))
		common |= 1ul << i;
	else
		common &= ~(1ul << i);
}

static void count(uint64_t set, unsigned by)
{
	for (; set; set &= set - 1) {
		int i = __builtin_ctzl(set);

		blocked_by[i] += by;
		look_again(i);
	}
}

static void change_living(unsigned by)
{
	living += by;
	for (int i = 0; i < GEV__SIGNALS; i++)
		look_again(i);
}

void gev__run_mask_set(struct gev__run_signals *s, uint64_t mask)
{
	mask &= ~NEVER;
	count(mask & ~s->mask, 1);
	count(s->mask & ~mask, -1u);
	s->mask = mask;
	if (s->queue.set & mask)
		gev__run_hand_on(s);
}

void gev__run_mask_apply(void)
{
	if (common == applied)
		return;
	applied = common;
	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &common, NULL,
		GEV__MASK_SIZE);
}

void gev__run_mask_block(void)
{
	applied = ~GEV__SIGBIT(SIGSYS);
	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &applied, NULL,
		GEV__MASK_SIZE);
}

void gev__run_mask_tell(ucontext_t *uc)
{
	applied = common;
	gev__copy(&uc->uc_sigmask, &common, GEV__MASK_SIZE);
}

void gev__run_mask_all(ucontext_t *uc)
{
	applied = ~GEV__UNBLOCKED;
	gev__copy(&uc->uc_sigmask, &applied, GEV__MASK_SIZE);
}

void gev__run_signals_join(struct gev__run_signals *s,
	const struct gev__run_signals *maker)
{
	if (!gev__run_living.next)
		gev__list_init(&gev__run_living);
	gev__list_add_tail(&gev__run_living, &s->node);
	s->mask = 0;
	change_living(1);
	if (maker)
		gev__run_mask_set(s, maker->mask);
	else
		s->stack.ss_flags |= s->stack.ss_sp ? 0 : SS_DISABLE;
	if (maker)
		s->stack.ss_flags = SS_DISABLE;
}

/* libc has blocked all signals, which nobody else is to feel. */
void gev__run_signals_leave(struct gev__run_signals *s)
{
	gev__list_del(&s->node);
	if (s->queue.set)
		gev__run_mask_set(s, ~0ul);
	gev__run_mask_set(s, 0);
	change_living(-1u);
	gev__run_drop(&s->queue, ~0ul);
	gev__run_mask_apply();
}

/* The one that forked is the first now. */
void gev__run_signals_forked(const struct gev__run_signals *s)
{
	const uint64_t mask = s->mask;
	const stack_t stack = s->stack;

	gev__list_init(&gev__run_living);
	gev__zero(blocked_by, sizeof(blocked_by));
	gev__zero(&gev__run_first, sizeof(gev__run_first));
	gev__run_drop(&gev__run_shared, ~0ul);
	gev__run_forget();
	living = 0;
	gev__run_signals_join(&gev__run_first, NULL);
	gev__run_first.tid = (int)gev__sys(SYS_gettid);
	gev__run_first.stack = stack;
	gev__run_mask_set(&gev__run_first, mask);
	gev__run_mask_apply();
}

void gev__run_mask_lend(uint64_t mask)
{
	mask &= ~GEV__SIGBIT(SIGSYS);
	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, GEV__MASK_SIZE);
}

void gev__run_mask_back(void)
{
	gev__sys(SYS_rt_sigprocmask, SIG_SETMASK, &applied, NULL,
		GEV__MASK_SIZE);
}

static long changed(long how, uint64_t mask, uint64_t by, uint64_t *to)
{
	switch ((int)how) {
	case SIG_BLOCK:
		*to = mask | by;
		return 0;
	case SIG_UNBLOCK:
		*to = mask & ~by;
		return 0;
	case SIG_SETMASK:
		*to = by;
		return 0;
	default:
		return -EINVAL;
	}
}

long gev__run_sigprocmask(struct gev__run_call *c)
{
	const uint64_t *wanted = (const void *)c->call.a[1];
	uint64_t *old = (void *)c->call.a[2];
	struct gev__run_signals *s;
	uint64_t before, now;
	long r = 0;

	if (!gev__run_catches)
		return GEV__PASS;
	if (c->call.a[3] != GEV__MASK_SIZE)
		return -EINVAL;
	s = gev__run_signals_here();
	before = now = s->mask;
	if (wanted)
		r = changed(c->call.a[0], before, *wanted, &now);
	if (r < 0)
		return r;
	if (now != before) {
		gev__run_mask_set(s, now);
		gev__run_mask_apply();
	}
	if (old)
		*old = before;
	return 0;
}
