/* SPDX-License-Identifier: MIT */
/* What prctl() would say of, or do to, the one thread that the kernel has. */
#include <errno.h>
#include <sys/prctl.h>
#include "run/reach.h"
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
long gev__run_prctl(struct gev__run_call *c)
{
	const long *a = c->call.a;

	switch ((int)a[0]) {
	case PR_GET_TID_ADDRESS:
		return tid_address((int **)a[1]);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return gev__run_catches ? -EINVAL : GEV__PASS;
	default:
		return GEV__PASS;
	}
}
