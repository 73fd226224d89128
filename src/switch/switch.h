/* SPDX-License-Identifier: MIT */
/*
 * Coroutines as the layers above see them: struct gev_coro, the bare switch,
 * and the calling thread's state.
 *
 * A coroutine lies at the top of its own stack (root coroutines excepted):
 * one page serves both.
 *
 *	low                                                      high
 *	| guard | ................ stack grows down ... | gev_coro + owner |
 *
 * Every switch goes through gev__coro_jump().  gev_coro_switch() and
 * gev_coro_throw() (coro.c) are the raw public layer on it; core/ is the other
 * user, and marks those it schedules as GEV__CORO_SCHEDULED so that the raw
 * layer keeps its hands off them.
 */
#ifndef GEV_SWITCH_SWITCH_H
#define GEV_SWITCH_SWITCH_H

#include <stdatomic.h>
#include <gev/coro.h>
#include "base/host.h"
#include "base/list.h"
#include "switch/fiber.h"
#include "switch/stack.h"
#include "switch/tcb.h"

enum gev__coro_state {
	GEV__CORO_NEW,       /* was never switched to */
	GEV__CORO_RUNNING,   /* is the thread's current one */
	GEV__CORO_SUSPENDED, /* waits in gev_coro_switch() */
	GEV__CORO_SCHEDULED, /* parked or ready: core/ alone resumes it */
	GEV__CORO_DEAD,
};

/* What a switch touches comes first and fills one cache line. */
struct gev_coro {
	void *sp;                  /* saved stack pointer, while not running */
	int saved_errno;           /* likewise */
	int state;                 /* enum gev__coro_state */
	void *value;               /* what gev__coro_jump() to it returns */
	int thrown;                /* code of the throw that resumed it, or 0 */
	uint8_t pending;           /* core/: why its next wait is to fail */
	struct gev__tcb *tcb;      /* who it is to libc, from first to last */
	struct gev_waiter *waiter; /* core/: where it is parked, or NULL */
	gev_greenlet *greenlet;    /* core/: the greenlet it is, or NULL */
	struct gev__thread *thread;
	struct gev_list *timeouts; /* core/: the armed ones, the last first */

	uint64_t serial;           /* of the thread's: no other ever has it */
	gev_coro *parent;          /* NULL: a root */
	gev_coro *reaper;          /* waits in gev_coro_free() for its end */
	struct gev_list children;  /* whose parent it is */
	struct gev_list sibling;   /* in its parent's children */
	gev_coro_fn *fn;
	void (*entry)(gev_coro *self);
	struct gev__stack *stack;  /* NULL: a root, the stack isn't ours */
};

/* One per thread that uses coroutines; lives until the thread ends. */
struct gev__thread {
	gev_coro *current;
	int *errno_at;             /* that of current->tcb, which comes next */
	struct gev__tcb *tcb;
	struct gev_hub *hub;       /* core/: NULL if it has none */
	gev_coro *scheduler;       /* core/: the hub's coroutine, or NULL */
	gev_coro *main;            /* core/: the root, or which one forked */
	gev_loop *loop;            /* core/: kept from one hub to the next */
	uint64_t serials;          /* how many were given */
	gev_coro_trace_fn *trace;
	void *trace_arg;
	bool shadow_stack;         /* the CPU keeps one: we can't switch */
	void *signal_stack;        /* its alternate one, if it is from us */
	void *fiber;               /* what fiber.c knows of the root's stack */
	struct gev__task *making;  /* patch/: whose clone() is to come */
	struct gev__tcb own;       /* who the thread is to libc */
	gev_coro root;
	struct gev__stack_pool stacks;
};

extern _Thread_local struct gev__thread *gev__thread
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The calling thread's state, made if there is none; NULL: -ENOMEM. */
struct gev__thread *gev__thread_get(void);

/* Gives all of it back (stacks too).  Called by its root, hub gone. */
void gev__thread_free(void);

/* Sets all of it: NEW, and what is not known yet is zero or NULL. */
void gev__coro_init(gev_coro *c, struct gev__thread *t);

/*
 * Makes a coroutine of this thread on a pooled stack, without a parent; with
 * @full, on one that has a TCB of its own.
 * Behind the struct gev_coro @extra bytes are left, as they are, for the
 * caller (core/ puts the greenlet there).  The fields marked core/ are zero.
 * @entry is called with the coroutine on its own stack at the first switch and
 * must never return.  NULL with *error = -EINVAL, -ENOMEM, -ENOTSUP.
 */
gev_coro *gev__coro_make(struct gev__thread *t, size_t stack_size,
	bool full, size_t extra, void (*entry)(gev_coro *self), int *error);

/*
 * Gives a coroutine that is NEW or DEAD and not running back to the pool.  Its
 * children become its parent's.
 */
void gev__coro_drop(gev_coro *c);

/* The name of a coroutine for the report of an overflow, or NULL.  For core/
 * to set; runs in a signal handler. */
