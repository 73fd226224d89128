/* SPDX-License-Identifier: MIT */
/*
 * How a coroutine begins that is the child of a clone(): behind the system
 * call, with the registers of the caller, on the stack it was given, with 0.
 */
#include "patch/task.h"

#if defined(__x86_64__) && !defined(GEV_SWITCH_UCONTEXT)

const char *const gev__patch_child_missing;

/* As the assembly lays it out for calls that want it all. */
struct registers {
	struct gev__patch_call call;
	const long *frame;  /* rbp, then where the call returns to */
	long rbx, r12, r13, r14, r15;
};

/* What gev__switch() pops, then what gev__patch_begin does. */
struct first {
	long r15, r14, r13, r12, rbx, rbp;
	void (*begin)(void);
	long a[6];
	long back;
};

void gev__patch_begin(void); /* x86_64.S */

void *gev__patch_child(const long *a, char *sp)
{
	const struct registers *r =
		gev__container(a, struct registers, call.a);
	struct first *f = (struct first *)sp - 1;

	f->r15 = r->r15;
	f->r14 = r->r14;
	f->r13 = r->r13;
	f->r12 = r->r12;
	f->rbx = r->rbx;
	f->rbp = r->frame[0];
	f->begin = gev__patch_begin;
	for (int i = 0; i < 6; i++)
		f->a[i] = a[i];
	f->back = r->frame[1];
	return f;
}

#else

const char *const gev__patch_child_missing = "not on this CPU yet";

void *gev__patch_child(const long *a, char *sp)
{
	(void)a;
	(void)sp;
	return NULL;
}

#endif
