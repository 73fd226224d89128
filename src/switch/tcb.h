/* SPDX-License-Identifier: MIT */
/*
 * Who a coroutine is to libc: the thread control block that the CPU's thread
 * pointer points to, where errno, __thread variables, the owner of stdio's
 * locks and much else belong to.
 *
 * Usually that is the thread's own.  After gev_patch_all() greenlets get one
 * each (patch/identity.c makes them), which lies at the top of their stack and
 * stays with it in the pool:
 *
 *	low                                                            high
 *	| guard | ... stack | libc's first frames | TCB | block | ...
 *	                    `-- top
 */
#ifndef GEV_SWITCH_TCB_H
#define GEV_SWITCH_TCB_H

#include <stdbool.h>
#include <stdint.h>
#include "base/sys.h"

struct gev__stack;

struct gev__tcb {
	uintptr_t tls;   /* the thread pointer */
	int *errno_at;   /* the errno that goes with it */
	char *top;       /* a greenlet's frames begin below this */
	bool masks;      /* it blocks other signals than the thread does */
	uint64_t mask;   /* which, then; of the thread's own: what it does */
};

/* What patch/ provides as soon as there may be such stacks. */
struct gev__identity {
	/* Gives a stack one.  0 or -errno. */
	int (*make)(struct gev__stack *s);

	/* Ends that of a stack on which nobody will run any more.  False: it
	 * is ending already and can't be hurried; its memory has to stay. */
	bool (*end)(struct gev__stack *s);

	/* Whether the calling coroutine leaves nothing behind in its own. */
	bool (*is_clean)(void);

	/* Ends that of the calling coroutine, which may wait meanwhile, and
	 * then goes on in gev__greenlet_finish(). */
	void (*leave)(void);

	/* In a child of fork(): the calling one is the thread's own now, and
	 * all others are forgotten. */
	void (*forked)(void);
};

/* NULL until then. */
extern const struct gev__identity *gev__identity;

/* Whether greenlets that are made now get one. */
extern bool gev__identity_on;

/* Whether a process may set its thread pointer itself. */
extern bool gev__tls_settable;

#if defined(__x86_64__)

/* The first word it points to points to itself. */
static inline uintptr_t gev__tls(void)
{
	uintptr_t tls;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(tls));
	return tls;
}

/* No call: whoever switches would have to save his registers for it. */
static inline void gev__tls_set(uintptr_t tls)
{
	if (__builtin_expect(gev__tls_settable, 1))
		__asm__ volatile("wrfsbase %0" : : "r"(tls) : "memory");
	else
		gev__sys_raw(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */,
			(long)tls, 0, 0, 0, 0);
}

#elif defined(__aarch64__)

static inline uintptr_t gev__tls(void)
{
	uintptr_t tls;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(tls));
	return tls;
}

static inline void gev__tls_set(uintptr_t tls)
{
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(tls) : "memory");
}

#else

/* There is but one for each thread. */
static inline uintptr_t gev__tls(void)
{
	return 0;
}

static inline void gev__tls_set(uintptr_t tls)
{
	(void)tls;
}

#endif

#endif
