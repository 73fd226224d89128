/* SPDX-License-Identifier: MIT */
/*
 * The frame of a handler, as the kernel makes it on x86-64:
 *
 *	low                                                           high
 *	restorer | ucontext | siginfo | vectors (64) | red zone | interrupted
 *	`-- rsp when the handler begins
 *
 * What the interrupted code had is in @uc, which the kernel has put elsewhere
 * and goes by when our own handler returns.  So it is copied, and @uc is changed
 * to begin with the program's handler.  When that returns, its restorer makes a
 * call that comes to us, since it was not rewritten: gev__run_sigreturn().
 */
#include <errno.h>
#include "base/mem.h"
#include "run/engine.h"
#include "run/signals.h"

#define JUMP 0xe9
#define JUMP_SIZE 5
#define AUTODISARM (1 << 31) /* SS_AUTODISARM, of another header */
#define FRAME_SIZE 640 /* more than there is of one but the vectors */
#define MARGIN 2048    /* more than is on the stack of what fills it in */
#define UC_SIZE (__builtin_offsetof(ucontext_t, uc_sigmask) + GEV__MASK_SIZE)
#define FLAGS (0x100 | 0x400 | 0x10000) /* TF, DF, RF */

struct frame {
	void (*restorer)(void);
	char uc[UC_SIZE];
	siginfo_t info;
} __attribute__((aligned(8)));

void gev__run_enter_end(void); /* x86_64.S */

static bool lies_in(uintptr_t at, uintptr_t from, uintptr_t to)
{
	return at >= from && at < to;
}

/* In a stub, and around the dispatcher, all there is lies on the stack. */
static bool is_transparent(uintptr_t at)
{
	return lies_in(at, (uintptr_t)gev__run_stubs,
		       (uintptr_t)gev__run_stubs_end) ||
	       lies_in(at, (uintptr_t)gev__run_enter,
		       (uintptr_t)gev__run_enter_end);
}

bool gev__run_in_program(const ucontext_t *uc)
{
	const uintptr_t at = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	uintptr_t start, end;

	if (gev__run_inside)
		return false;
	gev__run_own_text(&start, &end);
	return !lies_in(at, start, end) || is_transparent(at);
}

/* In a stub's own call the program is in the one that it stands for. */
static void leave_stub(greg_t *g)
{
	const uint8_t *at = (const uint8_t *)g[REG_RIP];
	bool before;
	int32_t far;

	if (!lies_in((uintptr_t)at, (uintptr_t)gev__run_stubs,
		    (uintptr_t)gev__run_stubs_end))
		return;
	before = at[0] == 0x0f && at[1] == 0x05;
	at += before ? GEV__SYSCALL_SIZE : 0;
	if (*at != JUMP)
		return;
	gev__copy(&far, at + 1, sizeof(far));
	g[REG_RIP] = (greg_t)at + JUMP_SIZE + far -
		     (before ? GEV__SYSCALL_SIZE : 0);
}

static bool lies_on(uintptr_t sp, const stack_t *stack)
{
	uintptr_t low = (uintptr_t)stack->ss_sp;

	return !(stack->ss_flags & SS_DISABLE) && sp > low &&
	       sp <= low + stack->ss_size;
}

static uintptr_t stack_for(const struct gev__run_action *a, uintptr_t sp,
	const stack_t *stack)
{
	if (!(a->flags & SA_ONSTACK) || stack->ss_flags & SS_DISABLE ||
		lies_on(sp, stack))
		return sp - GEV__RED_ZONE;
	return (uintptr_t)stack->ss_sp + stack->ss_size;
}

static struct frame *frame_below(uintptr_t sp, size_t vectors)
{
	sp = (sp - vectors) & ~63ul;
	return (struct frame *)(((sp - sizeof(struct frame)) & ~15ul) -
				sizeof(long));
}

/*
 * Our handler of SIGSYS runs on the program's stack, right below what it
 * interrupts; the frame must not lie where that does, nor where we are now.
 */
static struct frame *place(uintptr_t sp, const ucontext_t *uc, size_t vectors)
{
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t end = (uintptr_t)uc + vectors + FRAME_SIZE;
	struct frame *f = frame_below(sp, vectors);

	if (sp < here || (uintptr_t)f >= end || gev__run_on_own_stack(here))
		return f;
	return frame_below(here - MARGIN, vectors);
}

/* The vectors may lie where they are to. */
static void fill(struct frame *f, const ucontext_t *uc, size_t size,
	const struct gev__run_signals *s, const siginfo_t *info)
{
	const uint64_t mask = s->suspended ? s->before : s->mask;
	char *vectors = (char *)(((uintptr_t)(f + 1) + 63) & ~63ul);
	ucontext_t *to = (ucontext_t *)f->uc;

	if (size && vectors != (char *)uc->uc_mcontext.fpregs)
		gev__copy(vectors, uc->uc_mcontext.fpregs, size);
	gev__copy(f->uc, uc, UC_SIZE);
	to->uc_mcontext.fpregs = size ? (fpregset_t)vectors : NULL;
	gev__copy(&to->uc_stack, &s->stack, sizeof(s->stack));
	gev__copy(&to->uc_sigmask, &mask, GEV__MASK_SIZE);
	gev__copy(&f->info, info, sizeof(*info));
}

