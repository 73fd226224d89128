/* SPDX-License-Identifier: MIT */
/*
 * A thread that only libc knows of: to the kernel it is the one that runs the
 * hub.  What the kernel would keep for it is kept here.
 *
 * libc makes it as it makes any, with a TCB on the stack that it was given; of
 * its clone() we make a coroutine (gev__task_clone), and what it does until
 * home() in identity.c parks is done on a visit.  From then on greenlets run
 * on that stack below home's frame, one after the other.  To end the thread
 * home() returns, or a greenlet goes to where it would; what libc then does
 * ends in exit(), which comes back to us.
 */
#ifndef GEV_PATCH_TASK_H
#define GEV_PATCH_TASK_H

#include "patch/dispatch.h"
#include "switch/tcb.h"

struct gev__task {
	struct gev__tcb tcb;   /* first */
	gev_coro coro;         /* does what libc does at begin and end */
	gev_coro *visitor;     /* whom it goes back to */
	char *low;             /* its stack lies from here to this struct */
	int tid;
	bool ending;           /* home() has returned, or is to */
	bool keeps_mask;       /* what signals it blocks is its own business */
	bool has_mask;         /* mask is valid */
	int *clear_tid;        /* to be 0 at the end, or NULL */
	void *robust;          /* set_robust_list() */
	size_t robust_size;
	uint64_t mask;         /* the thread's signal mask before the end */
};

/* The calling coroutine's; NULL: it is the thread itself. */
static inline struct gev__task *gev__task_here(void)
{
	struct gev__thread *t = gev__thread;

	if (!t || t->tcb == &t->own)
		return NULL;
	return (struct gev__task *)t->tcb;
}

/* Goes to where it parked, or begins, and comes back when it parks or ends. */
void gev__task_visit(struct gev__task *task);

/* The other way. */
void gev__task_return(struct gev__task *task);

/* The end of the visited or calling one. */
_Noreturn void gev__task_exit(struct gev__task *task);

/*
 * robust.c: whether it holds a robust mutex; and what the kernel does about such
 * at a thread's end.
 */
bool gev__task_has_locks(const struct gev__task *task);
void gev__task_drop_locks(const struct gev__task *task);

/* In a child of fork(): the calling one is the thread itself now. */
void gev__task_adopt(struct gev__task *task);

/* What a clone() asks for. */
struct gev__task_args {
	uint64_t flags;
	int *parent_tid;
	int *child_tid;
	uintptr_t tls;
	char *sp;              /* where its stack begins */
};

/*
 * What clone() does, for @task, whose tid is set: gev__task_visit() will have
 * it go on behind the system call whose arguments @a are.  Its tid.
 */
long gev__task_clone(struct gev__task *task, const struct gev__task_args *args,
	const long a[6]);

/* Where clone() has these among its arguments. */
#if defined(__x86_64__)
#define GEV__CLONE_CHILD_TID 3
#define GEV__CLONE_TLS 4
#else
#define GEV__CLONE_CHILD_TID 4
#define GEV__CLONE_TLS 3
#endif

/* child.c: the stack pointer for that first switch, below @sp. */
void *gev__patch_child(const long *a, char *sp);

/* Why there can be none on this CPU, or NULL. */
extern const char *const gev__patch_child_missing;

/*
 * Thread ids that the kernel never gives, each for a thread it knows.
 * gev__tid_take() returns one for the calling thread, 0: no memory.
 * gev__tid_real() returns whose it is, or @tid if it is none of ours; or -ESRCH.
 */
int gev__tid_take(void);
void gev__tid_give(int tid);
long gev__tid_real(long tid);

/*
 * Such a thread is to be cancelled (cancel.c).  gev__tid_mark() returns what
 * gev__tid_real() does.
 */
long gev__tid_mark(long tid);
void gev__tid_unmark(int tid);
bool gev__tid_is_marked(int tid);

/* How many are taken. */
int gev__tid_count(void);

/* In a child of fork(): they were all the parent's. */
void gev__tid_forked(void);

#endif
