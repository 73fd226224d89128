/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include "tool/examine.h"
#include "tool/tool.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#endif

/* Off is what it is; a kernel or CPU without says EINVAL. */
static bool dispatches(void)
{
	return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0,
		       0) == 0;
}

void gev__examine_kernel(struct gev__findings *f)
{
	struct utsname name;

	if (uname(&name) < 0)
		strcpy(name.release, "?");
	if (dispatches())
		gev__found(f, "kernel", GEV__FINE,
			"%s, with Syscall User Dispatch", name.release);
	else
		gev__found_bad(f, "kernel", GEV__REFUSED,
			"%s lacks Syscall User Dispatch (Linux 5.11, x86-64)",
			name.release);
}
