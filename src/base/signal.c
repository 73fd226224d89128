/* SPDX-License-Identifier: MIT */
#include "base/signal.h"
#include <sys/wait.h>
#include "base/mem.h"
#include "base/sys.h"

#if defined(__x86_64__) || defined(__aarch64__)

#define MASK_BYTES 8

#if defined(__x86_64__)

void gev__sigaction_return(void);

/*
 * Unwinders know it by these very bytes, and look at the one before; gdb by
 * them and its name.
 */
__asm__(".text\n"
	".globl gev__sigaction_return\n"
	".hidden gev__sigaction_return\n"
	".type gev__sigaction_return, @function\n"
	"nop\n"
	"gev__sigaction_return:\n"
	"	mov $15, %rax\n"
	"	syscall\n"
	".size gev__sigaction_return, . - gev__sigaction_return\n");

#else /* the vDSO has one: this is never called */

static void gev__sigaction_return(void)
{
}
#endif

bool gev__is_own_handler(const struct gev__sigaction *action)
{
	return action->restorer == gev__sigaction_return;
}

long gev__sigaction(int signum, const struct sigaction *action,
	struct sigaction *old)
{
	struct gev__sigaction to, from;
	long r;

	if (action) {
		to.handler = action->sa_handler;
		to.flags = (unsigned)action->sa_flags | GEV__SA_RESTORER;
		to.restorer = action->sa_restorer;
		if (!to.restorer)
			to.restorer = gev__sigaction_return;
		gev__copy(&to.mask, &action->sa_mask, MASK_BYTES);
	}
	r = gev__sys(SYS_rt_sigaction, signum, action ? &to : NULL,
		old ? &from : NULL, MASK_BYTES);
	if (r == 0 && old) {
		gev__zero(old, sizeof(*old));
		old->sa_handler = from.handler;
		old->sa_flags = from.flags;
		old->sa_restorer = from.restorer;
		gev__copy(&old->sa_mask, &from.mask, MASK_BYTES);
	}
	return r;
}

#else

#include <errno.h>

bool gev__is_own_handler(const struct gev__sigaction *action)
{
	(void)action;
	return false;
}

long gev__sigaction(int signum, const struct sigaction *action,
	struct sigaction *old)
{
	return sigaction(signum, action, old) < 0 ? -errno : 0;
}

#endif

int gev__wait_status(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return info->si_status | WCOREFLAG;
	default:
		return info->si_status;
	}
}
