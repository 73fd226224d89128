/* SPDX-License-Identifier: MIT */
/*
 * Another program in this process, or in a child that has borrowed our memory:
 * it has the mask of the thread that executes it, the signals that the program
 * ignores, and is told what we were told (follow.h).
 */
#include <errno.h>
#include "calls/descriptor.h"
#include "run/follow.h"
#include "run/signals.h"

/* The child has set its mask, which is its own. */
static bool masked;

long gev__run_vfork(struct gev__run_call *c)
{
	(void)c;
	masked = false;
	gev__fd_families++;
	return GEV__PASS;
}

long gev__run_sigprocmask_borrowed(struct gev__run_call *c)
{
	masked = masked || c->call.a[1];
	return GEV__PASS;
}

/* Signals that the kernel ignores for the time. */
static uint64_t prepare(bool keeps_mask)
{
	if (!gev__run_catches)
		return 0;
	if (!keeps_mask)
		gev__run_mask_lend(gev__run_signals_here()->mask);
	return gev__run_ignore();
}

static void go_on(bool keeps_mask, uint64_t ignored)
{
	if (!gev__run_catches)
		return;
	gev__run_heed(ignored);
	if (!keeps_mask)
		gev__run_mask_back();
}

static long execute(const struct gev__run_call *c, char **env)
{
	const long *a = c->call.a;

	return c->call.nr == SYS_execve ?
		       gev__sys(SYS_execve, a[0], a[1], env) :
		       gev__sys(SYS_execveat, a[0], a[1], a[2], env, a[4]);
}

/* If it is too much with what we add, it goes on without us, as natively. */
long gev__run_exec(struct gev__run_call *c)
{
	const bool keeps_mask = masked && gev__patch_in_vfork();
	char **own = (char **)c->call.a[c->call.nr == SYS_execve ? 2 : 3];
	char **told = gev__run_tell(own);
	const uint64_t ignored = prepare(keeps_mask);
	long r = execute(c, told);

	if (r == -E2BIG && told != own)
		r = execute(c, own);
	go_on(keeps_mask, ignored);
	return r;
}
