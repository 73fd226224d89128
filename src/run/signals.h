/* SPDX-License-Identifier: MIT */
/*
 * Signals of the program.
 *
 * To the kernel all its threads are one, whose mask is what all of them block
 * (mask.c).  A signal that has a handler comes to a handler of ours (arrive.c),
 * which finds the thread that it is for: the one it was sent to, else the first
 * that does not block it.  That is told: a call it waits in ends with EINTR.
 * The program's handler runs as soon as the thread is in code of its own, on a
 * frame that is made the way the kernel makes it (deliver.c): so whoever looks
 * at that, returns from it or jumps out of it finds what he is used to.
 *
 * All of this begins with the second thread.
 */
#ifndef GEV_RUN_SIGNAL_H
#define GEV_RUN_SIGNAL_H

#include <signal.h>
#include <ucontext.h>
#include "base/list.h"
#include "run/call.h"

#define GEV__SIGNALS 64
#define GEV__MASK_SIZE 8
#define GEV__SIGBIT(signum) (1ul << ((signum) - 1))

/*
 * What the kernel never blocks, so that it comes to us: calls of the program,
 * and faults in reading what they are about (reach.h).
 */
#define GEV__FAULTS (GEV__SIGBIT(SIGSEGV) | GEV__SIGBIT(SIGBUS))
#define GEV__UNBLOCKED (GEV__SIGBIT(SIGSYS) | GEV__FAULTS)