static void enter(ucontext_t *uc, const struct gev__run_action *a, int signum,
	struct frame *f)
{
	greg_t *g = uc->uc_mcontext.gregs;

	g[REG_RAX] = 0;
	g[REG_RDI] = signum;
	g[REG_RSI] = (greg_t)&f->info;
	g[REG_RDX] = (greg_t)f->uc;
	g[REG_RSP] = (greg_t)f;
	g[REG_RIP] = (greg_t)a->handler;
	g[REG_EFL] &= ~FLAGS;
	uc->uc_mcontext.fpregs = NULL;
}

void gev__run_push(ucontext_t *uc, struct gev__run_signals *s,
	const siginfo_t *info)
{
	const int signum = info->si_signo;
	const struct gev__run_action a = *gev__run_action(signum);
	const size_t vectors = gev__run_vectors_size(uc);
	struct frame *f = place(stack_for(&a,
		(uintptr_t)uc->uc_mcontext.gregs[REG_RSP], &s->stack),
		uc, vectors);

	leave_stub(uc->uc_mcontext.gregs);
	fill(f, uc, vectors, s, info);
	f->restorer = a.restorer;
	enter(uc, &a, signum, f);
	s->suspended = false;
	gev__run_mask_set(s, s->mask | a.mask |
		(a.flags & SA_NODEFER ? 0 : GEV__SIGBIT(signum)));
	if (a.flags & SA_RESETHAND)
		gev__run_action_reset(signum);
	if (s->stack.ss_flags & AUTODISARM)
		s->stack.ss_flags = SS_DISABLE;
}

static void make_again(ucontext_t *uc, const struct gev__run_again *again)
{
	uc->uc_mcontext.gregs[REG_RAX] = again->nr;
	uc->uc_mcontext.gregs[REG_RIP] = again->at;
}

void gev__run_deliver(ucontext_t *uc, const struct gev__run_again *again)
{
	struct gev__run_signals *s = gev__run_signals_here();
	siginfo_t info;

	while (gev__run_take(s, ~s->mask, &info)) {
		switch (gev__run_fate(info.si_signo)) {
		case GEV__IGNORED:
			break;
		case GEV__DEFAULT:
			gev__run_default(info.si_signo);
			break;
		case GEV__HANDLED:
			if (again && (again->always ||
				gev__run_action(info.si_signo)->flags &
					SA_RESTART))
				make_again(uc, again);
			again = NULL;
			gev__run_push(uc, s, &info);
		}
	}
	if (s->suspended)
		gev__run_mask_set(s, s->before);
	s->suspended = false;
}

void gev__run_sigreturn(ucontext_t *uc)
{
	const ucontext_t *from =
		(const void *)uc->uc_mcontext.gregs[REG_RSP];
	struct gev__run_signals *s = gev__run_signals_here();
	uint64_t mask;

	gev__copy(&mask, &from->uc_sigmask, GEV__MASK_SIZE);
	gev__copy(&s->stack, &from->uc_stack, sizeof(s->stack));
	uc->uc_flags = from->uc_flags;
	gev__copy(&uc->uc_mcontext, &from->uc_mcontext,
		sizeof(uc->uc_mcontext));
	gev__run_mask_set(s, mask);
	gev__run_distribute();
	gev__run_deliver(uc, NULL);
}

long gev__run_sigaltstack(struct gev__run_call *c)
{
	struct gev__run_signals *s = gev__run_signals_here();
	const stack_t *wanted = (const void *)c->call.a[0];
	stack_t *old = (void *)c->call.a[1];
	bool used = lies_on((uintptr_t)c->frame, &s->stack);
	stack_t to = { .ss_flags = SS_DISABLE };

	if (!gev__run_catches)
		return GEV__PASS;
	if (wanted)
		to = *wanted;
	if (wanted && used)
		return -EPERM;
	if (wanted && (to.ss_flags & ~(int)(SS_DISABLE | SS_ONSTACK |
				      AUTODISARM)))
		return -EINVAL;
	if (wanted && !(to.ss_flags & SS_DISABLE) && to.ss_size < 2048)
		return -ENOMEM;
	if (old) {
		gev__copy(old, &s->stack, sizeof(*old));
		old->ss_flags |= used ? SS_ONSTACK : 0;
	}
	if (wanted) {
		to.ss_flags &= ~SS_ONSTACK;
		s->stack = to;
	}
	return 0;
}
