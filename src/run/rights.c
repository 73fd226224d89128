/* SPDX-License-Identifier: MIT */
/*
 * Rights and namespaces are each thread's own in Linux, and libc changes them
 * for all threads, one after the other.  A thread that does so by itself means
 * itself alone; but there is one for the kernel, and others would act with
 * rights that are not theirs.  So it may not.
 */
#include <errno.h>
#include "run/call.h"
#include "run/engine.h"
#include "run/rights.h"

/* More than there is of syscall(3). */
#define FUNCTION_SIZE 64

uintptr_t gev__run_any_call;

/* It is libc that makes the call, and not for whom it may be. */
static bool is_for_all(const struct gev__run_call *c)
{
	const uintptr_t at = (uintptr_t)c->frame[1];

	return gev__object_has_text(&gev__run_engine_sites()->object, at) &&
	       at - gev__run_any_call >= FUNCTION_SIZE;
}

static bool changes(const struct gev__run_call *c, long nr)
{
	unsigned now[3];

	gev__sys(nr, &now[0], &now[1], &now[2]);
	for (int i = 0; i < 3; i++)
		if ((int)c->call.a[i] != -1 &&
			(unsigned)c->call.a[i] != now[i])
			return true;
	return false;
}

long gev__run_set_rights(struct gev__run_call *c)
{
	return is_for_all(c) ? GEV__PASS : -EPERM;
}

long gev__run_setresuid(struct gev__run_call *c)
{
	return changes(c, SYS_getresuid) ? gev__run_set_rights(c) : GEV__PASS;
}

long gev__run_setresgid(struct gev__run_call *c)
{
	return changes(c, SYS_getresgid) ? gev__run_set_rights(c) : GEV__PASS;
}

/* Which libc does for one thread as well.  What it is now is said. */
long gev__run_setfs(struct gev__run_call *c)
{
	return gev__sys(c->call.nr, -1L);
}

long gev__run_unshare(struct gev__run_call *c)
{
	(void)c;
	return -EPERM;
}