extern const char *(*_Atomic gev__stack_name)(const gev_coro *c);

/*
 * The switch.  Saves the callee-saved registers on the current stack, stores
 * the stack pointer in *from_sp, takes to_sp and what was saved there.
 * Returns @value in the coroutine that goes on.  Assembly, ends in pop+jmp.
 */
void *gev__switch(void **from_sp, void *to_sp, void *value);

/* The same, for a caller that goes on afterwards instead of returning at once
 * what this returns. */
void *gev__switch_call(void **from_sp, void *to_sp, void *value);

/* The stack pointer for the first switch to @self, which will call @entry. */
void *gev__switch_frame(void *top, void (*entry)(gev_coro *self),
	gev_coro *self);

/* The rest of a jump if there is a trace hook.  A call of its own, so that
 * nothing has to be saved for it in those who jump. */
void *gev__coro_jump_traced(struct gev__thread *t, gev_coro *from,
	gev_coro *to) __attribute__((cold, noinline));

/* gev__switch(), with the sanitizers told if there are any. */
static inline __attribute__((always_inline)) void *gev__coro_swap(
	gev_coro *from, gev_coro *to)
{
#if GEV__FIBERS
	return gev__fiber_switch(from, to);
#else
	return gev__switch(&from->sp, to->sp, to->value);
#endif
}

/* What @tcb blocks is kept there while it is not in force. */
static inline uint64_t *gev__tcb_mask(struct gev__thread *t,
	struct gev__tcb *tcb)
{
	return tcb->masks ? &tcb->mask : &t->own.mask;
}

/* The signals that the next one blocks.  No call, as in gev__tls_set(). */
static inline __attribute__((always_inline)) void gev__tcb_block(
	struct gev__thread *t, struct gev__tcb *tcb)
{
	gev__sys_raw(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */,
		(long)gev__tcb_mask(t, tcb), (long)gev__tcb_mask(t, t->tcb),
		sizeof(tcb->mask), 0, 0);
}

/* What comes now is done by another, as libc sees it. */
static inline __attribute__((always_inline)) void gev__tcb_load(
	struct gev__thread *t, struct gev__tcb *tcb)
{
	if (__builtin_expect(t->tcb->masks || tcb->masks, 0))
		gev__tcb_block(t, tcb);
	t->tcb = tcb;
	t->errno_at = tcb->errno_at;
	gev__tls_set(tcb->tls);
}

/*
 * All of a switch but the jump itself: keeps errno, makes @to current.  The
 * caller has set the state of the one that is left, which is returned; @to
 * becomes RUNNING.  From here to the jump the one that is left already has the
 * other's __thread variables.
 */
static inline __attribute__((always_inline)) gev_coro *gev__coro_turn(
	struct gev__thread *t, gev_coro *to)
{
	gev_coro *from = t->current;

	from->saved_errno = *t->errno_at;
	if (__builtin_expect(to->tcb != t->tcb, 0))
		gev__tcb_load(t, to->tcb);
	*t->errno_at = to->saved_errno;
	to->state = GEV__CORO_RUNNING;
	t->current = to;
	return from;
}

/*
 * Goes from the current coroutine to @to, telling the trace hook.  Inlined so
 * that gev__switch() stands in tail position of the function that blocks.
 */
static inline __attribute__((always_inline)) void *gev__coro_jump(
	struct gev__thread *t, gev_coro *to)
{
	gev_coro *from = gev__coro_turn(t, to);

	if (__builtin_expect(t->trace != NULL, 0))
		return gev__coro_jump_traced(t, from, to);
	return gev__coro_swap(from, to);
}

/* The same for a function that goes on afterwards. */
static inline __attribute__((always_inline)) void gev__coro_call(
	struct gev__thread *t, gev_coro *to)
{
	gev_coro *from = gev__coro_turn(t, to);

	if (__builtin_expect(t->trace != NULL, 0))
		gev__coro_jump_traced(t, from, to);
	else
#if GEV__FIBERS
		gev__fiber_switch(from, to);
#else
		gev__switch_call(&from->sp, to->sp, to->value);
#endif
}

#if !GEV__FIBERS
/*
 * The same for a function that returns an int: to convert what a call returns
 * would cost it the tail position.
 */
int gev__switch_int(void **from_sp, void *to_sp, void *value)
	__asm__("gev__switch");
int gev__coro_jump_traced_int(struct gev__thread *t, gev_coro *from,
	gev_coro *to) __asm__("gev__coro_jump_traced");
#endif

static inline __attribute__((always_inline)) int gev__coro_jump_int(
	struct gev__thread *t, gev_coro *to)
{
#if GEV__FIBERS
	return (int)(intptr_t)gev__coro_jump(t, to);
#else
	gev_coro *from = gev__coro_turn(t, to);

	if (__builtin_expect(t->trace != NULL, 0))
		return gev__coro_jump_traced_int(t, from, to);
	return gev__switch_int(&from->sp, to->sp, to->value);
#endif
}

#endif
