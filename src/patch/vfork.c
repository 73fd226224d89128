/* SPDX-License-Identifier: MIT */
/*
 * A child of vfork() runs on its parent's memory, gev's included, with
 * descriptors of its own: what it closes is none of the hub's business.
 * posix_spawn(), popen() and system() make such children.  The parent's thread
 * stands still until the child is gone, so what it noted before holds until
 * somebody with its own process id comes by.
 */
#include "patch/handlers.h"
#include "patch/futex.h"
#include <sched.h>
#include "base/sys.h"

static _Thread_local long parent
	__attribute__((tls_model("initial-exec")));

/* Whose memory this is; 0: a child that borrows it makes itself known. */
static long owner;

long gev__patch_note_vfork(uint64_t flags)
{
	if ((flags & (CLONE_VM | CLONE_VFORK)) == (CLONE_VM | CLONE_VFORK))
		parent = gev__sys_raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
	if (flags & CLONE_THREAD)
		atomic_store(&gev__futex_strangers, true);
	return GEV__PASS;
}

void gev__patch_expect_vfork(void)
{
	owner = gev__sys_raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

void gev__patch_forked(void)
{
	if (owner)
		gev__patch_expect_vfork();
}

bool gev__patch_in_vfork(void)
{
	if (owner && owner != gev__sys_raw(SYS_getpid, 0, 0, 0, 0, 0, 0))
		return true;
	if (__builtin_expect(!parent, 1))
		return false;
	if (parent != gev__sys_raw(SYS_getpid, 0, 0, 0, 0, 0, 0))
		return true;
	parent = 0;
	return false;
}

bool gev__patch_follows(long nr)
{
#ifdef SYS_vfork
	if (nr == SYS_vfork)
		return true;
#endif
	return nr == SYS_clone || nr == SYS_clone3;
}

long gev__patch_vfork(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	(void)a;
	return gev__patch_note_vfork(CLONE_VM | CLONE_VFORK);
}
