/* SPDX-License-Identifier: MIT */
/* What prctl() would say of, or do to, the one thread that the kernel has. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include "run/comm.h"
#include "run/reach.h"
#include "run/run.h"
#include "run/thread.h"

static long tid_address(int **to)
{
	struct gev__run_thread *t = gev__run_thread_here();

	if (!t)
		return GEV__PASS;
	if (!gev__run_writable(to, sizeof(*to)))
		return -EFAULT;
	*to = t->task.clear_tid;
	return 0;
}

/* Calls are sent to us: to the program that is a kernel that can't. */
static long refuse(const char *what)
{
	static const char *said;

	if (!gev__run_catches)
		return GEV__PASS;
	if (said != what)
		gev__run_say("refused, gev's own system calls would be meant "
			     "too: ", what);
	said = what;
	return -EINVAL;
}

static long refuse_filter(void)
{
	return refuse("a filter (seccomp)");
}

long gev__run_seccomp(struct gev__run_call *c)
{
	const bool sets = c->call.a[0] == SECCOMP_SET_MODE_STRICT ||
		c->call.a[0] == SECCOMP_SET_MODE_FILTER;

	return sets ? refuse_filter() : GEV__PASS;
}

long gev__run_prctl(struct gev__run_call *c)
{
	const long *a = c->call.a;

	switch ((int)a[0]) {
	case PR_SET_NAME:
		return gev__run_comm_set((const char *)a[1]);
	case PR_GET_NAME:
		return gev__run_comm_get((char *)a[1]);
	case PR_GET_TID_ADDRESS:
		return tid_address((int **)a[1]);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return refuse("Syscall User Dispatch");
	case PR_SET_SECCOMP:
		return refuse_filter();
	default:
		return GEV__PASS;
	}
}
