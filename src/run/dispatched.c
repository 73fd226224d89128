/* SPDX-License-Identifier: MIT */
/*
 * Calls that were not rewritten: the kernel's Syscall User Dispatch sends a
 * SIGSYS for each that is made from elsewhere than our own code.
 *
 * The handler makes the call and returns, so that all registers, the vectors'
 * too, are as they were but for the result.  A greenlet that waits does so in
 * the handler, on its own stack (frame.c): the handler's mask is that of what
 * it interrupts.
 *
 * Calls that end on another stack than they began on can't be made from here.
 * They are made where they came from, with catching off until the next call
 * that comes our way (in dispatch.c).
 */
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <ucontext.h>
#include "base/signal.h"
#include "core/hub.h"
#include "run/call.h"
#include "run/engine.h"
#include "run/preempt.h"
#include "run/run.h"
#include "run/signals.h"
#include "switch/stack.h"

#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#define SYS_USER_DISPATCH 2 /* si_code */
#define RESUME_FLAG 0x10000 /* of the debugger's */
#define TICK_STACK 32768ul

bool gev__run_catches;
volatile unsigned char gev__run_catching;
unsigned long gev__run_trapped[GEV__PATCH_CALLS];

static void read_call(struct gev__run_call *c, const greg_t *g,
	const long frame[2])
{
	c->call.nr = g[REG_RAX];
	c->call.a[0] = g[REG_RDI];
	c->call.a[1] = g[REG_RSI];
	c->call.a[2] = g[REG_RDX];
	c->call.a[3] = g[REG_R10];
	c->call.a[4] = g[REG_R8];
	c->call.a[5] = g[REG_R9];
	c->frame = frame;
	c->rbx = g[REG_RBX];
	c->r12 = g[REG_R12];
	c->r13 = g[REG_R13];
	c->r14 = g[REG_R14];
	c->r15 = g[REG_R15];
}

static bool changes_stack(const struct gev__run_call *c)
{
	const struct clone_args *args = (const void *)c->call.a[0];

	switch (c->call.nr) {
	case SYS_vfork:
		return true;
	case SYS_clone:
		return c->call.a[0] & CLONE_VM || c->call.a[1];
	case SYS_clone3:
		return args->flags & CLONE_VM || args->stack;
	default:
		return false;
	}
}

static void make_there(greg_t *g)
{
	gev__run_catching = false;
	gev__run_credit = 0;
	g[REG_RIP] -= GEV__SYSCALL_SIZE;
}

__attribute__((noinline)) long gev__run_pass(const struct gev__run_call *c)
{
	const long *a = c->call.a;
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long r;

	__asm__ volatile(".globl gev__run_pass_at\n"
			 ".hidden gev__run_pass_at\n"
			 "gev__run_pass_at: syscall"
			 : "=a"(r)
			 : "a"(c->call.nr), "D"(a[0]), "S"(a[1]), "d"(a[2]),
			 "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

/*
 * A SIGSYS is pending once.  If that of a timer is, when the program makes a
 * call, the kernel sends none for the call, and does not make it either: then
 * registers are as the instruction leaves them.  After a call that was made they
 * are not (make_call).
 */
void gev__run_make_skipped(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	const uintptr_t at = (uintptr_t)g[REG_RIP];
	uintptr_t start, end;

	gev__run_own_text(&start, &end);
	if (!gev__run_catching || g[REG_RCX] != g[REG_RIP] ||
		(g[REG_R11] ^ g[REG_EFL]) & ~(greg_t)RESUME_FLAG ||
		(at >= start && at < end))
		return;
	g[REG_RIP] -= GEV__SYSCALL_SIZE;
}

static void make_call(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	const long frame[2] = { g[REG_RBP], g[REG_RIP] };
	struct gev__patch_answer answer;
	struct gev__run_call c;

	read_call(&c, g, frame);
	g[REG_RCX] = 0;
	answer = gev__run_dispatch(&c);
	if (!answer.pass)
		g[REG_RAX] = answer.result;
	else if (changes_stack(&c))
		make_there(g);
	else
		g[REG_RAX] = gev__run_pass(&c);
	if (gev__run_due)
		gev__run_leave_dispatched(uc, &c);
}

/* Where who waits does so. */
static void on_call(ucontext_t *uc, siginfo_t *info, void *unused)
{
	(void)info;
	(void)unused;
	make_call(uc);
	gev__run_mask_tell(uc);
}

static void take_call(const struct gev__run_frame *f)
{
	const greg_t *g = f->uc->uc_mcontext.gregs;
	const unsigned long nr = (unsigned long)g[REG_RAX];

	if (nr < GEV__PATCH_CALLS)
		gev__run_trapped[nr]++;
	if (nr == SYS_rt_sigreturn) {
		gev__run_sigreturn(f->uc);
		gev__run_mask_tell(f->uc);
	} else {
		gev__run_go_on_below((uintptr_t)g[REG_RSP] - GEV__RED_ZONE, f,
			on_call, NULL);
	}
}

static void on_tick(ucontext_t *uc, siginfo_t *info, void *stack)
{
	(void)info;
	gev__run_tick(&uc->uc_mcontext);
	gev__run_ticked(uc);
	gev__run_mask_tell(uc);
	/*
	 * While we run on it: nobody else does anything before we have left,
	 * and who interrupts us takes none (take_tick).
	 */
	gev__stack_give(stack);
}

/* Natively nothing would come to its stack, so it gets one for the time. */
static void take_tick(const struct gev__run_frame *f)
{
	struct gev__thread *t = gev__hub_here()->thread;
	struct gev__stack *stack;

	gev__run_tick_came(f->info);
	if (!gev__run_in_program(f->uc))
		return;
	stack = gev__stack_take(
		gev__stack_class_of(&t->stacks, TICK_STACK, false));
	if (stack)
		gev__run_go_on_below((uintptr_t)gev__stack_block(stack), f,
			on_tick, stack);
}

/* What only interrupts us leaves all signals blocked if they are (arrive.c). */
static void on_sigsys(int signum, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const struct gev__run_frame f = { info, uc };

	(void)signum;
	if (info->si_code != SYS_USER_DISPATCH)
		gev__run_make_skipped(uc);
	if (gev__run_is_tick(info))
		take_tick(&f);
	if (info->si_code == SI_USER)
		gev__run_stats_asked();
	if (info->si_code == SI_TKILL) {
		gev__run_left(uc);
		gev__run_mask_tell(uc);
	}
	if (info->si_code == SYS_USER_DISPATCH)
		take_call(&f);
}

long gev__run_dispatch_on(void)
{
	const struct sigaction action = { .sa_sigaction = on_sigsys,
		.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | SA_ONSTACK };
	const unsigned long blocked = GEV__SIGBIT(SIGSYS);
	uintptr_t start, end;
	long r;

	gev__run_own_text(&start, &end);
	r = gev__sigaction(SIGSYS, &action, NULL);
	if (r == 0)
		r = gev__sys(SYS_rt_sigprocmask, SIG_UNBLOCK, &blocked, NULL,
			GEV__MASK_SIZE);
	if (r == 0)
		r = gev__sys(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH,
			PR_SYS_DISPATCH_ON, start, end - start,
			&gev__run_catching);
	gev__run_catching = gev__run_catches = r == 0;
	return r;
}