/* As the kernel has it. */
struct gev__run_action {
	void (*handler)(int signum);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

struct gev__run_pending;

struct gev__run_queue {
	struct gev__run_pending *first;
	uint64_t set;
};

/* A thread's. */
struct gev__run_signals {
	struct gev_list node;        /* in gev__run_living, the first's first */
	gev_coro *coro;              /* NULL: the first's */
	int tid;
	uint64_t mask;
	uint64_t before;             /* sigsuspend() and the like: the mask */
	bool suspended;              /* to be restored */
	uint64_t waits_for;          /* in sigwait() */
	stack_t stack;
	struct gev__run_queue queue;
};

extern struct gev_list gev__run_living;
extern struct gev__run_signals gev__run_first;

/* Something came, or waits to be unblocked: x86_64.S looks. */
extern volatile unsigned char gev__run_due;

/* The calling thread's. */
struct gev__run_signals *gev__run_signals_here(void);

/* signal.c: from now on, with what the program has set up. */
void gev__run_signals_begin(void);

/* What a signal does. */
enum gev__run_fate { GEV__HANDLED, GEV__IGNORED, GEV__DEFAULT };
enum gev__run_fate gev__run_fate(int signum);
const struct gev__run_action *gev__run_action(int signum);
void gev__run_action_reset(int signum);

/* The kernel is to do what it does by default from now on. */
void gev__run_give_back(int signum);

/*
 * The kernel is to ignore itself what the program does by us: which.  Those are
 * to come to us again.
 */
uint64_t gev__run_ignore(void);
void gev__run_heed(uint64_t ignored);

/* The default: the kernel's, which may be the end.  */
void gev__run_default(int signum);

/* It comes to us, whatever the program wants of it. */
void gev__run_hook(int signum);

/* Whether @at lies where our handlers begin. */
bool gev__run_on_own_stack(uintptr_t at);

/* mask.c: a thread of the list.  What the kernel is to block. */
void gev__run_signals_join(struct gev__run_signals *s,
	const struct gev__run_signals *maker);
void gev__run_signals_leave(struct gev__run_signals *s);
void gev__run_signals_forked(const struct gev__run_signals *s);
void gev__run_mask_set(struct gev__run_signals *s, uint64_t mask);
void gev__run_mask_apply(void);

/* All but SIGSYS, until that. */
void gev__run_mask_block(void);

/* It blocks @mask, a program's that is executed; it could not be. */
void gev__run_mask_lend(uint64_t mask);
void gev__run_mask_back(void);

/* In @uc, when that is returned to; or until the next time all but SIGSYS. */
void gev__run_mask_tell(ucontext_t *uc);
void gev__run_mask_all(ucontext_t *uc);

/* arrive.c: the handler of all signals. */
void gev__run_on_signal(int signum, siginfo_t *info, void *context);

/* Hands out what came while nothing could be done about it. */
void gev__run_distribute(void);

/* In the child of a fork: it came to the parent. */
void gev__run_forget(void);

/* queue.c: @info to @to, or to any thread (NULL). */
void gev__run_send(const siginfo_t *info, struct gev__run_signals *to);

/* What came for any thread, and was given to @s who does not want it any more. */
void gev__run_hand_on(struct gev__run_signals *s);

/* Takes the first of @set that is pending for @s. */
bool gev__run_take(struct gev__run_signals *s, uint64_t set, siginfo_t *info);
uint64_t gev__run_pending(const struct gev__run_signals *s);
void gev__run_drop(struct gev__run_queue *queue, uint64_t set);
extern struct gev__run_queue gev__run_shared;
extern unsigned gev__run_waiting; /* in all queues */

static inline bool gev__run_deliverable(const struct gev__run_signals *s)
{
	return gev__run_pending(s) & ~s->mask;
}

/*
 * sigwait.c: @call as the rest of @c, with the thread's mask another meanwhile.
 */
long gev__run_masked(struct gev__run_call *c, const uint64_t *mask,
	gev__run_handler *call);

/* direct.c: the thread with that id; the thread whose timer it is, or NULL. */
struct gev__run_signals *gev__run_find(long tid);
struct gev__run_signals *gev__run_timer_owner(const siginfo_t *info);

/*
 * deliver.c: has @uc, in which the program was interrupted, go on in handlers.
 * If @again is not NULL it was in a call that may be made again: from there,
 * with that number.
 */
struct gev__run_again {
	long at;
	long nr;
	bool always;            /* or as SA_RESTART has it */
};
void gev__run_deliver(ucontext_t *uc, const struct gev__run_again *again);

/*
 * frame.c: has @handle go on below @sp, when called by a handler of ours that
 * has @f on a stack of our own; it returns to what was interrupted.
 */
struct gev__run_frame {
	siginfo_t *info;
	ucontext_t *uc;
};
typedef void gev__run_handle(ucontext_t *uc, siginfo_t *info, void *arg);
_Noreturn void gev__run_go_on_below(uintptr_t sp,
	const struct gev__run_frame *f, gev__run_handle *handle, void *arg);

/* Of the vectors' registers in @uc, in bytes. */
size_t gev__run_vectors_size(const ucontext_t *uc);

/* One, whether it is blocked or not. */
void gev__run_push(ucontext_t *uc, struct gev__run_signals *s,
	const siginfo_t *info);

/* Whether it was the program that was interrupted, and nothing of ours. */
bool gev__run_in_program(const ucontext_t *uc);

/* A handler returns. */
void gev__run_sigreturn(ucontext_t *uc);

/* leave.c: the rest of a call if there is something due. */
struct gev__patch_answer gev__run_leave(struct gev__run_call *c, long result,
	long pass);
void gev__run_left(ucontext_t *uc);

/* The same where @uc is that of the call. */
void gev__run_leave_dispatched(ucontext_t *uc, const struct gev__run_call *c);

/* The same for a thread that was interrupted, and goes on. */
void gev__run_ticked(ucontext_t *uc);

/* dispatched.c: has a call made that the kernel has skipped, if that is so. */
void gev__run_make_skipped(ucontext_t *uc);

/*
 * dispatched.c: makes a call of the program.  When a signal comes that the
 * kernel would have it made again after, our handler has it end like this.
 */
#define GEV__RESTART 512
long gev__run_pass(const struct gev__run_call *c);
extern const char gev__run_pass_at[];

/*
 * Whether call @c, which was interrupted, is made again after a handler that
 * has SA_RESTART; or after any.
 */
bool gev__run_restarts(const struct gev__run_call *c);
bool gev__run_always_restarts(const struct gev__run_call *c);

#endif
